/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sim-core.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* driver_override is shown in one page. */
#define OVERRIDE_MAX 4095

typedef struct Call Call;

typedef int (*Work)(SimCore *core, const Call *call);

struct Call {
        PciAddress address;
        const char *name;
        size_t driver, device; /* of a probe that goes on behind a load */
        unsigned count;        /* of VFs */
};

void sim_core_lock(SimCore *core)
{
        /* who was killed had the locks of the devices that he was at, too */
        if (!sim_lock_take(&core->lock))
                for (size_t i = 0; i < ARRAY_SIZE(core->holds); i++)
                        core->holds[i].locked = false;
}

void sim_core_unlock(SimCore *core)
{
        sim_lock_leave(&core->lock);
}

void sim_core_end(SimCore *core)
{
        for (size_t i = 0; i < SIM_THREADS; i++)
                if (core->threads[i] > 0)
                        (void)kill(core->threads[i], SIGKILL);
}

/* Lets others do something; what hangs does not outlive the test. */
static void breathe(SimCore *core)
{
        sim_core_unlock(core);
        clock_pause_ms(1);
        if (kill(core->owner, 0) < 0)
                _exit(0);
        sim_core_lock(core);
}

static void set_thread(SimCore *core, pid_t from, pid_t to)
{
        for (size_t i = 0; i < SIM_THREADS; i++)
                if (core->threads[i] == from) {
                        core->threads[i] = to;
                        return;
                }
}

/* Does the work in a process that nobody waits for who is killed, and that holds no file open. */
static _Noreturn void be_thread(SimCore *core, Work work, const Call *call)
{
        (void)close_range(0, ~0U, 0);
        sim_core_lock(core);
        set_thread(core, 0, getpid());

        int r = work(core, call);
        set_thread(core, getpid(), 0);
        sim_core_unlock(core);
        _exit(-r);
}

