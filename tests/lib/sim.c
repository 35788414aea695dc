/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sim.h"

#include <assert.h>
#include <err.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/driver-name.h"
#include "host/capabilities.h"
#include "lib/sim-core.h"

struct Sim {
        SimCore core;
        Ops ops;
        char backend[32];
        bool backend_loaded;
        bool framebuffer_free; /* the kernel's device has no driver any more */
        char policy[4096];
        SimFault fault;
        bool has_fault;
        SimEvent event;
        bool has_event;
        SimLog log[512];
        size_t n_log;
        unsigned probed_in_load;
};

static void lock(Sim *sim)
{
        sim_core_lock(&sim->core);
}

static void unlock(Sim *sim)
{
        sim_core_unlock(&sim->core);
}

/* What the table of operations does with a name that is spelled otherwise than on the bus. */
static const char *name_on_bus(Sim *sim, const char *name)
{
        lock(sim);
        const SimDriver *driver = sim_bus_driver_called(&sim->core.bus, name);
        unlock(sim);
        return driver ? driver->name : name;
}

static int load_module(Sim *sim, const char *module, const char *options)
{
        if (strcmp(module, sim->backend) != 0)
                return sim_core_load(&sim->core, module, options);
        sim->backend_loaded = true;
        return 0;
}

/* What is due before the next operation. */
static void happen(Sim *sim)
{
        SimBus *bus = &sim->core.bus;

        if (!sim->has_event || sim->n_log != sim->event.before)
                return;
        if (sim->event.load)
                (void)load_module(sim, sim->event.load, "");
        for (size_t i = 0; sim->event.gone && i < bus->n_devices; i++)
                if (strcmp(PCI_ADDRESS(bus->devices[i].address), sim->event.gone) == 0)
                        bus->devices[i].gone = true;
}

static bool is_readable(Sim *sim, PciAddress address)
{
        const SimDevice *device = sim_bus_device(&sim->core.bus, address);

        return device && !device->unreadable;
}

static void begin(Sim *sim, SimOperation operation, PciAddress address, const char *name)
{
        SimLog *log = NULL;

        happen(sim);
        lock(sim);
        if (sim->n_log < ARRAY_SIZE(sim->log)) {
                log = &sim->log[sim->n_log++];
                *log = (SimLog){
                        .operation = operation,
                        .address = address,
                        .pid = getpid(),
                        .capabilities = capabilities_now(),
                        .readable = is_readable(sim, address),
                };
                snprintf(log->name, sizeof(log->name), "%s", name);
        }
        unlock(sim);
}

/* The fault that this operation meets, or NULL. */
static const SimFault *meet(
        const Sim *sim, SimOperation operation, PciAddress address, const char *name)
{
        const SimFault *fault = &sim->fault;

        if (!sim->has_fault || fault->operation != operation)
                return NULL;
        if (*fault->address && strcmp(fault->address, PCI_ADDRESS(address)) != 0)
                return NULL;
        return *fault->name && strcmp(fault->name, name) != 0 ? NULL : fault;
}

/* Returns 1 when the operation is to be done, else what it says. */
static int suffer(Sim *sim, SimOperation operation, PciAddress address, const char *name)
{
        begin(sim, operation, address, name);

        const SimFault *fault = meet(sim, operation, address, name);
        switch (fault ? fault->type : _SIM_FAULT_MAX) {
        case SIM_FAIL:
                return -fault->value;
        case SIM_NOTHING:
                return 0;
        case SIM_HANG:
                for (;;)
                        pause();
        case SIM_DIE:
                (void)raise(SIGKILL);
                break;
        case SIM_SLOW:
                clock_pause_ms((unsigned)fault->value);
                break;
        case SIM_HALF:
        case SIM_LATE:
        case _SIM_FAULT_MAX:
                break;
        }
        return 1;
}

static int write_policy(void *context, const char *text)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_POLICY, (PciAddress){0}, "");

        if (r <= 0)
                return r;
        lock(sim);
        snprintf(sim->policy, sizeof(sim->policy), "%s", text);
        unlock(sim);
        return 0;
}

static int set_override(void *context, PciAddress address, const char *driver)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_OVERRIDE, address, driver ? driver : "");

        if (r <= 0)
                return r;
        if (driver && !driver_name_is_clean(driver))
                return -EINVAL;
        return sim_core_override(&sim->core, address, driver ? name_on_bus(sim, driver) : "");
}

