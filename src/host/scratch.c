/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scratch.h"

#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define OPEN_FOLDERS 16 /* that nftw(3) keeps; deeper ones cost time alone */

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
        _unused_ struct FTW *ftw)
{
        (void)remove(path);
        return 0;
}

static void remove_all(const char *path)
{
        (void)nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static char *make_folder(void)
{
        const char *parent = getenv("TMPDIR");
        char *path = NULL;

        if (asprintf(&path, "%s/vfio-gpu-XXXXXX", parent && *parent == '/' ? parent : "/tmp") < 0) {
                errno = ENOMEM;
                return NULL;
        }
        if (!mkdtemp(path)) {
                free(path);
                return NULL;
        }
        return path;
}

/* With all signals blocked: what ends the others of its terminal does not end it. It holds nothing
 * that others wait for. */
static __attribute__((noreturn)) void wait_and_remove(
        const char *path, const sigset_t *signals, pid_t parent)
{
        (void)close_range(0, ~0u, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGUSR1);
        while (getppid() == parent) {
                int signal = 0;

                (void)sigwait(signals, &signal);
        }
        remove_all(path);
        _exit(0);
}

static int make(Scratch *scratch, const sigset_t *signals)
{
        const pid_t parent = getpid();

        scratch->path = make_folder();
        if (!scratch->path)
                return -errno;
        scratch->janitor = fork();
        if (scratch->janitor < 0)
                return -errno;
        if (scratch->janitor == 0)
                wait_and_remove(scratch->path, signals, parent);
        return 0;
}

int scratch_new(Scratch **ret)
{
        _cleanup_(scratch_freep) Scratch *scratch = calloc(1, sizeof(*scratch));
        sigset_t all, before;

        if (!scratch)
                return -ENOMEM;
        /* a signal must not end this process between the folder and the janitor */
        sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, &before);

        int r = make(scratch, &all);

        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(scratch);
        return 0;
}

void scratch_free(Scratch *scratch)
{
        if (scratch->path)
                remove_all(scratch->path);
        if (scratch->janitor > 0) {
                (void)kill(scratch->janitor, SIGKILL);
                (void)waitpid(scratch->janitor, NULL, 0);
        }
        free(scratch->path);
        free(scratch);
}
