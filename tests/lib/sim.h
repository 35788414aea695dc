/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A simulated kernel behind the operations of host/ops.h. It lives in shared memory, because the
 * operations are called in forked workers, and behaves as the driver core does, which
 * tests/unit/test-ops-script.c and a boot see to:
 *
 *  - a function with a driver_override belongs to the driver of that name alone; without one, to
 *    whichever driver's table or ids= match it;
 *  - a driver that registers probes, inside of the load, every unbound function that matches;
 *  - a driver is known to the kernel by its name letter by letter; the operations find it also when
 *    it is spelled with `_` for `-`;
 *  - bind answers ENOENT (no such driver), ENODEV (no such function, or no match), EBUSY (another
 *    driver has it), or what probe says; vfio-pci's probe says EINVAL without an IOMMU group or for
 *    a bridge, EBUSY for a PF whose VFs are enabled;
 *  - VFs have no override, whatever their PF has, but for those that vfio-pci enables;
 *  - VFIO knows a function when vfio-pci's probe has ended;
 *  - a function that is probed anew goes to the first driver that matches, in the order in which
 *    they were registered; one that is announced has udev load what is made for it and is not
 *    blacklisted;
 *  - what takes time is told in lib/sim-core.h.
 */

#include "host/host.h"
#include "host/ops.h"
#include "lib/others.h"

typedef enum SimOperation {
        SIM_POLICY,
        SIM_OVERRIDE,
        SIM_LOAD,
        SIM_FREE,
        SIM_UNBIND,
        SIM_RESET_METHOD,
        SIM_D3COLD,
        SIM_BIND,
        SIM_FORGET,
        SIM_PROBE,
        SIM_SETTLE,
        SIM_ANNOUNCE,
} SimOperation;

typedef enum SimFaultType {
        SIM_FAIL,    /* does nothing and says errno `value` */
        SIM_NOTHING, /* does nothing and says that all went well */
        SIM_HANG,    /* never comes back */
        SIM_DIE,     /* the process that called is killed */
        SIM_SLOW,    /* takes `value` ms longer */
        SIM_HALF,    /* bind: the driver link is there, VFIO never hears of it */
        SIM_LATE,    /* bind: VFIO hears of it `value` ms after bind has come back */
        _SIM_FAULT_MAX,
} SimFaultType;

/* What goes wrong, each time that an operation is this one. */
typedef struct SimFault {
        SimOperation operation;
        const char *address; /* "": any */
        const char *name;    /* driver or module; "": any */
        SimFaultType type;
        int value;
} SimFault;

/* What happens by itself before operation number `before` (from 0). */
typedef struct SimEvent {
        unsigned before;
        const char *load; /* udev loads this module, or */
        const char *gone; /* the function at this address is unplugged */
} SimEvent;

typedef struct SimLog {
        SimOperation operation;
        PciAddress address;
        char name[32];
        pid_t pid;
        uint64_t capabilities; /* of the process that called */
        bool readable;         /* others could read what waits for the device's lock */
} SimLog;

typedef struct Sim Sim;

/*
 * The kernel of `host`: its functions, with the drivers that they are on. Modules: vfio_pci and the
 * IOMMU backend unless the host lacks them; the variants of vfio-pci; nouveau, which takes any
 * display of NVIDIA, and snd_hda_intel, which takes any audio function: both not loaded.
 */
Sim *sim_new(const Host *host);
/* The same without nouveau and snd_hda_intel. */
Sim *sim_new_bare(const Host *host);
void sim_free(Sim *sim);
DEFINE_CLEANUP(Sim *, sim_free);

/* The driver core of it. */
const struct SimBus *sim_bus(const Sim *sim);
struct SimCore *sim_core(Sim *sim);

/* What others do to it. */
void sim_others_init(Sim *sim, Others *ret);

/* The table of operations; lives as long as the simulation. */
const Ops *sim_ops(Sim *sim);

void sim_set_fault(Sim *sim, SimFault fault);
void sim_set_event(Sim *sim, SimEvent event);

/* Loads a module as udev does. */
void sim_load(Sim *sim, const char *module);

/* Takes a function off the bus, or puts it back: whoever of those loaded wants it has it. */
void sim_plug(Sim *sim, PciAddress address, bool there);

/* Nobody else is within an operation any more, and nobody begins one before the caller has died. */
void sim_stand_still(Sim *sim);

/* What was called, in order. */
size_t sim_n_log(const Sim *sim);
const SimLog *sim_log(const Sim *sim, size_t index);

/* The driver of a function now, "" when it has none; and whether VFIO knows it. */
const char *sim_driver(Sim *sim, PciAddress address);
bool sim_is_ready(Sim *sim, PciAddress address);

/* Whether others may read those files of the function that wait for its lock. */
bool sim_is_readable(Sim *sim, PciAddress address);

/* How many functions were probed inside of a load that an operation did. */
unsigned sim_probed_in_load(const Sim *sim);

/* Brings `host` up to date with the simulation, as a new scan would. */
void sim_scan(Sim *sim, Host *host);
