/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/run-dir.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"

/* With it the longest run still ends within the unit's own limit: see verb-apply.c. */
#define LOCK_WAIT_MS 5000

/* Not flock(2): a worker that is left behind in the kernel would hold that lock for ever. */
static int take_lock(int fd)
{
        const int64_t end = clock_ms() + LOCK_WAIT_MS;
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

int run_dir_open(const Root *root, RunDir *ret)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_close_ int lock_fd = -EBADF;

        bool made = mkdirat(root->fd, RUN_DIR, 0755) == 0;
        if (!made && errno != EEXIST)
                return -errno;
        fd = openat(root->fd, RUN_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        /* readers are promised what lies in it, whatever the umask */
        if (made && fchmod(fd, 0755) < 0)
                return -errno;
        lock_fd = openat(fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (lock_fd < 0)
                return -errno;

        int r = take_lock(lock_fd);
        if (r < 0)
                return r;
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