static int run(SimCore *core, Work work, const Call *call)
{
        int status = 0;

        if (!core->takes_time) {
                sim_core_lock(core);
                int r = work(core, call);
                sim_core_unlock(core);
                return r;
        }

        pid_t pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                be_thread(core, work, call);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static SimHold *hold_of(SimCore *core, const SimDevice *device)
{
        return &core->holds[device - core->bus.devices];
}

static SimMood *mood_of(SimCore *core, const SimDriver *driver)
{
        return &core->moods[driver - core->bus.drivers];
}

static void lock_device(SimCore *core, const SimDevice *device)
{
        while (hold_of(core, device)->locked)
                breathe(core);
        hold_of(core, device)->locked = true;
}

static void unlock_device(SimCore *core, const SimDevice *device)
{
        hold_of(core, device)->locked = false;
}

static bool is_named(const char *places, const SimDevice *device)
{
        return strcmp(places, "all") == 0 || strstr(places, PCI_ADDRESS(device->address));
}

static void spend(SimCore *core, unsigned ms, bool for_ever)
{
        const int64_t end = clock_ms() + ms / (core->speed ? core->speed : 1);

        while (for_ever || clock_ms() < end)
                breathe(core);
}

static bool matches(const SimCore *core, const SimDriver *driver, const SimDevice *device)
{
        SimDevice free = *device;

        if (core->bent == SIM_RULE_OVERRIDE && strcmp(free.override, driver->name) != 0)
                *free.override = '\0';
        return sim_bus_matches(driver, &free);
}

/* really_probe() of drivers/base/dd.c. The device is locked. */
static int really_probe(SimCore *core, const SimDriver *driver, SimDevice *device)
{
        const SimMood *mood = mood_of(core, driver);

        strcpy(device->driver, driver->name);
        hold_of(core, device)->unlinked = core->bent == SIM_RULE_LINK;
        spend(core, mood->slow_ms, is_named(mood->hang, device));
        hold_of(core, device)->unlinked = false;
        if (!is_named(mood->fail, device))
                return sim_bus_probe(driver, device, core->bent != SIM_RULE_GROUP);
        *device->driver = '\0';
        return -mood->fail_errno;
}

/* __device_release_driver() of drivers/base/dd.c. The device is locked. */
static void let_go(SimCore *core, SimDevice *device)
{
        const SimDriver *driver = sim_bus_driver(&core->bus, device->driver);

        if (!driver)
                return;
        hold_of(core, device)->unlinked = core->bent != SIM_RULE_REMOVED_LINK;
        device->vfio = false;
        spend(core, 0, is_named(mood_of(core, driver)->stuck, device));
        *device->driver = '\0';
        hold_of(core, device)->unlinked = false;
}

/* pci_iov_remove_virtfn() of drivers/pci/iov.c */
static void end_vfs(SimCore *core, SimDevice *pf)
{
        for (size_t i = 0; i < core->bus.n_devices; i++) {
                SimDevice *device = &core->bus.devices[i];

                if (device->gone || !sim_bus_is_vf_of(device, pf))
                        continue;
                lock_device(core, device);
                let_go(core, device);
                device->gone = true;
                unlock_device(core, device);
        }
        pf->enabled_vfs = 0;
}

/* With the VFs, unless the driver leaves them. The device is locked. */
static void release(SimCore *core, SimDevice *device)
{
        if (device->enabled_vfs && sim_bus_vfs_of(&core->bus, device) == SIM_VFS_END)
                end_vfs(core, device);
        let_go(core, device);
}

/* driver_set_override() of drivers/base/driver.c */
static int override(SimCore *core, const Call *call)
{
        SimDevice *device = sim_bus_device(&core->bus, call->address);

        if (!device)
                return -ENOENT;
        if (strlen(call->name) >= OVERRIDE_MAX)
                return -EINVAL;
        if (core->override_waits)
                lock_device(core, device);
        snprintf(device->override, sizeof(device->override), "%s", call->name);
        if (core->override_waits)
                unlock_device(core, device);
        return 0;
}

int sim_core_override(SimCore *core, PciAddress address, const char *driver)
{
        return run(core, override, &(Call){.address = address, .name = driver});
}

int sim_core_read_override(SimCore *core, PciAddress address, char *text, size_t size)
{
        sim_core_lock(core);

        const SimDevice *device = sim_bus_device(&core->bus, address);
        while (device && core->override_waits && hold_of(core, device)->locked)
                breathe(core);
        if (device)
                snprintf(text, size, "%s", device->override);
        sim_core_unlock(core);
        return device ? 0 : -ENOENT;
}

/* bind_store() of drivers/base/bus.c: whether it matches is asked before the lock is taken. */
static int bind(SimCore *core, const Call *call)
{
        SimDevice *device = sim_bus_device(&core->bus, call->address);
        const SimDriver *driver = sim_bus_driver(&core->bus, call->name);

        if (!driver || (mood_of(core, driver)->attaching && core->bent != SIM_RULE_ATTACHING))
                return -ENOENT;
        if (!device || !matches(core, driver, device))
                return -ENODEV;
        lock_device(core, device);

        int r = device->gone                                     ? -ENODEV
                : *device->driver && core->bent != SIM_RULE_BUSY ? -EBUSY
                                                                 : 0;
        if (r == 0)
                r = really_probe(core, driver, device);
        unlock_device(core, device);
        return r;
}

int sim_core_bind(SimCore *core, PciAddress address, const char *driver)
{
        return run(core, bind, &(Call){.address = address, .name = driver});
}

/* unbind_store() of drivers/base/bus.c */
static int unbind(SimCore *core, const Call *call)
{
        SimDevice *device = sim_bus_device(&core->bus, call->address);
        const SimDriver *driver = sim_bus_driver(&core->bus, call->name);

        if (!driver || mood_of(core, driver)->attaching)
                return -ENOENT;
        if (!device || strcmp(device->driver, driver->name) != 0)
                return -ENODEV;
        lock_device(core, device);
        if (strcmp(device->driver, driver->name) == 0)
                release(core, device);
        unlock_device(core, device);
        return 0;
}

int sim_core_unbind(SimCore *core, PciAddress address, const char *driver)
{
        return run(core, unbind, &(Call){.address = address, .name = driver});
}

/* device_attach() of drivers/base/dd.c: the first driver that matches, in the order in which they
 * were registered, and whose probe succeeds. Returns what the last probe said. */
static int attach(SimCore *core, SimDevice *device)
{
        int r = 0;

        for (unsigned place = 1; place <= core->bus.n_registered && !*device->driver; place++) {
                const SimDriver *driver = sim_bus_driver_at(&core->bus,
                        core->bent == SIM_RULE_ORDER ? core->bus.n_registered + 1 - place : place);

                if (driver && matches(core, driver, device))
                        r = really_probe(core, driver, device);
        }
        return r;
}

/* drivers_probe_store() of drivers/base/bus.c, which looks for a driver before it takes the lock */
static int probe(SimCore *core, const Call *call)
{
        SimDevice *device = sim_bus_device(&core->bus, call->address);
        int r = 0;

        if (!device)
                return -ENODEV;
        if (*device->driver)
                return 0;
        lock_device(core, device);
        if (!*device->driver && !device->gone)
                r = attach(core, device);
        unlock_device(core, device);
        return core->bent == SIM_RULE_PROBE_SAYS ? r : 0;
}

int sim_core_probe(SimCore *core, PciAddress address)
{
        return run(core, probe, &(Call){.address = address});
}

/* What the table of operations makes of `bind` and drivers_probe. */
static int settle(SimCore *core, const Call *call)
{
        for (;;) {
                const SimDevice *device = sim_bus_device(&core->bus, call->address);
                const char *link = device ? sim_core_link(core, device) : NULL;
                const SimDriver *driver = link ? sim_bus_driver(&core->bus, link) : NULL;

                if (core->bent == SIM_RULE_SETTLED)
                        return device ? 0 : -ENODEV;
                if (!driver)
                        return probe(core, call);
                if (!mood_of(core, driver)->attaching) {
                        (void)bind(core, &(Call){.address = call->address, .name = driver->name});
                        return 0;
                }
                breathe(core);
        }
}

int sim_core_settle(SimCore *core, PciAddress address)
{
        return run(core, settle, &(Call){.address = address});
}

static void probe_locked(SimCore *core, const SimDriver *driver, SimDevice *device)
{
        lock_device(core, device);
        if (!*device->driver && !device->gone)
                (void)really_probe(core, driver, device);
        unlock_device(core, device);
}

/* The device has been locked, and given to the driver, by the load. */
static int probe_behind(SimCore *core, const Call *call)
{
        SimDevice *device = &core->bus.devices[call->device];

        (void)really_probe(core, &core->bus.drivers[call->driver], device);
        unlock_device(core, device);
        core->n_async--;
        return 0;
}

/* driver_attach() of drivers/base/dd.c */
static void attach_all(SimCore *core, const SimDriver *driver)
{
        for (size_t i = 0; i < core->bus.n_devices; i++) {
                SimDevice *device = &core->bus.devices[i];
                const Call call = {.driver = (size_t)(driver - core->bus.drivers), .device = i};

                if (device->gone || *device->driver || !matches(core, driver, device))
                        continue;
                if (!mood_of(core, driver)->async) {
                        core->n_probed++;
                        probe_locked(core, driver, device);
                        continue;
                }
                lock_device(core, device);
                if (*device->driver) {
                        unlock_device(core, device);
                        continue;
                }
                strcpy(device->driver, driver->name);
                core->n_async++;
                if (fork() == 0)
                        be_thread(core, probe_behind, &call);
        }
}

/* load_module() and do_init_module() of kernel/module/main.c: one that wants to probe behind the
 * load waits for nobody, any other waits for all who do. */
static int load(SimCore *core, const Call *call)
{
        SimDriver *driver = sim_bus_driver_of(&core->bus, call->name);
        SimMood *mood = mood_of(core, driver);

        while (mood->coming)
                breathe(core);
        if (driver->registered)
                return 0;
        mood->coming = mood->attaching = true;
        sim_bus_enlist(&core->bus, driver, "");
        attach_all(core, driver);
        mood->coming = mood->attaching = false;
        mood->waiting = true;
        while (!mood->async && core->n_async > 0 && core->bent != SIM_RULE_SYNC)
                breathe(core);
        mood->waiting = false;
        return 0;
}

/* Takes the parameters of a module that is going to be loaded; false: there is none. */
static bool take_options(SimCore *core, const char *module, const char *options)
{
        char text[320] = "";

        snprintf(text, sizeof(text), "%s %s",
                strcmp(core->module, module) == 0 ? core->module_options : "", options);
        sim_core_lock(core);

        SimDriver *driver = sim_bus_driver_of(&core->bus, module);
        if (driver && !driver->registered && !mood_of(core, driver)->coming) {
                SimMood *mood = mood_of(core, driver);

                *mood = sim_mood_read(text);
                if (mood->slow_ms || mood->async || *mood->hang || *mood->stuck)
                        core->takes_time = true;
                if (driver->vfio)
                        driver->vfs = mood->sriov ? SIM_VFS_END : SIM_VFS_NONE;
                if (core->bent != SIM_RULE_IDS)
                        sim_bus_set_ids(driver, text);
        }
        sim_core_unlock(core);
        return driver;
}

int sim_core_load(SimCore *core, const char *module, const char *options)
{
        if (!take_options(core, module, options))
                return -ENOENT;
        return run(core, load, &(Call){.name = module});
}

void sim_core_load_behind(SimCore *core, const char *module)
{
        const Call call = {.name = module};

        if (!take_options(core, module, ""))
                return;
        if (!core->takes_time)
                (void)run(core, load, &call);
        else if (fork() == 0)
                be_thread(core, load, &call);
}

/* delete_module(2), and driver_unregister() */
static int unload(SimCore *core, const Call *call)
{
        SimDriver *driver = sim_bus_driver_of(&core->bus, call->name);

        if (!driver || !driver->registered)
                return -ENOENT;
        if (mood_of(core, driver)->coming)
                return -EBUSY;
        if (mood_of(core, driver)->waiting)
                return -EAGAIN;
        for (size_t i = 0; i < core->bus.n_devices; i++) {
                SimDevice *device = &core->bus.devices[i];

                if (device->gone || strcmp(device->driver, driver->name) != 0)
                        continue;
                lock_device(core, device);
                release(core, device);
                unlock_device(core, device);
        }
        driver->registered = 0;
        driver->n_ids = 0;
        return 0;
}

int sim_core_unload(SimCore *core, const char *module)
{
        return run(core, unload, &(Call){.name = module});
}

static void lock_rescan(SimCore *core)
{
        while (core->rescanning)
                breathe(core);
        core->rescanning = true;
}

/* remove_store() of drivers/pci/pci-sysfs.c, which a VF has not */
static int unplug(SimCore *core, const Call *call)
{
        SimDevice *device = sim_bus_device(&core->bus, call->address);

        if (!device || device->is_vf)
                return -ENOENT;
        lock_rescan(core);
        lock_device(core, device);
        release(core, device);
        device->gone = true;
        unlock_device(core, device);
        core->rescanning = false;
        return 0;
}

int sim_core_unplug(SimCore *core, PciAddress address)
{
        return run(core, unplug, &(Call){.address = address});
}

/* pci_iov_add_virtfn() of drivers/pci/iov.c; vfio_pci_bus_notifier() of
 * drivers/vfio/pci/vfio_pci_core.c has VFIO keep the VFs of its PF. */
static void add_vfs(SimCore *core, SimDevice *pf, unsigned count)
{
        const SimDriver *driver = sim_bus_driver(&core->bus, pf->driver);

        pf->enabled_vfs = count;
        for (size_t i = 0; i < core->bus.n_devices && count > 0; i++) {
                SimDevice *device = &core->bus.devices[i];

                if (!sim_bus_is_vf_of(device, pf))
                        continue;
                count--;
                device->gone = false;
                strcpy(device->override, driver->vfio                ? driver->name
                                         : core->bent == SIM_RULE_VF ? pf->override
                                                                     : "");
                lock_device(core, device);
                (void)attach(core, device);
                unlock_device(core, device);
        }
}

/* sriov_numvfs_store() of drivers/pci/iov.c */
static int set_vfs(SimCore *core, const Call *call)
{
        SimDevice *pf = sim_bus_device(&core->bus, call->address);
        const unsigned total = pf ? sim_bus_total_vfs(&core->bus, pf) : 0;
        int r = 0;

        if (total == 0)
                return -ENOENT;
        if (call->count > total)
                return -ERANGE;
        lock_device(core, pf);
        if (call->count != pf->enabled_vfs)
                r = sim_bus_vfs_of(&core->bus, pf) == SIM_VFS_NONE ? -ENOENT
                    : call->count && pf->enabled_vfs               ? -EBUSY
                                                                   : 1;
        if (r == 1 && call->count == 0)
                end_vfs(core, pf);
        else if (r == 1)
                add_vfs(core, pf, call->count);
        unlock_device(core, pf);
        return r < 0 ? r : 0;
}

int sim_core_set_vfs(SimCore *core, PciAddress pf, unsigned count)
{
        return run(core, set_vfs, &(Call){.address = pf, .count = count});
}

/* rescan_store() of drivers/pci/pci-sysfs.c: a new device, of which nothing is known; VFs are
 * for their PF's driver to add. */
static int rescan(SimCore *core, _unused_ const Call *call)
{
        lock_rescan(core);
        for (size_t i = 0; i < core->bus.n_devices; i++) {
                SimDevice *device = &core->bus.devices[i];

                if (!device->gone || device->is_vf)
                        continue;
                device->gone = false;
                if (core->bent != SIM_RULE_RESCAN)
                        *device->override = '\0';
                lock_device(core, device);
                (void)attach(core, device);
                unlock_device(core, device);
        }
        core->rescanning = false;
        return 0;
}

int sim_core_rescan(SimCore *core)
{
        return run(core, rescan, &(Call){0});
}

const char *sim_core_link(SimCore *core, const SimDevice *device)
{
        return *device->driver && !hold_of(core, device)->unlinked ? device->driver : NULL;
}
