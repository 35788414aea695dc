/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host.h"

#include <string.h>

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

void host_add_warning(Host *host, const char *text)
{
        const char **warning = arena_push(host->arena, &host->warnings, &host->n_warnings);

        if (warning)
                *warning = text;
}

void host_leave_out(Host *host, Function *f, const char *why)
{
        f->unreadable = why;
        host_add_warning(host,
                arena_printf(host->arena, "%s is left out: %s", PCI_ADDRESS(f->address), why));
}

static int compare_with_address(const void *address, const void *function)
{
        return pci_address_compare(
                *(const PciAddress *)address, ((const Function *)function)->address);
}

const char *function_trouble(const Function *f)
{
        return f->unreadable ? f->unreadable : f->silent;
}

const Function *host_find(const Host *host, PciAddress address)
{
        if (host->n_functions == 0)
                return NULL;
        return bsearch(&address, host->functions, host->n_functions, sizeof(Function),
                compare_with_address);
}

/* The first function that does not stand before `address`; one past the last: there is none. */
static const Function *first_from(const Host *host, PciAddress address)
{
        const Function *from = host->functions;

        for (size_t n = host->n_functions; n > 0;) {
                const Function *middle = from + n / 2;

                if (pci_address_compare(middle->address, address) < 0) {
                        n -= n / 2 + 1;
                        from = middle + 1;
                } else
                        n /= 2;
        }
        return from;
}

const Function *host_next_in_slot(const Host *host, PciAddress address, const Function *after)
{
        const Function *f = after ? after + 1 : NULL;

        address.function = 0;
        if (!f)
                f = first_from(host, address);
        if (f == host->functions + host->n_functions || !pci_address_same_slot(f->address, address))
                return NULL;
        return f;
}

/* Up to the root bus, and down again. The links of another machine's tree may lead anywhere, or in
 * a circle: no hierarchy is deeper than a path is long. */
bool host_path(const Host *host, const Function *f, PciPath *ret)
{
        const Function *way[PCI_PATH_HOPS_MAX + 1] = {f};
        size_t n = 1;

        while (f->has_parent) {
                f = host_find(host, f->parent);
                if (!f || n == ARRAY_SIZE(way))
                        return false;
                way[n++] = f;
        }

        PciPath path = {.first = way[--n]->address};
        while (n > 0)
                pci_path_append(&path, way[--n]->address);
        *ret = path;
        return true;
}

bool function_is_display(const Function *f)
{
        return !f->unreadable && function_base_class(f) == PCI_CLASS_BASE_DISPLAY;
}

bool function_is_nvswitch(const Function *f)
{
        return !f->unreadable && !f->bridge && f->id.vendor == PCI_VENDOR_NVIDIA &&
               function_class(f) == PCI_CLASS_BRIDGE_OTHER;
}

bool function_is_gpu(const Function *f)
{
        return function_is_display(f) || function_is_nvswitch(f);
}

bool function_may_be_companion(const Function *f)
{
        unsigned class = function_class(f);

        return class == PCI_CLASS_AUDIO_HDA || class == PCI_CLASS_USB ||
               class == PCI_CLASS_SERIAL_OTHER;
}

bool function_may_carry_host(const Function *f)
{
        unsigned base = function_base_class(f);

        return base == PCI_CLASS_BASE_STORAGE || base == PCI_CLASS_BASE_NETWORK ||
               function_class(f) == PCI_CLASS_SD_HOST;
}

bool function_may_have_variant(const Function *f)
{
        return !f->unreadable && !f->virtual_function &&
               (function_is_gpu(f) || function_may_be_companion(f));
}

bool function_shares_group(const Function *const *functions, size_t n, const Function *f)
{
        for (size_t i = 0; i < n; i++)
                if (f->iommu_group >= 0 && functions[i]->iommu_group == f->iommu_group)
                        return true;
        return false;
}

bool binding_is_vfio(const Binding *binding)
{
        return binding->vfio_device || (binding->driver && strstr(binding->driver, "vfio"));
}

bool function_drives_monitor(const Function *f)
{
        unsigned class = function_class(f);

        return !function_trouble(f) && (class == PCI_CLASS_VGA || class == PCI_CLASS_DISPLAY_OTHER);
}
