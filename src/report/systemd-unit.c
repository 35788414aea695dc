/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/systemd-unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "report/bus-library.h"

#define SYSTEMD   "org.freedesktop.systemd1"
#define MANAGER   "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Unit"

bool systemd_unit_is_over(const SystemdUnit *unit)
{
        static const char *const at_work[] = {
                "activating", "deactivating", "reloading", "refreshing", "maintenance"};

        for (size_t i = 0; i < ARRAY_SIZE(at_work); i++)
                if (strcmp(unit->active_state, at_work[i]) == 0)
                        return false;
        return !unit->has_job;
}

/* A connection, and the library that it is made with. */
typedef struct Bus {
        BusLibrary lib;
        sd_bus *bus;
} Bus;

static void bus_done(Bus *b)
{
        if (b->bus)
                b->lib.sd_bus_flush_close_unref(b->bus);
}

/* Root's own way, as systemctl goes it: where there is no D-Bus, or not yet. */
static int open_private(Bus *b)
{
        int r = b->lib.sd_bus_new(&b->bus);

        if (r >= 0)
                r = b->lib.sd_bus_set_address(b->bus, "unix:path=/run/systemd/private");
        if (r >= 0)
                r = b->lib.sd_bus_start(b->bus);
        if (r < 0 && b->bus)
                b->bus = b->lib.sd_bus_flush_close_unref(b->bus);
        return r;
}

static int open_bus(Bus *b)
{
        int r = bus_library_load(&b->lib);

        if (r < 0)
                return -ELIBACC;
        r = geteuid() == 0 ? open_private(b) : -EACCES;
        return r < 0 ? b->lib.sd_bus_open_system(&b->bus) : r;
}

/* What is to happen is asked for last: a unit that begins in between has a job by then. */
static int is_over(const Bus *b, const char *path)
{
        _cleanup_free_ char *state = NULL;
        sd_bus_message *job = NULL;
        uint32_t id = 0;
        int r = b->lib.sd_bus_get_property_string(
                b->bus, SYSTEMD, path, INTERFACE, "ActiveState", NULL, &state);

        if (r >= 0)
                r = b->lib.sd_bus_get_property(
                        b->bus, SYSTEMD, path, INTERFACE, "Job", NULL, &job, "(uo)");
        if (r >= 0)
                r = b->lib.sd_bus_message_read(job, "(uo)", &id, NULL);
        if (job)
                b->lib.sd_bus_message_unref(job);
        if (r < 0)
                return r;
        return systemd_unit_is_over(&(SystemdUnit){.active_state = state, .has_job = id != 0});
}

/* Of each question, also where no time is left to wait for more than one answer. */
static int set_timeout(const Bus *b, int64_t left_ms)
{
        return b->lib.sd_bus_set_method_call_timeout(
                b->bus, (uint64_t)(left_ms > 1000 ? left_ms : 1000) * 1000);
}

/* Before the first question, so that no answer is out of date without a word. */
static int listen_to(const Bus *b, const char *path)
{
        int r = b->lib.sd_bus_match_signal(b->bus, NULL, SYSTEMD, path,
                "org.freedesktop.DBus.Properties", "PropertiesChanged", NULL, NULL);

        if (r < 0)
                return r;
        return b->lib.sd_bus_call_method(
                b->bus, SYSTEMD, MANAGER, SYSTEMD ".Manager", "Subscribe", NULL, NULL, NULL);
}

static int wait_for_word(const Bus *b, int64_t wait_ms)
{
        int r = b->lib.sd_bus_wait(b->bus, (uint64_t)wait_ms * 1000);

        if (r == -EINTR) /* stopped by Ctrl-Z, and gone on */
                return 0;
        while (r > 0)
                r = b->lib.sd_bus_process(b->bus, NULL);
        return r;
}

/* sd_booted(3) */
static bool systemd_runs(void)
{
        return faccessat(AT_FDCWD, "/run/systemd/system/", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int systemd_unit_wait(const char *name, int64_t end)
{
        _cleanup_(bus_done) Bus b = {0};
        _cleanup_free_ char *path = NULL;
        int r = systemd_runs() ? open_bus(&b) : -ENOPKG;

        if (r >= 0)
                r = set_timeout(&b, end - clock_ms());
        if (r >= 0)
                r = b.lib.sd_bus_path_encode(MANAGER "/unit", name, &path);
        if (r >= 0)
                r = listen_to(&b, path);
        while (r >= 0) {
                int64_t left = end - clock_ms();
                int over = set_timeout(&b, left);

                if (over >= 0)
                        over = is_over(&b, path);
                if (over != 0 || left <= 0)
                        return over;
                r = wait_for_word(&b, left);
        }
        return r;
}
