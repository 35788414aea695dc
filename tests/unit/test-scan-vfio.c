/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "base/text.h"
#include "test-scan.h"

#define CATCH_ALL "vfio_pci:v*d*sv*sd*bc*sc*i*"
#define GRACE     "vfio_pci:v000010DEd00002342sv*sd*bc*sc*i*"

static const TreeFunction grace = {.address = "0009:01:00.0",
        .vendor = 0x10de,
        .device = 0x2342,
        .subsystem_vendor = 0x10de,
        .subsystem_device = 0x16eb,
        .class = 0x030200,
        .iommu_group = 1};

static Tree *machine(void)
{
        Tree *tree = tree_new();

        tree_add_function(tree, &grace);
        tree_add_module(tree, "vfio-pci", CATCH_ALL);
        return tree;
}

/* "x_vfio_pci/5, y_vfio_pci/6" */
static const char *drivers_text(const Host *host, size_t i)
{
        const Function *f = &host->functions[i];
        Text text = TEXT_IN(host->arena);

        for (size_t k = 0; k < f->n_vfio_drivers; k++) {
                const VfioDriver *driver = &f->vfio_drivers[k];

                text_separate(&text, ", ");
                text_add(&text, "%s/%u%s", driver->module, driver->wildcards,
                        driver->state == MODULE_PRESENT   ? " present"
                        : driver->state == MODULE_MISSING ? " missing"
                                                          : "");
        }
        return text.string;
}

#define SCANNED(name, tree) _cleanup_(host_freep) Host *name = scan(tree, 0)

Test(scan_vfio, most_machines_have_no_variant)
{
        _cleanup_(tree_freep) Tree *tree = machine();

        tree_depmod(tree, "");
        SCANNED(host, tree);
        cr_expect_str_empty(drivers_text(host, 0));
        cr_expect_eq(host->vfio_pci, MODULE_LOADABLE);
}

/* Who knows the card best stands first; one that knows it by two aliases counts by the better. */
Test(scan_vfio, best_first)
{
        static const char *const aliases[][2] = {
                {"z_vfio_pci", GRACE},
                {"nvidia-vendor", "vfio_pci:v000010DEd*sv*sd*bc*sc*i*"},
                {"b-board-vfio-pci", "vfio_pci:v000010DEd00002342sv000010DEsd000016EBbc*sc*i*"},
                {"a_vfio_pci", GRACE},
                {"other_model", "vfio_pci:v000010DEd00002345sv*sd*bc*sc*i*"},
                {"other_class", "vfio_pci:v000010DEd00002342sv*sd*bc03sc00i*"},
                {"native", "pci:v000010DEd00002342sv*sd*bc*sc*i*"},
                {"all-of-them", CATCH_ALL},
        };
        _cleanup_(tree_freep) Tree *tree = machine();

        for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
                tree_add_module(tree, aliases[i][0], aliases[i][1]);
        tree_depmod(tree, "");
        SCANNED(host, tree);
        cr_expect_str_eq(drivers_text(host, 0),
                "b_board_vfio_pci/3, a_vfio_pci/5, z_vfio_pci/5, nvidia_vendor/6, all_of_them/7",
                "%s", drivers_text(host, 0));
}

/* One that needs the host's own driver of the card serves the VFs of a card that stays. */
Test(scan_vfio, for_virtual_functions)
{
        _cleanup_(tree_freep) Tree *tree = machine();

        tree_add_module(tree, "native", "pci:v000010DEd00002342sv*sd*bc*sc*i*");
        tree_add_module(tree, "helper", NULL);
        tree_add_module_needing(tree, "a-vfio-pci", GRACE, "native");
        tree_add_module_needing(tree, "b-vfio-pci", GRACE, "helper");
        tree_add_module_needing(tree, "c-vfio-pci", GRACE, "a-vfio-pci");
        tree_depmod(tree, "");
        SCANNED(host, tree);
        const Function *f = &host->functions[0];

        cr_assert_str_eq(drivers_text(host, 0), "a_vfio_pci/5, b_vfio_pci/5, c_vfio_pci/5");
        cr_expect(f->vfio_drivers[0].for_vfs);
        cr_expect_not(f->vfio_drivers[1].for_vfs);
        cr_expect(f->vfio_drivers[2].for_vfs, "what it needs needs it");
}

