/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "lib/machine.h"
#include "lib/ops-script.h"

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

/* NAME MODULE [vfio] [loaded] [takes=VENDOR/CLASS] */
static void add_driver(SimBus *bus, char *text)
{
        char *name = strsep(&text, " "), *module = strsep(&text, " ");
        SimDriver *driver = sim_bus_driver(bus, name);
        unsigned vendor = 0, class = 0;

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
                else if (sscanf(word, "takes=%x/%x", &vendor, &class) != 2)
                        errx(1, "driver %s: \"%s\" is not known", name, word);
        driver->vendor = (uint16_t)vendor;
        driver->class = class;
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
        core->override_waits = major < 6 || (major == 6 && minor < 12);
        return sim;
}
