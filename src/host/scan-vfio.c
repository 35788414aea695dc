/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-vfio.h"

#include <fnmatch.h>
#include <string.h>

#include "base/driver-name.h"
#include "host/scan.h"

#define VFIO_PCI     "vfio_pci"
#define ALIAS_PREFIX VFIO_PCI ":"

typedef struct Aliases {
        ModuleAlias *items;
        size_t n_items;
} Aliases;

typedef struct VfioScan {
        const Root *root;
        const Modules *modules;
        Host *host;
        Aliases built_in;
        Aliases loadable; /* read when the first function turns out to have any */
        bool loadable_read;
} VfioScan;

/* VFIO wants one of these to map a guest's memory with; one that is present wins. */
static void read_iommu_backend(const Modules *modules, Host *host)
{
        static const char *const backends[] = {
                "vfio_iommu_type1",
                "vfio_iommu_spapr_tce",
                "iommufd",
        };

        for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
                ModuleState state = modules_state(modules, backends[i]);

                if (state > host->iommu_backend) {
                        host->iommu_backend = state;
                        host->iommu_backend_module = backends[i];
                }
        }
}

static bool is_among(const char *const *lines, size_t n, const char *line)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(lines[i], line) == 0)
                        return true;
        return false;
}

/* A line of modprobe.d that would run a command where `module` is to be loaded. */
static void read_install_line(
        const Modules *modules, const char *module, ModuleState state, Host *host)
{
        const char *line = state == MODULE_LOADABLE
                                   ? modules_install_line(modules, module, host->arena)
                                   : NULL;
        const char **item = NULL;

        if (line && !is_among(host->install_lines, host->n_install_lines, line))
                item = arena_push(host->arena, &host->install_lines, &host->n_install_lines);
        if (item)
                *item = line;
}

static int read_aliases(const VfioScan *scan, bool built_in, Aliases *aliases)
{
        return modules_aliases(scan->modules, built_in, ALIAS_PREFIX, scan->host->arena,
                &aliases->items, &aliases->n_items);
}

static unsigned count_wildcards(const char *pattern)
{
        unsigned n = 0;

        for (; (pattern = strpbrk(pattern, "*?[")); pattern++)
                n++;
        return n;
}

static VfioDriver *find_driver(Function *f, const char *module)
{
        for (size_t i = 0; i < f->n_vfio_drivers; i++)
                if (strcmp(f->vfio_drivers[i].module, module) == 0)
                        return &f->vfio_drivers[i];
        return NULL;
}

/* A driver that knows the card by more than one alias counts by its best. */
static int add_driver(const VfioScan *scan, const ModuleAlias *alias, Function *f)
{
        unsigned wildcards = count_wildcards(alias->pattern);
        VfioDriver *driver = find_driver(f, alias->module);

        if (driver) {
                if (wildcards < driver->wildcards)
                        driver->wildcards = wildcards;
                return 0;
        }
        driver = arena_push(scan->host->arena, &f->vfio_drivers, &f->n_vfio_drivers);
        if (!driver)
                return -ENOMEM;
        *driver = (VfioDriver){
                .module = alias->module,
                .wildcards = wildcards,
                .for_vfs = modules_needs_one_of(
                        scan->modules, alias->module, f->modules, f->n_modules),
                .state = modules_state(scan->modules, alias->module),
        };
        read_install_line(scan->modules, driver->module, driver->state, scan->host);
        return 0;
}

static int add_matches(const VfioScan *scan, const Aliases *aliases, const char *alias, Function *f)
{
        for (size_t i = 0; i < aliases->n_items; i++) {
                int r = 0;

                if (!driver_name_equal(aliases->items[i].module, VFIO_PCI) &&
                        fnmatch(aliases->items[i].pattern, alias, 0) == 0)
                        r = add_driver(scan, &aliases->items[i], f);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The index of all modules' aliases is large, and most machines have no variant for any card. */
static int has_variant(const VfioScan *scan, const char *alias)
{
        const char **names = NULL;
        size_t n = 0;
        int r = modules_for_alias(scan->modules, alias, scan->host->arena, &names, &n);

        if (r < 0)
                return r;
        return n > 1 || (n == 1 && strcmp(names[0], VFIO_PCI) != 0);
}

static int compare_drivers(const void *a, const void *b)
{
        const VfioDriver *x = a, *y = b;

        if (x->wildcards != y->wildcards)
                return x->wildcards < y->wildcards ? -1 : 1;
        return strcmp(x->module, y->module);
}

/* The function's modalias with its bus replaced, to be freed; NULL when it has none. */
static int read_alias(const VfioScan *scan, const Function *f, char **ret)
{
        char path[sizeof("sys/bus/pci/devices//modalias") + PCI_ADDRESS_SIZE];
        _cleanup_free_ char *modalias = NULL;

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/modalias", PCI_ADDRESS(f->address));
        if (root_read(scan->root, path, 512, &modalias) < 0 || strncmp(modalias, "pci:", 4) != 0) {
                *ret = NULL;
                return 0;
        }
        return asprintf(ret, ALIAS_PREFIX "%s", modalias + 4) < 0 ? -ENOMEM : 0;
}

static int read_drivers(VfioScan *scan, Function *f)
{
        _cleanup_free_ char *alias = NULL;
        int r = read_alias(scan, f, &alias);

        if (r < 0 || !alias)
                return r;
        r = scan->loadable_read ? 0 : has_variant(scan, alias);
        if (r > 0) {
                scan->loadable_read = true;
                r = read_aliases(scan, false, &scan->loadable);
        }
        if (r == 0)
                r = add_matches(scan, &scan->loadable, alias, f);
        if (r == 0)
                r = add_matches(scan, &scan->built_in, alias, f);
        if (r == 0 && f->n_vfio_drivers > 0)
                qsort(f->vfio_drivers, f->n_vfio_drivers, sizeof(VfioDriver), compare_drivers);
        return r;
}

int scan_vfio_parameters(const Root *root, Host *host)
{
        return modules_parameters(
                root, VFIO_PCI, host->arena, &host->vfio_parameters, &host->n_vfio_parameters);
}

int scan_vfio(const Root *root, const Modules *modules, Host *host)
{
        VfioScan scan = {.root = root, .modules = modules, .host = host};
        int r = read_aliases(&scan, true, &scan.built_in);

        host->vfio_pci = modules_state(modules, VFIO_PCI);
        host->vfio_pci_built_in = modules_is_built_in(modules, VFIO_PCI);
        if (r == 0)
                r = scan_vfio_parameters(root, host);
        read_install_line(modules, VFIO_PCI, host->vfio_pci, host);
        read_iommu_backend(modules, host);
        read_install_line(modules, host->iommu_backend_module, host->iommu_backend, host);
        for (size_t i = 0; i < host->n_functions && r == 0; i++)
                if (function_may_have_variant(&host->functions[i]))
                        r = read_drivers(&scan, &host->functions[i]);
        return r;
}