static int load(void *context, const char *module, const char *options)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_LOAD, (PciAddress){0}, module);
        unsigned before = sim->core.n_probed;

        if (r <= 0)
                return r;
        r = load_module(sim, module, options);
        sim->probed_in_load += sim->core.n_probed - before;
        return r;
}

static int free_framebuffer(void *context, _unused_ const char *device, const char *driver)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_FREE, (PciAddress){0}, driver);

        if (r <= 0)
                return r;
        lock(sim);
        sim->framebuffer_free = true;
        unlock(sim);
        return 0;
}

static int unbind(void *context, PciAddress address, const char *driver)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_UNBIND, address, driver);

        if (r <= 0)
                return r;
        if (!driver_name_is_clean(driver))
                return -EINVAL;
        return sim_core_unbind(&sim->core, address, name_on_bus(sim, driver));
}

static bool is_bound_to(Sim *sim, PciAddress address, const char *driver)
{
        lock(sim);
        const SimDevice *device = sim_bus_device(&sim->core.bus, address);
        const char *link = device ? sim_core_link(&sim->core, device) : NULL;
        unlock(sim);
        return link && driver_name_equal(link, driver);
}

static void spoil_registration(Sim *sim, PciAddress address, const SimFault *fault)
{
        lock(sim);
        SimDevice *device = sim_bus_device(&sim->core.bus, address);
        if (device && fault->type == SIM_HALF)
                device->vfio = false;
        if (device && fault->type == SIM_LATE)
                device->vfio_from = clock_ms() + fault->value;
        unlock(sim);
}

/* What the table of operations makes of "has it already", too. */
static int bind(void *context, PciAddress address, const char *driver)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_BIND, address, driver);

        if (r <= 0)
                return r;
        if (!driver_name_is_clean(driver))
                return -EINVAL;

        const SimFault *fault = meet(sim, SIM_BIND, address, driver);
        r = sim_core_bind(&sim->core, address, name_on_bus(sim, driver));
        if ((r == -EBUSY || r == -ENODEV) && is_bound_to(sim, address, driver))
                r = 0;
        if (r == 0 && fault)
                spoil_registration(sim, address, fault);
        return r;
}

static int forget_id(void *context, PciId id)
{
        Sim *sim = context;
        char text[sizeof("ffff:ffff")];

        snprintf(text, sizeof(text), "%04x:%04x", id.vendor, id.device);

        int r = suffer(sim, SIM_FORGET, (PciAddress){0}, text);
        if (r <= 0)
                return r;
        lock(sim);
        SimDriver *driver = sim_bus_driver(&sim->core.bus, "vfio-pci");
        if (driver)
                sim_bus_forget(driver, id);
        unlock(sim);
        return 0;
}

static int probe(void *context, PciAddress address)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_PROBE, address, "");

        return r <= 0 ? r : sim_core_probe(&sim->core, address);
}

static int settle(void *context, PciAddress address)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_SETTLE, address, "");

        return r <= 0 ? r : sim_core_settle(&sim->core, address);
}

static bool is_blacklisted(const Sim *sim, const char *module)
{
        char line[64];

        snprintf(line, sizeof(line), "blacklist %s\n", module);
        return strstr(sim->policy, line) && sim->core.bent != SIM_RULE_BLACKLIST;
}

/* udev loads whatever is made for it, but for what is blacklisted; nobody is probed anew by what is
 * loaded already. */
static void coldplug(Sim *sim, const SimDevice *device)
{
        for (size_t i = 0; i < sim->core.bus.n_drivers; i++) {
                const SimDriver *driver = &sim->core.bus.drivers[i];

                if (*driver->module && sim_bus_has_in_table(driver, device) &&
                        !is_blacklisted(sim, driver->module))
                        sim_core_load_behind(&sim->core, driver->module);
        }
}

static int announce(void *context, PciAddress address)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_ANNOUNCE, address, "");

        if (r <= 0)
                return r;

        const SimDevice *device = sim_bus_device(&sim->core.bus, address);
        if (device)
                coldplug(sim, device);
        return device ? 0 : -ENOENT;
}

static bool is_registered(const SimDevice *device)
{
        return device->vfio && clock_ms() >= device->vfio_from;
}

