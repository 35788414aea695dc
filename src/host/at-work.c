/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/at-work.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "host/stuck-line.h"

#define AT_WORK_FILE "at-work"
#define AT_WORK_MAX  ((size_t)64 * 1024)

/* For workers that were killed with their run to be gone, and for another that looks. */
#define LOCK_MS 300

static int lock(int fd, int operation)
{
        const int64_t end = clock_ms() + LOCK_MS;

        while (flock(fd, operation | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return -errno;
                if (clock_ms() >= end)
                        return -EBUSY;
                clock_pause_ms(10);
        }
        return 0;
}

/* A lock that workers do not inherit: it ends with the run itself. */
static int lock_as_run(int fd)
{
        const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        return fcntl(fd, F_SETLK, &whole) < 0 ? -errno : 0;
}

static bool run_is_there(int fd)
{
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        return fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

static bool is_left_behind(int fd)
{
        return !run_is_there(fd) && lock(fd, LOCK_EX) == -EBUSY;
}

static bool stands_before(const Step *steps, size_t i)
{
        for (size_t k = 0; k < i; k++)
                if (steps[k].claim >= 0 &&
                        pci_address_compare(steps[k].address, steps[i].address) == 0)
                        return true;
        return false;
}

static const char *list_functions(Stage stage, const Step *steps, size_t n_steps, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < n_steps; i++)
                if (steps[i].claim >= 0 && !stands_before(steps, i))
                        text_add(&text, "%s %d %s\n", PCI_ADDRESS(steps[i].address), (int)getpid(),
                                stuck_line_stage(stage));
        return text.string;
}

/* What a killed run has left there stays: its workers hold the lock of the same file. */
static int begin(AtWork *at_work, const char *text)
{
        struct stat st = {0};

        if (fstat(at_work->fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EISNAM;
        at_work->before = st.st_size;

        int r = lock_as_run(at_work->fd);
        if (r == 0)
                r = lock(at_work->fd, LOCK_SH);
        return r == 0 ? file_write(at_work->fd, text, strlen(text)) : r;
}

int at_work_begin(const RunDir *dir, Stage stage, const Step *steps, size_t n_steps, AtWork *ret)
{
        /* root's alone: whoever could open it could lock it */
        const int flags =
                O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const char *text = arena ? list_functions(stage, steps, n_steps, arena) : NULL;

        *ret = AT_WORK_NULL;
        if (!arena || arena_failed(arena))
                return -ENOMEM;
        if (!*text)
                return 0;
        ret->fd = openat(dir->fd, AT_WORK_FILE, flags, 0600);
        return ret->fd < 0 ? -errno : begin(ret, text);
}

void at_work_end(const RunDir *dir, AtWork *at_work)
{
        if (at_work->fd < 0)
                return;
        if (at_work->before > 0)
                (void)ftruncate(at_work->fd, at_work->before);
        else
                (void)unlinkat(dir->fd, AT_WORK_FILE, 0);
        closep(&at_work->fd);
}

int at_work_forget(const Root *root, const RunDir *dir, const Ops *ops)
{
        const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        _cleanup_close_ int fd = openat(dir->fd, AT_WORK_FILE, flags);
        _cleanup_free_ char *text = NULL;
        StuckLine line = {0};

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!root->real || is_left_behind(fd))
                return 0;

        int r = directory_read(dir->fd, AT_WORK_FILE, AT_WORK_MAX, &text);
        if (r < 0)
                return r;
        for (char *rest = text, *one; (one = strsep(&rest, "\n"));)
                if (stuck_line_parse(one, &line))
                        (void)ops->set_readable(ops->context, line.address, true);
        return unlinkat(dir->fd, AT_WORK_FILE, 0) < 0 ? -errno : 0;
}

/* Of another machine nobody knows who holds a lock there. */
void at_work_mark(const Root *root, Host *host)
{
        const char path[] = RUN_DIR "/" AT_WORK_FILE;
        const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        _cleanup_close_ int fd = root->real ? root_open_file(root, path, flags) : -ENOENT;
        _cleanup_free_ char *text = NULL;
        StuckLine line = {0};

        if (fd < 0 || !is_left_behind(fd) || root_read(root, path, AT_WORK_MAX, &text) < 0)
                return;
        for (char *rest = text, *one; (one = strsep(&rest, "\n"));)
                if (stuck_line_parse(one, &line))
                        stuck_line_mark(host, line.address,
                                arena_printf(host->arena,
                                        "what is left of process %d of the %s stage", line.process,
                                        line.stage));
}
