/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into the program below valgrind.
 *
 * A valgrind that does not know openat2(2) (before 3.22) is helped out by openat(2); links that
 * lead out of the root, or say where by an absolute path, lead astray then. And one that does not
 * tell of files that are closed twice (before 3.21): the program aborts.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef long (*Syscall)(long number, ...);

static long open_instead(int fd, const char *path, const struct open_how *how)
{
        while (how->resolve & RESOLVE_IN_ROOT && *path == '/')
                path++;
        return openat(fd, *path ? path : ".", (int)how->flags, (mode_t)how->mode);
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