static int set_reset_method(void *context, PciAddress address, const char *methods)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_RESET_METHOD, address, methods);

        if (r <= 0)
                return r;
        lock(sim);
        SimDevice *device = sim_bus_device(&sim->core.bus, address);
        r = device ? sim_bus_store_reset_method(device, methods) : -ENOENT;
        unlock(sim);
        return r;
}

static int set_d3cold(void *context, PciAddress address, const char *allowed)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_D3COLD, address, allowed);

        if (r <= 0)
                return r;
        lock(sim);
        SimDevice *device = sim_bus_device(&sim->core.bus, address);
        r = device && device->d3cold >= 0 ? 0 : -ENOENT;
        if (r == 0)
                device->d3cold = *allowed == '1';
        unlock(sim);
        return r;
}

static int set_readable(void *context, PciAddress address, bool readable)
{
        Sim *sim = context;

        lock(sim);
        SimDevice *device = sim_bus_device(&sim->core.bus, address);
        if (device)
                device->unreadable = !readable;
        unlock(sim);
        return 0;
}

static int read_binding(void *context, PciAddress address, Arena *arena, Binding *ret)
{
        Sim *sim = context;

        lock(sim);
        const SimDevice *device = sim_bus_device(&sim->core.bus, address);
        const char *link = device ? sim_core_link(&sim->core, device) : NULL;
        if (device)
                *ret = (Binding){
                        .driver = link ? arena_strdup(arena, link) : NULL,
                        .vfio_device = is_registered(device) ? "vfio0" : NULL,
                };
        unlock(sim);
        return device ? 0 : -ENOENT;
}

/* A variant is on the bus under its module's name, and takes by its table what nobody overrides:
 * nothing. */
static void add_variants(Sim *sim, const Function *f)
{
        for (size_t i = 0; i < f->n_vfio_drivers; i++) {
                const VfioDriver *variant = &f->vfio_drivers[i];

                if (variant->state != MODULE_MISSING &&
                        !sim_bus_driver_of(&sim->core.bus, variant->module))
                        sim_bus_add_driver(&sim->core.bus, variant->module, variant->module,
                                variant->state == MODULE_PRESENT)
                                ->vfio = true;
        }
}

static void add_device(Sim *sim, const Function *f)
{
        SimDevice *device = &sim->core.bus.devices[sim->core.bus.n_devices++];

        assert(sim->core.bus.n_devices <= ARRAY_SIZE(sim->core.bus.devices));
        *device = (SimDevice){
                .address = f->address,
                .id = f->id,
                .class = f->class,
                .group = f->iommu_group,
                .bridge = f->bridge,
                .enabled_vfs = f->enabled_vfs,
                .vfio = f->binding.vfio_device,
                .d3cold = f->settings.d3cold,
        };
        if (f->settings.reset_method) {
                snprintf(device->reset_methods, sizeof(device->reset_methods), "%s",
                        f->settings.reset_method);
                strcpy(device->reset_method, device->reset_methods);
        }
        if (!f->binding.driver)
                return;
        strcpy(device->driver, f->binding.driver);
        sim_bus_register(&sim->core.bus, f->binding.driver);
}

static void add_native_drivers(Sim *sim)
{
        SimDriver *nouveau = sim_bus_add_driver(&sim->core.bus, "nouveau", "nouveau", false);

        nouveau->vendor = PCI_VENDOR_NVIDIA;
        nouveau->class = PCI_CLASS_BASE_DISPLAY;
        sim_bus_add_driver(&sim->core.bus, "snd_hda_intel", "snd_hda_intel", false)->class =
                PCI_CLASS_AUDIO_HDA;
}

