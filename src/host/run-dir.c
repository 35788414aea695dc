/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/run-dir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"

/* Not flock(2): a worker that is left behind in the kernel would hold that lock for ever. */
static int take_lock(int fd, unsigned wait_ms)
{
        const int64_t end = clock_ms() + wait_ms;
        const struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        while (fcntl(fd, F_SETLK, &lock) < 0) {
                if (errno != EAGAIN && errno != EACCES && errno != EINTR)
                        return -errno;
                if (clock_ms() >= end)
                        return -EBUSY;
                clock_pause_ms(50);
        }
        return 0;
}

/* Opening must not wait for the other end of a FIFO. */
static int open_lock(int directory)
{
        const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        _cleanup_close_ int fd = openat(directory, "lock", flags, 0600);
        struct stat st = {0};

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EISNAM;
}

static const char *folder_trouble(int error)
{
        switch (error) {
        case -ENOTDIR:
                return "it is a link or a file, not a folder: remove it";
        case -EPERM:
                return "it belongs to somebody else, or others can write to it: remove it, and "
                       "find out "
                       "who made it";
        default:
                return strerror(-error);
        }
}

static const char *lock_trouble(int error)
{
        switch (error) {
        case -ELOOP:
        case -EISDIR:
        case -EISNAM:
        case -ENXIO:
                return "its `lock` is no file: remove that";
        case -EBUSY:
                return "it is locked: another vfio-gpu is at work on this machine, and does not "
                       "end";
        default:
                return strerror(-error);
        }
}

int run_dir_open(const Root *root, unsigned wait_ms, RunDir *ret, const char **reterr_trouble)
{
        _cleanup_close_ int fd = file_open_own_folder(root->fd, RUN_DIR);
        _cleanup_close_ int lock_fd = -EBADF;

        if (fd < 0) {
                *reterr_trouble = folder_trouble(fd);
                return fd;
        }
        lock_fd = open_lock(fd);

        int r = lock_fd < 0 ? lock_fd : take_lock(lock_fd, wait_ms);
        if (r < 0) {
                *reterr_trouble = lock_trouble(r);
                return r;
        }
        *ret = (RunDir){.fd = TAKE_FD(fd), .lock_fd = TAKE_FD(lock_fd)};
        return 0;
}

void run_dir_done(RunDir *dir)
{
        closep(&dir->fd);
        closep(&dir->lock_fd);
        *dir = RUN_DIR_NULL;
}

int run_dir_write(const RunDir *dir, const char *name, const char *text)
{
        return file_replace_at(dir->fd, name, text, 0644);
}
