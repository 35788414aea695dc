/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sim.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/driver-name.h"
#include "host/capabilities.h"

typedef struct SimDevice {
        PciAddress address;
        PciId id;
        uint32_t class;
        bool grouped, bridge, gone;
        unsigned enabled_vfs;
        char override[32];
        char driver[32];
        bool vfio;
        bool unreadable;   /* what the device's lock is taken for */
        int64_t vfio_from; /* ms; VFIO knows it from then on */
} SimDevice;

typedef struct SimDriver {
        char name[32];
        char module[32];
        bool registered;
        bool vfio;
        uint16_t vendor; /* 0: any */
        unsigned class;  /* and this base or whole class; 0: none */
        PciId ids[8];    /* of ids= */
        size_t n_ids;
} SimDriver;

struct Sim {
        atomic_flag lock;
        Ops ops;
        SimDevice devices[64];
        size_t n_devices;
        SimDriver drivers[16];
        size_t n_drivers;
        char backend[32];
        bool backend_loaded;
        char policy[4096];
        SimFault fault;
        bool has_fault;
        SimEvent event;
        bool has_event;
        SimLog log[512];
        size_t n_log;
        unsigned probed_in_load;
};

static int64_t now_ms(void)
{
        struct timespec ts = {0};

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Held for a few instructions only: nobody is killed in between. */
static void lock(Sim *sim)
{
        while (atomic_flag_test_and_set(&sim->lock))
                (void)nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
}

static void unlock(Sim *sim)
{
        atomic_flag_clear(&sim->lock);
}

static SimDevice *find_device(Sim *sim, PciAddress address)
{
        for (size_t i = 0; i < sim->n_devices; i++)
                if (!sim->devices[i].gone &&
                        pci_address_compare(sim->devices[i].address, address) == 0)
                        return &sim->devices[i];
        return NULL;
}

static SimDriver *find_driver(Sim *sim, const char *name)
{
        for (size_t i = 0; i < sim->n_drivers; i++)
                if (sim->drivers[i].registered && strcmp(sim->drivers[i].name, name) == 0)
                        return &sim->drivers[i];
        return NULL;
}

/* What the table of operations does with a name that is spelled otherwise than on the bus. */
static const char *name_on_bus(Sim *sim, const char *name)
{
        for (size_t i = 0; i < sim->n_drivers; i++)
                if (sim->drivers[i].registered && driver_name_equal(sim->drivers[i].name, name))
                        return sim->drivers[i].name;
        return name;
}

/* pci_match_device() of drivers/pci/pci-driver.c */
static bool matches(const SimDriver *driver, const SimDevice *device)
{
        if (*device->override)
                return strcmp(device->override, driver->name) == 0;
        for (size_t i = 0; i < driver->n_ids; i++)
                if (driver->ids[i].vendor == device->id.vendor &&
                        driver->ids[i].device == device->id.device)
                        return true;
        if (!driver->class || (driver->vendor && driver->vendor != device->id.vendor))
                return false;
        return driver->class == device->class >> 16 || driver->class == device->class >> 8;
}

static int probe(const SimDriver *driver, SimDevice *device)
{
        if (driver->vfio && (device->bridge || !device->grouped))
                return -EINVAL;
        if (driver->vfio && device->enabled_vfs)
                return -EBUSY;
        strcpy(device->driver, driver->name);
        device->vfio = driver->vfio;
        return 0;
}

/* driver_attach() of drivers/base/dd.c; returns how many were probed. */
static unsigned attach_all(Sim *sim, const SimDriver *driver)
{
        unsigned n = 0;

        for (size_t i = 0; i < sim->n_devices; i++) {
                SimDevice *device = &sim->devices[i];

                if (device->gone || *device->driver || !matches(driver, device))
                        continue;
                (void)probe(driver, device);
                n++;
        }
        return n;
}

static void set_ids(SimDriver *driver, const char *options)
{
        const char *ids = strstr(options, "ids=");
        char text[256] = "", *rest = text;

        if (!ids)
                return;
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(ids + 4, " "), ids + 4);
        for (char *id; (id = strsep(&rest, ",")) && driver->n_ids < ARRAY_SIZE(driver->ids);) {
                id[strnlen(id, 9)] = '\0'; /* the subsystem does not matter here */
                if (pci_id_parse(id, &driver->ids[driver->n_ids]) == 0)
                        driver->n_ids++;
        }
}

