/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sim-bus.h"

#include <assert.h>
#include <string.h>

#include "base/driver-name.h"
#include "base/text.h"

SimDevice *sim_bus_device(SimBus *bus, PciAddress address)
{
        for (size_t i = 0; i < bus->n_devices; i++)
                if (!bus->devices[i].gone &&
                        pci_address_compare(bus->devices[i].address, address) == 0)
                        return &bus->devices[i];
        return NULL;
}

SimDriver *sim_bus_driver(SimBus *bus, const char *name)
{
        for (size_t i = 0; i < bus->n_drivers; i++)
                if (bus->drivers[i].registered && strcmp(bus->drivers[i].name, name) == 0)
                        return &bus->drivers[i];
        return NULL;
}

SimDriver *sim_bus_driver_called(SimBus *bus, const char *name)
{
        for (size_t i = 0; i < bus->n_drivers; i++)
                if (bus->drivers[i].registered && driver_name_equal(bus->drivers[i].name, name))
                        return &bus->drivers[i];
        return NULL;
}

SimDriver *sim_bus_driver_of(SimBus *bus, const char *module)
{
        for (size_t i = 0; i < bus->n_drivers; i++)
                if (strcmp(bus->drivers[i].module, module) == 0)
                        return &bus->drivers[i];
        return NULL;
}

const SimDriver *sim_bus_driver_at(const SimBus *bus, unsigned place)
{
        for (size_t i = 0; i < bus->n_drivers; i++)
                if (bus->drivers[i].registered == place)
                        return &bus->drivers[i];
        return NULL;
}

static void enlist(SimBus *bus, SimDriver *driver)
{
        driver->registered = ++bus->n_registered;
}

SimDriver *sim_bus_add_driver(SimBus *bus, const char *name, const char *module, bool registered)
{
        SimDriver *driver = &bus->drivers[bus->n_drivers++];

        assert(bus->n_drivers <= ARRAY_SIZE(bus->drivers));
        snprintf(driver->name, sizeof(driver->name), "%s", name);
        snprintf(driver->module, sizeof(driver->module), "%s", module);
        if (registered)
                enlist(bus, driver);
        return driver;
}

void sim_bus_register(SimBus *bus, const char *name)
{
        for (size_t i = 0; i < bus->n_drivers; i++) {
                SimDriver *driver = &bus->drivers[i];

                if (strcmp(driver->name, name) != 0)
                        continue;
                if (!driver->registered)
                        enlist(bus, driver);
                return;
        }
        (void)sim_bus_add_driver(bus, name, "", true);
}

bool sim_bus_has_in_table(const SimDriver *driver, const SimDevice *device)
{
        if (driver->device)
                return driver->vendor == device->id.vendor && driver->device == device->id.device;
        if (!driver->class || (driver->vendor && driver->vendor != device->id.vendor))
                return false;
        return driver->class == device->class >> 16 || driver->class == device->class >> 8;
}

/* pci_match_device() of drivers/pci/pci-driver.c */
bool sim_bus_matches(const SimDriver *driver, const SimDevice *device)
{
        if (*device->override)
                return strcmp(device->override, driver->name) == 0;
        for (size_t i = 0; i < driver->n_ids; i++)
                if (driver->ids[i].vendor == device->id.vendor &&
                        driver->ids[i].device == device->id.device)
                        return true;
        return sim_bus_has_in_table(driver, device);
}

/* vfio_pci_core_register_device() of drivers/vfio/pci/vfio_pci_core.c, in its order */
int sim_bus_probe(const SimDriver *driver, SimDevice *device, bool wants_group)
{
        int r = !driver->vfio                      ? 0
                : device->bridge                   ? -EINVAL
                : device->enabled_vfs              ? -EBUSY
                : device->group < 0 && wants_group ? -EINVAL
                                                   : 0;

        strcpy(device->driver, r == 0 ? driver->name : "");
        device->vfio = r == 0 && driver->vfio;
        return r;
}

void sim_bus_set_ids(SimDriver *driver, const char *options)
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

void sim_bus_enlist(SimBus *bus, SimDriver *driver, const char *options)
{
        enlist(bus, driver);
        sim_bus_set_ids(driver, options);
}

void sim_bus_forget(SimDriver *driver, PciId id)
{
        size_t kept = 0;

        for (size_t i = 0; i < driver->n_ids; i++)
                if (driver->ids[i].vendor != id.vendor || driver->ids[i].device != id.device)
                        driver->ids[kept++] = driver->ids[i];
        driver->n_ids = kept;
}

SimVfs sim_bus_vfs_of(SimBus *bus, const SimDevice *pf)
{
        const SimDriver *driver = sim_bus_driver(bus, pf->driver);

        return driver ? driver->vfs : SIM_VFS_NONE;
}

bool sim_bus_is_vf_of(const SimDevice *device, const SimDevice *pf)
{
        return device->is_vf && pci_address_compare(device->pf, pf->address) == 0;
}

unsigned sim_bus_total_vfs(const SimBus *bus, const SimDevice *pf)
{
        unsigned n = 0;

        for (size_t i = 0; i < bus->n_devices; i++)
                n += sim_bus_is_vf_of(&bus->devices[i], pf);
        return n;
}

/* reset_method_store() of drivers/pci/pci.c */
int sim_bus_store_reset_method(SimDevice *device, const char *methods)
{
        char copy[64] = "", *rest = copy;

        if (!*device->reset_methods)
                return -ENOENT;
        snprintf(copy, sizeof(copy), "%s", methods);
        for (char *word; (word = strsep(&rest, " "));)
                if (!text_has_word(device->reset_methods, word))
                        return -EINVAL;
        snprintf(device->reset_method, sizeof(device->reset_method), "%s", methods);
        return 0;
}
