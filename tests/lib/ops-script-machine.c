/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "lib/machine.h"
#include "lib/ops-script.h"

static void mark_vf(const MachineFunction *from, void *context)
{
        SimDevice *device = sim_bus_device(context, from->address);

        if (!*from->physfn)
                return;
        if (!device || pci_address_parse(from->physfn, &device->pf, NULL) < 0)
                errx(1, "a VF is of a PF: \"%s\"", from->physfn);
        device->is_vf = device->gone = true;
}

static void add_function(const MachineFunction *from, void *context)
{
        Host *host = context;
        Function *f = arena_push(host->arena, &host->functions, &host->n_functions);

        *f = (Function){
                .address = from->address,
                .id = from->id,
                .class = from->class,
                .bridge = from->bridge,
                .iommu_group = from->group ? from->group : -1,
                .settings.d3cold = *from->d3cold ? *from->d3cold == '1' : -1,
        };
        if (*from->driver)
                f->binding.driver = arena_strdup(host->arena, from->driver);
        if (*from->reset_method)
                f->settings.reset_method = arena_strdup(host->arena, from->reset_method);
}

static bool read_takes(const char *word, SimDriver *driver)
{
        unsigned vendor = 0, class = 0;
        PciId id = {0};

        if (sscanf(word, "takes=%x/%x", &vendor, &class) == 2)
                driver->class = class;
        else if (strncmp(word, "takes=", 6) == 0 && pci_id_parse(word + 6, &id) == 0)
                driver->device = id.device;
        else
                return false;
        driver->vendor = id.vendor ? id.vendor : (uint16_t)vendor;
        return true;
}

/* NAME MODULE [vfio] [loaded] [takes=VENDOR/CLASS|ID] [vfs|leaves-vfs] */
static void add_driver(SimBus *bus, char *text)
{
        char *name = strsep(&text, " "), *module = strsep(&text, " ");
        SimDriver *driver = sim_bus_driver(bus, name);

        if (!module)
                errx(1, "a driver has a name and a module: \"%s\"", name);
        if (driver) /* of a function that has it already */
                snprintf(driver->module, sizeof(driver->module), "%s", module);
        else
                driver = sim_bus_add_driver(bus, name, module, false);
        for (char *word; (word = strsep(&text, " "));)
                if (strcmp(word, "vfio") == 0)
                        driver->vfio = true;
                else if (strcmp(word, "loaded") == 0)
                        sim_bus_register(bus, name);
                else if (strcmp(word, "vfs") == 0)
                        driver->vfs = SIM_VFS_END;
                else if (strcmp(word, "leaves-vfs") == 0)
                        driver->vfs = SIM_VFS_STAY;
                else if (!read_takes(word, driver))
                        errx(1, "driver %s: \"%s\" is not known", name, word);
}

Sim *ops_script_machine(const char *script, unsigned major, unsigned minor)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host host = {.arena = arena};
        char line[MACHINE_LINE];

        for (const char *rest = script; machine_next_line(&rest, line);)
                if (strncmp(line, "function ", 9) == 0)
                        (void)machine_read_functions(line + 9, add_function, &host);

        Sim *sim = sim_new_bare(&host);
        SimCore *core = sim_core(sim);
        for (const char *rest = script; machine_next_line(&rest, line);)
                if (strncmp(line, "driver ", 7) == 0)
                        add_driver(&core->bus, line + 7);
                else if (strncmp(line, "function ", 9) == 0)
                        (void)machine_read_functions(line + 9, mark_vf, &core->bus);
        core->override_waits = major < 6 || (major == 6 && minor < 12);
        return sim;
}