/* Returns how many functions were probed by it, or -ENOENT. */
static int load_module(Sim *sim, const char *module, const char *options)
{
        unsigned n = 0;

        if (strcmp(module, sim->backend) == 0) {
                sim->backend_loaded = true;
                return 0;
        }
        for (size_t i = 0; i < sim->n_drivers; i++) {
                SimDriver *driver = &sim->drivers[i];

                if (strcmp(driver->module, module) != 0)
                        continue;
                if (driver->registered)
                        return 0;
                driver->registered = true;
                set_ids(driver, options);
                n = attach_all(sim, driver);
                return (int)n;
        }
        return -ENOENT;
}

static void happen(Sim *sim)
{
        if (sim->event.load)
                (void)load_module(sim, sim->event.load, "");
        if (!sim->event.gone)
                return;
        for (size_t i = 0; i < sim->n_devices; i++)
                if (strcmp(PCI_ADDRESS(sim->devices[i].address), sim->event.gone) == 0)
                        sim->devices[i].gone = true;
}

static bool is_readable(Sim *sim, PciAddress address)
{
        const SimDevice *device = find_device(sim, address);

        return device && !device->unreadable;
}

static void begin(Sim *sim, SimOperation operation, PciAddress address, const char *name)
{
        SimLog *log = NULL;

        lock(sim);
        if (sim->has_event && sim->n_log == sim->event.before)
                happen(sim);
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

static void sleep_ms(int ms)
{
        (void)nanosleep(
                &(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
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
                sleep_ms(fault->value);
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
        int r = suffer(sim, SIM_OVERRIDE, address, driver);

        if (r <= 0)
                return r;
        lock(sim);
        SimDevice *device = find_device(sim, address);
        if (device)
                snprintf(
                        device->override, sizeof(device->override), "%s", name_on_bus(sim, driver));
        unlock(sim);
        return device ? 0 : -ENOENT;
}

static int load(void *context, const char *module, const char *options)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_LOAD, (PciAddress){0}, module);

        if (r <= 0)
                return r;
        lock(sim);
        r = load_module(sim, module, options);
        if (r > 0)
                sim->probed_in_load += (unsigned)r;
        unlock(sim);
        return r < 0 ? r : 0;
}

static int unbind(void *context, PciAddress address, const char *driver)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_UNBIND, address, driver);

        if (r <= 0)
                return r;
        lock(sim);
        SimDevice *device = find_device(sim, address);
        r = !find_driver(sim, driver) ? -ENOENT : -ENODEV;
        if (r == -ENODEV && device && strcmp(device->driver, driver) == 0) {
                *device->driver = '\0';
                device->vfio = false;
                r = 0;
        }
        unlock(sim);
        return r;
}

/* bind_store() of drivers/base/bus.c, and what the table of operations makes of "has it already" */
static int bind_device(Sim *sim, PciAddress address, const char *name)
{
        SimDevice *device = find_device(sim, address);
        const SimDriver *driver = find_driver(sim, name_on_bus(sim, name));

        if (!driver)
                return -ENOENT;
        if (!device || !matches(driver, device))
                return -ENODEV;
        if (*device->driver)
                return strcmp(device->driver, driver->name) == 0 ? 0 : -EBUSY;
        return probe(driver, device);
}

static int bind(void *context, PciAddress address, const char *driver)
{
        Sim *sim = context;
        int r = suffer(sim, SIM_BIND, address, driver);

        if (r <= 0)
                return r;
        const SimFault *fault = meet(sim, SIM_BIND, address, driver);
        lock(sim);
        r = bind_device(sim, address, driver);
        if (r == 0 && fault && fault->type == SIM_HALF)
                find_device(sim, address)->vfio = false;
        if (r == 0 && fault && fault->type == SIM_LATE)
                find_device(sim, address)->vfio_from = now_ms() + fault->value;
        unlock(sim);
        return r;
}

static bool is_registered(const SimDevice *device)
{
        return device->vfio && now_ms() >= device->vfio_from;
}

static int set_readable(void *context, PciAddress address, bool readable)
{
        Sim *sim = context;

        lock(sim);
        SimDevice *device = find_device(sim, address);
        if (device)
                device->unreadable = !readable;
        unlock(sim);
        return device ? 0 : -ENOENT;
}

static int read_binding(void *context, PciAddress address, Arena *arena, Binding *ret)
{
        Sim *sim = context;

        lock(sim);
        const SimDevice *device = find_device(sim, address);
        if (device)
                *ret = (Binding){
                        .driver = *device->driver ? arena_strdup(arena, device->driver) : NULL,
                        .vfio_device = is_registered(device) ? "vfio0" : NULL,
                };
        unlock(sim);
        return device ? 0 : -ENOENT;
}

