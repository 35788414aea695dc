/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The driver core of the simulated kernel: which driver gets which function. */

#include <stddef.h>

#include "host/host.h"

typedef struct SimDevice {
        PciAddress address;
        PciId id;
        uint32_t class;
        int group; /* of the IOMMU, or -1 */
        bool bridge, gone;
        unsigned enabled_vfs;
        bool is_vf;
        PciAddress pf; /* of a VF */
        char override[32];
        char driver[32];
        bool vfio;
        char reset_methods[64], reset_method[64]; /* what it can do, and does; "": no attribute */
        int d3cold;                               /* -1: no such attribute */
        bool unreadable;                          /* what the device's lock is taken for */
        int64_t vfio_from;                        /* ms; VFIO knows it from then on */
} SimDevice;

/* Whether a driver can enable the VFs of its device, and leaves them when it goes. */
typedef enum SimVfs {
        SIM_VFS_NONE,
        SIM_VFS_END,
        SIM_VFS_STAY,
} SimVfs;

typedef struct SimDriver {
        char name[32];
        char module[32];
        unsigned registered; /* its place among those that are, from 1; 0: it is not */
        bool vfio;
        uint16_t vendor; /* 0: any */
        uint16_t device; /* of that vendor alone, whatever its class; or 0 */
        unsigned class;  /* and this base or whole class; 0: none */
        SimVfs vfs;
        PciId ids[8]; /* of ids= */
        size_t n_ids;
} SimDriver;

typedef struct SimBus {
        SimDevice devices[64];
        size_t n_devices;
        SimDriver drivers[16];
        size_t n_drivers;
        unsigned n_registered;
} SimBus;

SimDevice *sim_bus_device(SimBus *bus, PciAddress address);
/* One that is registered. */
SimDriver *sim_bus_driver(SimBus *bus, const char *name);

/* The drivers that are registered, the first at 1; NULL after the last. */
const SimDriver *sim_bus_driver_at(const SimBus *bus, unsigned place);

/* Adds a driver that takes nothing by itself. */
SimDriver *sim_bus_add_driver(SimBus *bus, const char *name, const char *module, bool registered);

/* The driver that the module brings, or NULL. */
SimDriver *sim_bus_driver_of(SimBus *bus, const char *module);

/* Has the driver there, without its taking anything now. */
void sim_bus_register(SimBus *bus, const char *name);

/* The driver that `name` means, which may be spelled otherwise than on the bus; or NULL. */
SimDriver *sim_bus_driver_called(SimBus *bus, const char *name);

/* The driver's table has it; and what the driver core makes of that, override and ids= included. */
bool sim_bus_has_in_table(const SimDriver *driver, const SimDevice *device);
bool sim_bus_matches(const SimDriver *driver, const SimDevice *device);
/* What the driver's probe says, and does: the device is the driver's, or nobody's. */
int sim_bus_probe(const SimDriver *driver, SimDevice *device, bool wants_group);

/* The driver is there from now on, and has taken nothing yet. */
void sim_bus_enlist(SimBus *bus, SimDriver *driver, const char *options);

/* Those of ids= among a module's options. */
void sim_bus_set_ids(SimDriver *driver, const char *options);

/* remove_id of drivers/pci/pci-driver.c */
void sim_bus_forget(SimDriver *driver, PciId id);

/* What the PF's driver does with VFs. */
SimVfs sim_bus_vfs_of(SimBus *bus, const SimDevice *pf);
bool sim_bus_is_vf_of(const SimDevice *device, const SimDevice *pf);
unsigned sim_bus_total_vfs(const SimBus *bus, const SimDevice *pf);

/* Answers as the attribute of that name does. */
int sim_bus_store_reset_method(SimDevice *device, const char *methods);
