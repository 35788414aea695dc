/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

ssize_t file_read_up_to(int fd, char *buffer, size_t size)
{
        size_t length = 0;

        while (length < size) {
                ssize_t n = read(fd, buffer + length, size - length);

                if (n == 0)
                        break;
                if (n > 0)
                        length += (size_t)n;
                else if (errno != EINTR)
                        return -errno;
        }
        return (ssize_t)length;
}

static int write_all(int fd, const char *text)
{
        for (size_t left = strlen(text); left > 0;) {
                ssize_t n = write(fd, text, left);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0) {
                        text += n;
                        left -= (size_t)n;
                }
        }
        return 0;
}

static int write_new(int dir_fd, const char *name, const char *text, mode_t mode)
{
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

        if (fd < 0)
                return -errno;
        /* the mode is a promise to readers, whatever the umask */
        if (fchmod(fd, mode) < 0)
                return -errno;

        int r = write_all(fd, text);
        /* what has its name already must not be empty after a power cut */
        return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* Writes the whole beside `name`, under another one. */
static int write_temporary(int dir_fd, const char *name, const char *text, mode_t mode, char **ret)
{
        _cleanup_free_ char *temporary = NULL;

        if (asprintf(&temporary, ".%s.new", name) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        /* left behind by a run that was killed */
        if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
                return -errno;

        int r = write_new(dir_fd, temporary, text, mode);
        if (r < 0) {
                (void)unlinkat(dir_fd, temporary, 0);
                return r;
        }
        *ret = TAKE_PTR(temporary);
        return 0;
}

int file_create_at(int dir_fd, const char *name, const char *text, mode_t mode)
{
        _cleanup_free_ char *temporary = NULL;
        int r = write_temporary(dir_fd, name, text, mode, &temporary);

        if (r < 0)
                return r;
        /* unlike rename(2), it never replaces anything */
        if (linkat(dir_fd, temporary, dir_fd, name, 0) < 0)
                r = -errno;
        (void)unlinkat(dir_fd, temporary, 0);
        return r;
}

int file_replace_at(int dir_fd, const char *name, const char *text, mode_t mode)
{
        _cleanup_free_ char *temporary = NULL;
        int r = write_temporary(dir_fd, name, text, mode, &temporary);

        if (r < 0)
                return r;
        if (renameat(dir_fd, temporary, dir_fd, name) < 0)
                r = -errno;
        if (r < 0)
                (void)unlinkat(dir_fd, temporary, 0);
        return r;
}

int file_open_own_folder(int dir_fd, const char *path)
{
        bool made = mkdirat(dir_fd, path, 0755) == 0;
        _cleanup_close_ int fd = -EBADF;
        struct stat st = {0};

        if (!made && errno != EEXIST)
                return -errno;
        fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (made && fchmod(fd, 0755) < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
                return -EPERM;
        return TAKE_FD(fd);
}
