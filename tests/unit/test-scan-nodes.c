/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-nodes.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "lib/tree.h"

#define DEVICE "sys/devices/pci/0000:01:00.0/"

typedef struct Trial {
        const char *driver, *vfio;
        struct {
                const char *path, *text;
        } files[4];
        const char *nodes; /* sorted by where they come from */
} Trial;

/* "226:0 226:128" */
static const char *nodes_text(const Nodes *nodes)
{
        char *text = arena_strdup(nodes->arena, "");

        for (size_t i = 0; i < nodes->n_items; i++) {
                cr_expect_eq(nodes->items[i].owner, 7);
                text = arena_printf(nodes->arena, "%s%s%u:%u", text, i ? " " : "",
                        major(nodes->items[i].number), minor(nodes->items[i].number));
        }
        return text;
}

static void try(const Trial *trial, size_t n)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Nodes nodes = {.arena = arena};
        const Function f = {
                .address = {.bus = 1},
                .iommu_group = 13,
                .binding = {.driver = trial->driver, .vfio_device = trial->vfio},
        };

        tree_add_function(tree, &(TreeFunction){.address = "0000:01:00.0",
                                        .vendor = 0x10de,
                                        .device = 0x1eb8,
                                        .class = 0x030000,
                                        .iommu_group = 13,
                                        .driver = trial->driver,
                                        .vfio = trial->vfio});
        for (size_t i = 0; i < ARRAY_SIZE(trial->files) && trial->files[i].path; i++)
                tree_set(tree, trial->files[i].path, trial->files[i].text);

        _cleanup_(root_done) Root root = tree_root(tree);

        scan_nodes(&root, &f, 7, &nodes);
        cr_expect_str_eq(nodes_text(&nodes), trial->nodes, "%zu: %s", n, nodes_text(&nodes));
}

Test(scan_nodes, of_all_kinds)
{
        static const Trial trials[] = {
                {"nouveau", NULL, {{NULL, NULL}}, ""},
                {"nouveau", NULL, {{DEVICE "drm/card0/dev", "226:0\n"}}, "226:0"},
                {"amdgpu", NULL,
                        {{DEVICE "drm/card0/card0-DP-1/i2c-9/i2c-dev/i2c-9/dev", "89:9\n"}},
                        "89:9"},
                {"xhci_hcd", NULL,
                        {{DEVICE "usb3/3-1/3-1:1.0/0003:046D:C52B.1/hidraw/hidraw0/dev",
                                "241:0\n"}},
                        "241:0"},
                {"snd_hda_intel", NULL, {{DEVICE "sound/card1/pcmC1D3p/dev", "116:5"}}, "116:5"},
                {"nouveau", NULL, {{DEVICE "drm/card0/dev", "garbled\n"}}, ""},
                /* VFIO: of its own, and of the group */
                {"vfio-pci", "vfio0", {{"sys/class/vfio/13/dev", "244:0\n"}}, "244:0"},
                {"vfio-pci", "vfio0", {{DEVICE "vfio-dev/vfio0/dev", "511:2\n"}}, "511:2"},
                {"vfio-pci", "vfio0", {{"sys/class/vfio/14/dev", "244:0\n"}}, ""},
                {"nouveau", NULL, {{"sys/class/vfio/13/dev", "244:0\n"}}, ""},
                /* nvidia.ko's own way */
                {"nvidia", NULL,
                        {{"proc/driver/nvidia/gpus/0000:01:00.0/information",
                                "Model: \t\t Tesla T4\nIRQ:   \t\t 34\nDevice Minor: \t 3\n"
                                "GPU Excluded:\t No\n"}},
                        "195:3"},
                {"nvidia", NULL,
                        {{"proc/driver/nvidia/gpus/0000:01:00.0/information", "Device Minor: -\n"}},
                        ""},
                {"nvidia", NULL,
                        {{"proc/driver/nvidia/gpus/0000:02:00.0/information",
                                "Device Minor: \t 3\n"}},
                        ""},
                {"nouveau", NULL,
                        {{"proc/driver/nvidia/gpus/0000:01:00.0/information",
                                "Device Minor: \t 3\n"}},
                        ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++)
                try(&trials[i], i);
}

/* A card's directory links to its driver, its group, its parent. */
Test(scan_nodes, links_are_not_followed)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Nodes nodes = {.arena = arena};
        const Function f = {.address = {.bus = 1}, .iommu_group = -1};

        tree_add_function(tree, &(TreeFunction){.address = "0000:01:00.0", .class = 0x030000});
        tree_set(tree, "sys/devices/pci/other/drm/card1/dev", "226:1\n");
        tree_set(tree, DEVICE "drm/card0/dev", "226:0\n");
        tree_link(tree, DEVICE "peer", "../other");
        tree_link(tree, DEVICE "drm/card0/device", "../../../other");

        _cleanup_(root_done) Root root = tree_root(tree);

        scan_nodes(&root, &f, 7, &nodes);
        cr_expect_str_eq(nodes_text(&nodes), "226:0");
}