static Sim *make(const Host *host, bool natives)
{
        Sim *sim =
                mmap(NULL, sizeof(Sim), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (sim == MAP_FAILED)
                err(1, "simulated kernel");
        sim->core.owner = getpid();
        sim_lock_init(&sim->core.lock);
        sim->ops = (Ops){sim, write_policy, set_override, load, free_framebuffer, unbind,
                set_reset_method, set_d3cold, bind, set_readable, forget_id, probe, settle,
                announce, read_binding};
        if (host->vfio_pci != MODULE_MISSING)
                sim_bus_add_driver(
                        &sim->core.bus, "vfio-pci", "vfio_pci", host->vfio_pci == MODULE_PRESENT)
                        ->vfio = true;
        if (natives)
                add_native_drivers(sim);
        for (size_t i = 0; i < host->n_functions; i++)
                add_variants(sim, &host->functions[i]);
        for (size_t i = 0; i < host->n_functions; i++)
                add_device(sim, &host->functions[i]);
        if (host->iommu_backend != MODULE_MISSING)
                strcpy(sim->backend, host->iommu_backend_module);
        sim->backend_loaded = host->iommu_backend == MODULE_PRESENT;
        return sim;
}

Sim *sim_new(const Host *host)
{
        return make(host, true);
}

Sim *sim_new_bare(const Host *host)
{
        return make(host, false);
}

void sim_free(Sim *sim)
{
        if (!sim)
                return;
        sim_core_end(&sim->core);
        (void)munmap(sim, sizeof(Sim));
}

const SimBus *sim_bus(const Sim *sim)
{
        return &sim->core.bus;
}

SimCore *sim_core(Sim *sim)
{
        return &sim->core;
}

const Ops *sim_ops(Sim *sim)
{
        return &sim->ops;
}

void sim_set_fault(Sim *sim, SimFault fault)
{
        sim->fault = fault;
        sim->has_fault = true;
}

void sim_set_event(Sim *sim, SimEvent event)
{
        sim->event = event;
        sim->has_event = true;
}

void sim_load(Sim *sim, const char *module)
{
        int r = load_module(sim, module, "");

        if (r < 0)
                errx(1, "simulated kernel: there is no module %s", module);
}

void sim_plug(Sim *sim, PciAddress address, bool there)
{
        (void)(there ? sim_core_rescan(&sim->core) : sim_core_unplug(&sim->core, address));
}

void sim_stand_still(Sim *sim)
{
        lock(sim);
}

size_t sim_n_log(const Sim *sim)
{
        return sim->n_log;
}

const SimLog *sim_log(const Sim *sim, size_t index)
{
        return &sim->log[index];
}

const char *sim_driver(Sim *sim, PciAddress address)
{
        const SimDevice *device = sim_bus_device(&sim->core.bus, address);

        return device ? device->driver : "";
}

bool sim_is_ready(Sim *sim, PciAddress address)
{
        const SimDevice *device = sim_bus_device(&sim->core.bus, address);

        return device && *device->driver && is_registered(device);
}

bool sim_is_readable(Sim *sim, PciAddress address)
{
        return is_readable(sim, address);
}

unsigned sim_probed_in_load(const Sim *sim)
{
        return sim->probed_in_load;
}

static bool driver_is_registered(Sim *sim, const char *module)
{
        const SimDriver *driver = sim_bus_driver_of(&sim->core.bus, module);

        return driver && driver->registered;
}

static void scan_variants(Sim *sim, Function *f)
{
        for (size_t i = 0; i < f->n_vfio_drivers; i++)
                if (driver_is_registered(sim, f->vfio_drivers[i].module))
                        f->vfio_drivers[i].state = MODULE_PRESENT;
}

static void scan_settings(Sim *sim, Arena *arena, Function *f)
{
        const SimDevice *device = sim_bus_device(&sim->core.bus, f->address);

        if (!device)
                return;
        if (*device->reset_method)
                f->settings.reset_method = arena_strdup(arena, device->reset_method);
        f->settings.d3cold = device->d3cold;
}

void sim_scan(Sim *sim, Host *host)
{
        size_t n = 0;

        for (size_t i = 0; i < host->n_functions; i++) {
                Function f = host->functions[i];

                f.binding = (Binding){0};
                scan_variants(sim, &f);
                scan_settings(sim, host->arena, &f);
                if (read_binding(sim, f.address, host->arena, &f.binding) < 0)
                        continue;
                /* vfio_pci_vga_init() of drivers/vfio/pci/vfio_pci_core.c */
                if (sim->framebuffer_free ||
                        (f.binding.vfio_device && function_class(&f) == PCI_CLASS_VGA))
                        f.boot_framebuffer = false;
                host->functions[n++] = f;
        }
        host->n_functions = n;
        host->policy = *sim->policy ? arena_strdup(host->arena, sim->policy) : host->policy;
        if (driver_is_registered(sim, "vfio_pci"))
                host->vfio_pci = MODULE_PRESENT;
        if (sim->backend_loaded)
                host->iommu_backend = MODULE_PRESENT;
}