/* No variant is looked for where none will be asked for: a NIC's, a VF's, a bridge's. */
Test(scan_vfio, of_what_may_be_handed_over)
{
        static const struct {
                unsigned vendor, class;
                const char *physfn;
                bool has;
        } cases[] = {
                {0x10de, 0x030000, NULL, true},
                {0x10de, 0x030200, NULL, true},
                {0x10de, 0x038000, NULL, true},
                {0x10de, 0x040300, NULL, true},
                {0x10de, 0x0c0330, NULL, true},
                {0x10de, 0x0c8000, NULL, true},
                {0x10de, 0x068000, NULL, true},
                {0x8086, 0x068000, NULL, false},
                {0x15b3, 0x020000, NULL, false},
                {0x144d, 0x010802, NULL, false},
                {0x10de, 0x030200, "0009:01:00.0", false},
        };
        _cleanup_(tree_freep) Tree *tree = machine();

        tree_add_module(tree, "any_vfio_pci", "vfio_pci:v*d00000001sv*sd*bc*sc*i*");
        tree_depmod(tree, "");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                tree_add_function(tree, &(TreeFunction){.address = "0009:02:00.0",
                                                .vendor = cases[i].vendor,
                                                .device = 1,
                                                .class = cases[i].class,
                                                .physfn = cases[i].physfn});
                SCANNED(host, tree);
                cr_expect_str_eq(drivers_text(host, 1), cases[i].has ? "any_vfio_pci/6" : "",
                        "%zu: %s", i, drivers_text(host, 1));
                tree_remove(tree, "sys/devices/pci/0009:02:00.0");
        }
}

Test(scan_vfio, states)
{
        _cleanup_(tree_freep) Tree *tree = machine();

        tree_add_module(tree, "x_vfio_pci", GRACE);
        tree_add_module(tree, "y_vfio_pci", GRACE);
        tree_depmod(tree, "");
        tree_set(tree, "sys/module/x_vfio_pci/initstate", "live\n");
        tree_set(tree, "sys/module/y_vfio_pci/initstate", "coming\n");
        SCANNED(host, tree);
        cr_expect_str_eq(drivers_text(host, 0), "x_vfio_pci/5 present, y_vfio_pci/5");
}

/* The kernel tells the aliases of what is built in by modules.builtin.modinfo. */
Test(scan_vfio, built_in)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_function(tree, &grace);
        tree_add_module(tree, "y_vfio_pci", "vfio_pci:v000010DEd*sv*sd*bc*sc*i*");
        tree_add_builtin_alias(tree, "x_vfio_pci", GRACE);
        tree_add_builtin_alias(tree, "vfio_pci", CATCH_ALL);
        tree_depmod(tree, "kernel/drivers/vfio/pci/vfio-pci.ko\n"
                          "kernel/drivers/vfio/pci/x_vfio_pci.ko\n");
        SCANNED(host, tree);
        cr_expect_eq(host->vfio_pci, MODULE_PRESENT);
        cr_expect(host->vfio_pci_built_in);
        cr_expect_str_eq(drivers_text(host, 0), "x_vfio_pci/5 present, y_vfio_pci/6", "%s",
                drivers_text(host, 0));
}

Test(scan_vfio, without_indexes_or_modalias)
{
        _cleanup_(tree_freep) Tree *tree = machine();

        tree_add_module(tree, "x_vfio_pci", GRACE);
        tree_depmod(tree, "");
        tree_remove(tree, "sys/devices/pci/0009:01:00.0/modalias");
        SCANNED(bare, tree);
        cr_expect_str_empty(drivers_text(bare, 0));
        tree_add_function(tree, &grace);
        tree_remove(tree, "lib/modules/" TREE_RELEASE "/modules.dep.bin");
        SCANNED(unindexed, tree);
        cr_expect_str_empty(drivers_text(unindexed, 0));
}

Test(scan_vfio, parameters_in_force)
{
        _cleanup_(tree_freep) Tree *tree = machine();

        tree_depmod(tree, "");
        SCANNED(unloaded, tree);
        cr_expect_eq(unloaded->n_vfio_parameters, 0);
        cr_expect_not(unloaded->vfio_pci_built_in);

        tree_set(tree, "sys/module/vfio_pci/initstate", "live\n");
        tree_set(tree, "sys/module/vfio_pci/parameters/disable_vga", "Y\n");
        tree_add_directory(tree, "sys/module/vfio_pci/parameters/no_file");
        SCANNED(loaded, tree);
        cr_assert_eq(loaded->n_vfio_parameters, 1);
        cr_expect_str_eq(loaded->vfio_parameters[0].name, "disable_vga");
        cr_expect_str_eq(loaded->vfio_parameters[0].value, "Y");
        cr_expect_not(loaded->vfio_pci_built_in);

        /* read anew, as after a load */
        _cleanup_(root_done) Root root = tree_root(tree);

        tree_set(tree, "sys/module/vfio_pci/parameters/disable_vga", "N\n");
        cr_assert_eq(scan_vfio_parameters(&root, loaded), 0);
        cr_assert_eq(loaded->n_vfio_parameters, 1);
        cr_expect_str_eq(loaded->vfio_parameters[0].value, "N");
}
