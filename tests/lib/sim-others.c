/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/others.h"
#include "lib/sim-core.h"
#include "lib/sim.h"

static int unplug(void *context, PciAddress address)
{
        return sim_core_unplug(sim_core(context), address);
}

typedef struct Gone {
        bool of[ARRAY_SIZE(((SimBus *)0)->devices)];
} Gone;

static Gone look_who_is_gone(const SimBus *bus)
{
        Gone gone = {0};

        for (size_t i = 0; i < bus->n_devices; i++)
                gone.of[i] = bus->devices[i].gone;
        return gone;
}

/* udev hears of what is found, and loads drivers for it. */
static int announce_found(Sim *sim, const Gone *before)
{
        const SimBus *bus = sim_bus(sim);
        const Ops *ops = sim_ops(sim);
        int r = 0;

        for (size_t i = 0; r == 0 && i < bus->n_devices; i++)
                if (before->of[i] && !bus->devices[i].gone)
                        r = ops->announce(sim, bus->devices[i].address);
        return r;
}

static int rescan(void *context)
{
        const Gone before = look_who_is_gone(sim_bus(context));
        int r = sim_core_rescan(sim_core(context));

        return r < 0 ? r : announce_found(context, &before);
}

static int set_vfs(void *context, PciAddress pf, unsigned count)
{
        const Gone before = look_who_is_gone(sim_bus(context));
        int r = sim_core_set_vfs(sim_core(context), pf, count);

        return r < 0 ? r : announce_found(context, &before);
}

static int unload(void *context, const char *module)
{
        return sim_core_unload(sim_core(context), module);
}

static int udev(_unused_ void *context)
{
        return 0;
}

static int read_override(void *context, PciAddress address, char *text, size_t size)
{
        if (!sim_is_readable(context, address))
                return -EACCES;
        return sim_core_read_override(sim_core(context), address, text, size);
}

/* iommu_group_dma_owner_claimed() of drivers/iommu/iommu.c: drivers of endpoints count that let the
 * kernel do their DMA, all but those of VFIO. */
static int read_group(void *context, PciAddress address)
{
        SimCore *core = sim_core(context);
        bool has_vfio = false, foreign = false;

        sim_core_lock(core);
        const SimDevice *device = sim_bus_device(&core->bus, address);
        for (size_t i = 0; device && device->group >= 0 && i < core->bus.n_devices; i++) {
                const SimDevice *other = &core->bus.devices[i];
                const SimDriver *driver = sim_bus_driver(&core->bus, other->driver);

                if (other->gone || other->group != device->group || !driver)
                        continue;
                has_vfio = has_vfio || other->vfio;
                foreign = foreign || (!driver->vfio && !other->bridge);
        }
        sim_core_unlock(core);
        if (!has_vfio)
                return -ENOENT;
        return foreign && core->bent != SIM_RULE_VIABLE ? 0 : 1;
}

static int describe(void *context, Function *function)
{
        const SimDevice *device = sim_bus_device(&sim_core(context)->bus, function->address);

        if (!device)
                return -ENOENT;
        function->id = device->id;
        function->class = device->class;
        function->iommu_group = device->group;
        return 0;
}

void sim_others_init(Sim *sim, Others *ret)
{
        *ret = (Others){
                sim, unplug, rescan, set_vfs, unload, udev, read_override, read_group, describe};
}
