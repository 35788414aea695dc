/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include "base/driver-name.h"

Host *host_new(void)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host *host = arena ? arena_alloc(arena, sizeof(Host)) : NULL;

        if (host)
                host->arena = TAKE_PTR(arena);
        return host;
}

void host_free(Host *host)
{
        if (host)
                arena_free(host->arena);
}

bool binding_is_on(const Binding *binding, const char *driver)
{
        return binding->driver && driver_name_equal(binding->driver, driver);
}

static int compare_with_address(const void *address, const void *function)
{
        return pci_address_compare(
                *(const PciAddress *)address, ((const Function *)function)->address);
}

const Function *host_find(const Host *host, PciAddress address)
{
        if (host->n_functions == 0)
                return NULL;
        return bsearch(&address, host->functions, host->n_functions, sizeof(Function),
                compare_with_address);
}

bool function_is_display(const Function *f)
{
        return !f->unreadable && function_base_class(f) == PCI_CLASS_BASE_DISPLAY;
}

bool function_shares_group(const Function *const *functions, size_t n, const Function *f)
{
        for (size_t i = 0; i < n; i++)
                if (f->iommu_group >= 0 && functions[i]->iommu_group == f->iommu_group)
                        return true;
        return false;
}
