/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/trace.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

#include "host/scan.h"
#include "lib/tree.h"

/* "look PATH", "read PATH" or "list PATH", with "link" before the path of what was not followed. */
static bool saw(const Trace *trace, const char *what)
{
        static const char *const kinds[] = {
                [TRACE_LOOK] = "look",
                [TRACE_LIST] = "list",
                [TRACE_READ] = "read",
        };

        for (size_t i = 0; i < trace->n_items; i++) {
                const TraceItem *item = &trace->items[i];
                char text[512];

                snprintf(text, sizeof(text), "%s %s%s", kinds[item->kind],
                        item->follow ? "" : "link ", item->path);
                if (strcmp(text, what) == 0)
                        return true;
        }
        return false;
}

static void scan(const Root *root)
{
        _cleanup_free_ char *message = NULL;
        _cleanup_(host_freep) Host *host = NULL;

        cr_assert(scan_host(root, SCAN_RELEASED, &host, &message) == 0, "%s", message);
}

static Tree *make_machine(void)
{
        Tree *tree = tree_new();

        tree_add_function(tree, &(TreeFunction){.address = "0000:01:00.0",
                                        .vendor = 0x10de,
                                        .device = 0x26b1,
                                        .class = 0x030000,
                                        .iommu_group = 13,
                                        .driver = "nouveau"});
        tree_set(tree, "etc/modprobe.d/a.conf", "blacklist nouveau\n");
        tree_set(tree, "etc/modprobe.d/a.conf.bak", "");
        tree_set(tree, "usr/lib/kernel/install.conf", "layout=uki\n");
        tree_depmod(tree, "");
        return tree;
}

Test(trace, has_all_that_a_scan_looks_at)
{
        static const char *const seen[] = {
                "list sys/bus/pci/devices",
                "look sys/bus/pci/devices/0000:01:00.0",
                "look link sys/bus/pci/devices/0000:01:00.0",
                "read link sys/devices/pci/0000:01:00.0/vendor",
                "look link sys/devices/pci/0000:01:00.0/driver",
                "look link sys/devices/pci/0000:01:00.0/iommu_group",
                "look link sys/devices/pci/0000:01:00.0/physfn",
                "list link sys/devices/pci/0000:01:00.0/vfio-dev",
                "read proc/cmdline",
                "read proc/iomem",
                "look proc/vmcore",
                "look link etc/systemd/system/sysinit.target.wants/vfio-gpu.service",
                "read etc/kernel/install.conf",
                "read usr/lib/kernel/install.conf",
                "read etc/modprobe.d/a.conf",
                "read usr/lib/modules/" TREE_RELEASE "/modules.alias.bin",
                "read run/vfio-gpu/released",
        };
        _cleanup_(tree_freep) Tree *tree = make_machine();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Trace trace = {0};

        cr_assert(trace_begin(&trace, root.fd, arena) == 0);
        scan(&root);
        trace_end(&trace);
        for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
                cr_expect(saw(&trace, seen[i]), "%s", seen[i]);
        cr_expect_not(saw(&trace, "read etc/modprobe.d/a.conf.bak"));
        cr_expect_not(saw(&trace, "read link sys/devices/pci/0000:01:00.0/uevent"));
}

Test(trace, sees_only_what_is_below_its_root)
{
        _cleanup_(tree_freep) Tree *tree = make_machine(), *other = make_machine();
        _cleanup_(root_done) Root root = tree_root(tree), elsewhere = tree_root(other);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Trace trace = {0};

        cr_assert(trace_begin(&trace, root.fd, arena) == 0);
        scan(&elsewhere);
        cr_expect(trace.n_items == 0);
        cr_expect(root_exists(&root, "no/such/thing") == false);
        cr_expect(trace.n_items == 1 && saw(&trace, "look no/such/thing"));
        trace_end(&trace);
        scan(&root);
        cr_expect(trace.n_items == 1, "it is over");
}
