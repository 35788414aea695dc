/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/await.h"

#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>

#include "base/clock.h"
#include "host/run-dir.h"

#define FOLDER "/" RUN_DIR

/* The folder may have to be made yet. It is looked for once more behind the watch for that: it may
 * have come in between. */
static int watch(int fd)
{
        const uint32_t files = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR;

        if (inotify_add_watch(fd, FOLDER, files) >= 0)
                return 0;
        if (errno != ENOENT || inotify_add_watch(fd, "/run", IN_CREATE | IN_ONLYDIR) < 0)
                return -errno;
        return inotify_add_watch(fd, FOLDER, files) >= 0 || errno == ENOENT ? 0 : -errno;
}

/* Until something happens; what, is looked for anew. */
static int wait_for_event(int fd, int64_t wait_ms)
{
        struct pollfd event = {.fd = fd, .events = POLLIN};
        char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

        if (poll(&event, 1, wait_ms > INT_MAX ? INT_MAX : (int)wait_ms) < 0 && errno != EINTR)
                return -errno;
        while (read(fd, buffer, sizeof(buffer)) > 0)
                ;
        return 0;
}

int await_run_file(const char *name, int64_t end)
{
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        char path[PATH_MAX];
        int r = fd < 0 ? -errno : 0;

        snprintf(path, sizeof(path), FOLDER "/%s", name);
        while (r >= 0) {
                int64_t left = end - clock_ms();

                r = watch(fd);
                if (r < 0 || access(path, F_OK) == 0)
                        return r < 0 ? r : 1;
                if (left <= 0)
                        return 0;
                r = wait_for_event(fd, left);
        }
        return r;
}
