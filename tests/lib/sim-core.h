/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What takes time in the simulated kernel. A driver at work holds the device's lock; whoever needs
 * that lock waits, and whoever is killed meanwhile leaves the work to go on, as the kernel's own
 * threads do. The link to the driver is there before a probe ends, and gone before a remove ends.
 */

#include "host/ops.h"
#include "lib/sim-bus.h"
#include "lib/sim-lock.h"
#include "lib/sim-mood.h"

#define SIM_THREADS 32

/* What the rest of the driver core knows of a device. */
typedef struct SimHold {
        bool locked;
        bool unlinked; /* the driver is being removed: it counts as bound, and has no link */
} SimHold;

/* A rule of the driver core that can be bent, so that it is seen which tests notice. */
typedef enum SimRule {
        SIM_RULES_HOLD,
        SIM_RULE_OVERRIDE,     /* an override mismatch is no match */
        SIM_RULE_RESCAN,       /* an override does not survive its device */
        SIM_RULE_BUSY,         /* nobody gets what another has */
        SIM_RULE_LINK,         /* the link is there before probe ends */
        SIM_RULE_REMOVED_LINK, /* and gone before remove ends */
        SIM_RULE_PROBE_SAYS,   /* drivers_probe does not say how a probe ended */
        SIM_RULE_ORDER,        /* the driver that came first is asked first */
        SIM_RULE_ATTACHING,    /* no `bind` before the load has asked all devices */
        SIM_RULE_IDS,          /* ids= takes all of a model */
        SIM_RULE_BLACKLIST,    /* udev loads nothing that is blacklisted */
        SIM_RULE_VIABLE,       /* a neighbour on a foreign driver counts */
        SIM_RULE_SETTLED,      /* who settles waits for a driver at work */
        SIM_RULE_VF,           /* a VF has nothing of its PF's override */
        SIM_RULE_GROUP,        /* what has no IOMMU group is none of VFIO's */
        SIM_RULE_SYNC,         /* a load waits for who probes behind another */
        _SIM_RULE_MAX,
} SimRule;

typedef struct SimCore {
        SimLock lock;
        SimBus bus;
        SimMood moods[ARRAY_SIZE(((SimBus *)0)->drivers)];
        SimHold holds[ARRAY_SIZE(((SimBus *)0)->devices)];
        bool takes_time;     /* some driver does */
        bool override_waits; /* driver_override takes the device's lock: before Linux 6.12 */
        bool rescanning;     /* pci_lock_rescan_remove() */
        unsigned n_async;    /* probes that go on behind a load */
        unsigned n_probed;   /* inside of loads */
        SimRule bent;        /* one that does not hold */
        unsigned speed;      /* 0 is 1; probes take so much less time */
        char module[32];     /* modprobe.d has these options for it */
        char module_options[64];
        pid_t owner;
        pid_t threads[SIM_THREADS];
} SimCore;

void sim_core_lock(SimCore *core);
void sim_core_unlock(SimCore *core);
/* Ends what still hangs. */
void sim_core_end(SimCore *core);

/* Each answers as the kernel does when it is written to; drivers are named as on the bus. */
int sim_core_override(SimCore *core, PciAddress address, const char *driver);
int sim_core_bind(SimCore *core, PciAddress address, const char *driver);
int sim_core_unbind(SimCore *core, PciAddress address, const char *driver);
int sim_core_probe(SimCore *core, PciAddress address);
int sim_core_settle(SimCore *core, PciAddress address);
int sim_core_load(SimCore *core, const char *module, const char *options);
/* The same by another process, as udev does; who calls does not wait where it takes time. */
void sim_core_load_behind(SimCore *core, const char *module);
int sim_core_unload(SimCore *core, const char *module);
/* Writes sriov_numvfs. */
int sim_core_set_vfs(SimCore *core, PciAddress pf, unsigned count);
int sim_core_unplug(SimCore *core, PciAddress address);
/* Finds again what was unplugged. */
int sim_core_rescan(SimCore *core);

/* Reads driver_override, "" where there is none. Waits where the kernel does. */
int sim_core_read_override(SimCore *core, PciAddress address, char *text, size_t size);

/* The device's driver as its link tells it, or NULL. The core is locked. */
const char *sim_core_link(SimCore *core, const SimDevice *device);
