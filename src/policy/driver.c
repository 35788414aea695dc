/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/driver.h"

#include "base/driver-name.h"
#include "base/text.h"

/* In the alias of vfio-pci itself, one for each field of a modalias: who has no fewer knows no card
 * in particular. */
#define CATCH_ALL_WILDCARDS 7

static bool is_vfio_pci(const char *driver)
{
        return driver_name_equal(driver, DRIVER_VFIO_PCI);
}

static const VfioDriver *find(const Function *f, const char *driver)
{
        for (size_t i = 0; i < f->n_vfio_drivers; i++)
                if (driver_name_equal(f->vfio_drivers[i].module, driver))
                        return &f->vfio_drivers[i];
        return NULL;
}

static const char *best(const Function *f)
{
        for (size_t i = 0; i < f->n_vfio_drivers; i++)
                if (!f->vfio_drivers[i].for_vfs &&
                        f->vfio_drivers[i].wildcards < CATCH_ALL_WILDCARDS)
                        return f->vfio_drivers[i].module;
        return DRIVER_VFIO_PCI;
}

const char *driver_wanted(const Claim *claim, const Function *f)
{
        const char *named = claim->entry->driver;
        bool gpu = function_is_gpu(f) && pci_address_same_slot(f->address, claim->display->address);

        if (named && is_vfio_pci(named))
                return DRIVER_VFIO_PCI;
        if (!named || !gpu)
                return best(f);

        const VfioDriver *driver = find(f, named);

        return driver ? driver->module : named;
}

ModuleState driver_state(const Host *host, const Function *f, const char *driver)
{
        const VfioDriver *variant = find(f, driver);

        if (is_vfio_pci(driver))
                return host->vfio_pci;
        return variant ? variant->state : MODULE_MISSING;
}

const char *driver_module(const char *driver)
{
        return is_vfio_pci(driver) ? DRIVER_VFIO_PCI_MODULE : driver;
}

static void add_candidate(Text *text, const char *driver, ModuleState state)
{
        if (state == MODULE_MISSING)
                return;
        text_separate(text, ", ");
        text_add(text, "%s", driver);
}

const char *driver_candidates(const Host *host, const Function *f, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < f->n_vfio_drivers; i++)
                add_candidate(&text, f->vfio_drivers[i].module, f->vfio_drivers[i].state);
        add_candidate(&text, DRIVER_VFIO_PCI, host->vfio_pci);
        return text_is_empty(&text) ? "none" : text.string;
}
