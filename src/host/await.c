/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/await.h"

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <sys/stat.h>

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

/* When what stands at `path`, a link itself, was last changed. False: nothing stands there. */
static bool changed(const char *path, struct timespec *ret)
{
        struct stat st = {0};

        if (lstat(path, &st) < 0)
                return false;
        *ret = st.st_ctim;
        return true;
}

static bool is_older(struct timespec a, struct timespec b)
{
        return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

/*
 * The kernel boots once, and systemd may start more often: it makes its socket anew when it comes
 * from the initramfs and when it reboots softly, but also for `systemctl daemon-reexec`, which the
 * unit does not notice. What it keeps for a unit from its start to its stop then tells that the
 * report is of this run. status.json is the last thing that a run writes, also where it has nothing
 * to say of its stage that would be worth more than what is there.
 */
static bool has_ended(void)
{
        struct timespec report = {0}, stage = {0}, manager = {0}, unit = {0};

        if (!changed(FOLDER "/system.json", &stage) || !changed(FOLDER "/status.json", &report))
                return false;
        if (!changed("/run/systemd/private", &manager) || !is_older(report, manager))
                return true;
        return changed("/run/systemd/units/invocation:vfio-gpu.service", &unit) &&
               !is_older(report, unit);
}

int await_system_stage(int64_t end)
{
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        int r = fd < 0 ? -errno : 0;

        while (r >= 0) {
                int64_t left = end - clock_ms();

                r = watch(fd);
                if (r < 0 || has_ended())
                        return r < 0 ? r : 1;
                if (left <= 0)
                        return 0;
                r = wait_for_event(fd, left);
        }
        return r;
}
