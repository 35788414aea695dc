/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into the program below valgrind.
 *
 * A valgrind that does not know openat2(2) (before 3.22) is helped out by a walk along the path.
 * One that does not tell of files that are closed twice (before 3.21): the program aborts. And one
 * that needs a folder for temporary files is not sent where the program is (tests/valgrind/run):
 * what is meant for the program is in PROGRAM_TMPDIR.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef long (*Syscall)(long number, ...);

static int fail(int error)
{
        errno = error;
        return -1;
}

/* Goes on in a folder; its file descriptor takes the place of the old one. */
static int enter(int *at, int fd)
{
        if (fd < 0)
                return -1;
        close(*at);
        *at = fd;
        return 0;
}

static int enter_root(int root, int *at)
{
        return enter(at, openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static int leave(int root, int *at, const struct open_how *how)
{
        struct stat top, here;

        if (fstat(root, &top) < 0 || fstat(*at, &here) < 0)
                return -1;
        if (top.st_dev != here.st_dev || top.st_ino != here.st_ino)
                return enter(at, openat(*at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
        return how->resolve & RESOLVE_BENEATH ? fail(EXDEV) : 0;
}

/* Puts the target of a link before what is left of the path. */
static int follow(int root, int *at, const char *target, char rest[static PATH_MAX],
        const struct open_how *how)
{
        char path[PATH_MAX];

        if (how->resolve & RESOLVE_NO_SYMLINKS)
                return fail(ELOOP);
        if (snprintf(path, sizeof(path), "%s/%s", target, rest) >= (int)sizeof(path))
                return fail(ENAMETOOLONG);
        strcpy(rest, path);
        if (*target != '/')
                return 0;
        return how->resolve & RESOLVE_BENEATH ? fail(EXDEV) : enter_root(root, at);
}

/* The file descriptor; or -2, when there is more of the path. */
static int go_one_on(int root, int *at, char rest[static PATH_MAX], const struct open_how *how)
{
        char name[PATH_MAX], target[PATH_MAX];
        size_t n = strcspn(rest, "/"), skip = n + strspn(rest + n, "/");
        bool last = rest[skip] == '\0';
        ssize_t length;

        snprintf(name, sizeof(name), "%.*s", (int)n, rest);
        memmove(rest, rest + skip, strlen(rest + skip) + 1);
        if (strcmp(name, "..") == 0) {
                if (leave(root, at, how) < 0)
                        return -1;
                strcpy(name, ".");
        }
        length = last && how->flags & O_NOFOLLOW ? -1 : readlinkat(*at, name, target, PATH_MAX - 1);
        if (length >= 0) {
                target[length] = '\0';
                return follow(root, at, target, rest, how) < 0 ? -1 : -2;
        }
        if (last)
                return openat(*at, name, (int)how->flags, (mode_t)how->mode);
        return enter(at, openat(*at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 ? -1
                                                                                               : -2;
}

/* What openat2(2) does, for what the program asks of it. */
static int open_instead(int root, const char *path, const struct open_how *how)
{
        char rest[PATH_MAX];
        int at = -1, fd = -2, error;

        if (*path == '/' && how->resolve & RESOLVE_BENEATH)
                return fail(EXDEV);
        path += strspn(path, "/");
        if (strlen(path) >= sizeof(rest))
                return fail(ENAMETOOLONG);
        strcpy(rest, *path ? path : ".");
        at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (at < 0)
                return -1;
        for (int steps = 0; fd == -2; steps++)
                fd = steps < PATH_MAX ? go_one_on(root, &at, rest, how) : fail(ELOOP);
        error = errno;
        close(at);
        errno = error;
        return fd;
}

/* Not in valgrind's own front, into which this is preloaded as well: valgrind adds to the list. */
__attribute__((constructor)) static void give_folder_back(void)
{
        const char *folder = getenv("PROGRAM_TMPDIR"), *preloaded = getenv("LD_PRELOAD");

        if (!folder || !preloaded || !strstr(preloaded, "vgpreload"))
                return;
        setenv("TMPDIR", folder, 1);
        unsetenv("PROGRAM_TMPDIR");
}

long syscall(long number, ...)
{
        static bool unknown;
        Syscall real = (Syscall)dlsym(RTLD_NEXT, "syscall");
        va_list args;
        long a[6], r = -1;

        va_start(args, number);
        for (size_t i = 0; i < 6; i++)
                a[i] = va_arg(args, long);
        va_end(args);

        if (number != SYS_openat2 || !unknown) {
                r = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
                unknown = number == SYS_openat2 && r < 0 && errno == ENOSYS;
        }
        if (number != SYS_openat2 || !unknown)
                return r;
        return open_instead((int)a[0], (const char *)a[1], (const struct open_how *)a[2]);
}

int close(int fd)
{
        static int (*real)(int fd);

        if (!real)
                real = (int (*)(int))dlsym(RTLD_NEXT, "close");

        int r = real(fd);
        if (r < 0 && errno == EBADF)
                abort();
        return r;
}
