/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/systemd-unit.h"

#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"

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

/* Root's own way, as systemctl goes it: where there is no D-Bus, or not yet. */
static int open_private(sd_bus **ret)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        if (r >= 0)
                r = sd_bus_set_address(bus, "unix:path=/run/systemd/private");
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

static int open_bus(sd_bus **ret)
{
        int r = geteuid() == 0 ? open_private(ret) : -EACCES;

        return r < 0 ? sd_bus_open_system(ret) : r;
}

/* What is to happen is asked for last: a unit that begins in between has a job by then. */
static int is_over(sd_bus *bus, const char *path)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *job = NULL;
        _cleanup_free_ char *state = NULL;
        uint32_t id = 0;
        int r = sd_bus_get_property_string(
                bus, SYSTEMD, path, INTERFACE, "ActiveState", NULL, &state);

        if (r >= 0)
                r = sd_bus_get_property(bus, SYSTEMD, path, INTERFACE, "Job", NULL, &job, "(uo)");
        if (r >= 0)
                r = sd_bus_message_read(job, "(uo)", &id, NULL);
        if (r < 0)
                return r;
        return systemd_unit_is_over(&(SystemdUnit){.active_state = state, .has_job = id != 0});
}

/* Of each question, also where no time is left to wait for more than one answer. */
static int set_timeout(sd_bus *bus, int64_t left_ms)
{
        return sd_bus_set_method_call_timeout(
                bus, (uint64_t)(left_ms > 1000 ? left_ms : 1000) * 1000);
}

/* Before the first question, so that no answer is out of date without a word. */
static int listen_to(sd_bus *bus, const char *path)
{
        int r = sd_bus_match_signal(bus, NULL, SYSTEMD, path, "org.freedesktop.DBus.Properties",
                "PropertiesChanged", NULL, NULL);

        if (r < 0)
                return r;
        return sd_bus_call_method(
                bus, SYSTEMD, MANAGER, SYSTEMD ".Manager", "Subscribe", NULL, NULL, NULL);
}

static int wait_for_word(sd_bus *bus, int64_t wait_ms)
{
        int r = sd_bus_wait(bus, (uint64_t)wait_ms * 1000);

        if (r == -EINTR) /* stopped by Ctrl-Z, and gone on */
                return 0;
        while (r > 0)
                r = sd_bus_process(bus, NULL);
        return r;
}

int systemd_unit_wait(const char *name, int64_t end)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_free_ char *path = NULL;
        int r = sd_booted() > 0 ? open_bus(&bus) : -ENOPKG;

        if (r >= 0)
                r = set_timeout(bus, end - clock_ms());
        if (r >= 0)
                r = sd_bus_path_encode(MANAGER "/unit", name, &path);
        if (r >= 0)
                r = listen_to(bus, path);
        while (r >= 0) {
                int64_t left = end - clock_ms();
                int over = set_timeout(bus, left);

                if (over >= 0)
                        over = is_over(bus, path);
                if (over != 0 || left <= 0)
                        return over;
                r = wait_for_word(bus, left);
        }
        return r;
}