static SimDriver *add_driver(Sim *sim, const char *name, const char *module, bool registered)
{
        SimDriver *driver = &sim->drivers[sim->n_drivers++];

        cr_assert_leq(sim->n_drivers, ARRAY_SIZE(sim->drivers));
        snprintf(driver->name, sizeof(driver->name), "%s", name);
        snprintf(driver->module, sizeof(driver->module), "%s", module);
        driver->registered = registered;
        return driver;
}

static bool has_module(const Sim *sim, const char *module)
{
        for (size_t i = 0; i < sim->n_drivers; i++)
                if (strcmp(sim->drivers[i].module, module) == 0)
                        return true;
        return false;
}

/* A variant is on the bus under its module's name, and takes by its table what nobody overrides:
 * nothing. */
static void add_variants(Sim *sim, const Function *f)
{
        for (size_t i = 0; i < f->n_vfio_drivers; i++) {
                const VfioDriver *variant = &f->vfio_drivers[i];

                if (variant->state != MODULE_MISSING && !has_module(sim, variant->module))
                        add_driver(sim, variant->module, variant->module,
                                variant->state == MODULE_PRESENT)
                                ->vfio = true;
        }
}

static void add_device(Sim *sim, const Function *f)
{
        SimDevice *device = &sim->devices[sim->n_devices++];

        cr_assert_leq(sim->n_devices, ARRAY_SIZE(sim->devices));
        *device = (SimDevice){
                .address = f->address,
                .id = f->id,
                .class = f->class,
                .grouped = f->iommu_group >= 0,
                .bridge = f->bridge,
                .enabled_vfs = f->enabled_vfs,
                .vfio = f->binding.vfio_device,
        };
        if (!f->binding.driver)
                return;
        strcpy(device->driver, f->binding.driver);
        if (!find_driver(sim, f->binding.driver))
                (void)add_driver(sim, f->binding.driver, "", true);
}

Sim *sim_new(const Host *host)
{
        Sim *sim =
                mmap(NULL, sizeof(Sim), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        cr_assert_neq(sim, MAP_FAILED);
        sim->ops = (Ops){
                sim, write_policy, set_override, load, unbind, bind, set_readable, read_binding};
        if (host->vfio_pci != MODULE_MISSING)
                add_driver(sim, "vfio-pci", "vfio_pci", host->vfio_pci == MODULE_PRESENT)->vfio =
                        true;
        for (size_t i = 0; i < host->n_functions; i++)
                add_variants(sim, &host->functions[i]);
        for (size_t i = 0; i < host->n_functions; i++)
                add_device(sim, &host->functions[i]);

        SimDriver *nouveau = add_driver(sim, "nouveau", "nouveau", false);
        nouveau->vendor = PCI_VENDOR_NVIDIA;
        nouveau->class = PCI_CLASS_BASE_DISPLAY;
        add_driver(sim, "snd_hda_intel", "snd_hda_intel", false)->class = PCI_CLASS_AUDIO_HDA;
        if (host->iommu_backend != MODULE_MISSING)
                strcpy(sim->backend, host->iommu_backend_module);
        sim->backend_loaded = host->iommu_backend == MODULE_PRESENT;
        return sim;
}

void sim_free(Sim *sim)
{
        if (sim)
                (void)munmap(sim, sizeof(Sim));
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
        lock(sim);
        int r = load_module(sim, module, "");
        unlock(sim);
        cr_assert_geq(r, 0, "%s", module);
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
        const SimDevice *device = find_device(sim, address);

        return device ? device->driver : "";
}

bool sim_is_ready(Sim *sim, PciAddress address)
{
        const SimDevice *device = find_device(sim, address);

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

static bool driver_is_registered(const Sim *sim, const char *module)
{
        for (size_t i = 0; i < sim->n_drivers; i++)
                if (strcmp(sim->drivers[i].module, module) == 0)
                        return sim->drivers[i].registered;
        return false;
}

static void scan_variants(const Sim *sim, Function *f)
{
        for (size_t i = 0; i < f->n_vfio_drivers; i++)
                if (driver_is_registered(sim, f->vfio_drivers[i].module))
                        f->vfio_drivers[i].state = MODULE_PRESENT;
}

void sim_scan(Sim *sim, Host *host)
{
        size_t n = 0;

        for (size_t i = 0; i < host->n_functions; i++) {
                Function f = host->functions[i];

                f.binding = (Binding){0};
                scan_variants(sim, &f);
                if (read_binding(sim, f.address, host->arena, &f.binding) == 0)
                        host->functions[n++] = f;
        }
        host->n_functions = n;
        host->policy = *sim->policy ? arena_strdup(host->arena, sim->policy) : host->policy;
        if (driver_is_registered(sim, "vfio_pci"))
                host->vfio_pci = MODULE_PRESENT;
        if (sim->backend_loaded)
                host->iommu_backend = MODULE_PRESENT;
}
