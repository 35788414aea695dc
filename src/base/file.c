/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* What is below /proc/sys refuses to be read in pieces of KMALLOC_MAX_SIZE, 4 MiB, and more
 * (fs/proc/proc_sysctl.c). */
#define READ_MAX ((size_t)1024 * 1024)

ssize_t file_read_up_to(int fd, char *buffer, size_t size)
{
        size_t length = 0;

        while (length < size) {
                size_t left = size - length;
                ssize_t n = read(fd, buffer + length, left < READ_MAX ? left : READ_MAX);

                if (n == 0)
                        break;
                if (n > 0)
                        length += (size_t)n;
                else if (errno != EINTR)
                        return -errno;
        }
        return (ssize_t)length;
}

int file_write(int fd, const char *data, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0) {
                        data += n;
                        size -= (size_t)n;
                }
        }
        return 0;
}

static int open_new(int dir_fd, const char *name, mode_t mode)
{
        _cleanup_close_ int fd =
                openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

        if (fd < 0)
                return -errno;
        /* the mode is a promise to readers, whatever the umask */
        return fchmod(fd, mode) < 0 ? -errno : TAKE_FD(fd);
}

int file_begin_at(int dir_fd, const char *name, mode_t mode, char **ret_temporary)
{
        _cleanup_free_ char *temporary = NULL;

        if (asprintf(&temporary, ".%s.new", name) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        /* left behind by a run that was killed */
        if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
                return -errno;

        int fd = open_new(dir_fd, temporary, mode);
        if (fd < 0)
                (void)unlinkat(dir_fd, temporary, 0);
        else
                *ret_temporary = TAKE_PTR(temporary);
        return fd;
}

/* Unlike rename(2), link(2) never replaces anything. */
static int name_it(int dir_fd, const char *temporary, const char *name, bool replace)
{
        int r = replace ? renameat(dir_fd, temporary, dir_fd, name)
                        : linkat(dir_fd, temporary, dir_fd, name, 0);

        return r < 0 ? -errno : 0;
}

int file_commit_at(int dir_fd, int fd, const char *temporary, const char *name, bool replace)
{
        /* what has its name already must not be empty after a power cut */
        int r = fsync(fd) < 0 ? -errno : name_it(dir_fd, temporary, name, replace);

        if (r < 0 || !replace)
                (void)unlinkat(dir_fd, temporary, 0);
        return r;
}

static int write_whole(int dir_fd, const char *name, const char *text, mode_t mode, bool replace)
{
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int fd = file_begin_at(dir_fd, name, mode, &temporary);

        if (fd < 0)
                return fd;

        int r = file_write(fd, text, strlen(text));
        if (r < 0) {
                (void)unlinkat(dir_fd, temporary, 0);
                return r;
        }
        return file_commit_at(dir_fd, fd, temporary, name, replace);
}

int file_create_at(int dir_fd, const char *name, const char *text, mode_t mode)
{
        return write_whole(dir_fd, name, text, mode, false);
}

int file_replace_at(int dir_fd, const char *name, const char *text, mode_t mode)
{
        return write_whole(dir_fd, name, text, mode, true);
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
