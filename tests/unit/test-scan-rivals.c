/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-rivals.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "host/scan-recipes.h"
#include "host/scan.h"
#include "host/trace.h"
#include "lib/tree.h"

static const char *describe(const Host *host, Arena *arena)
{
        static const char *const kinds[_RIVAL_KIND_MAX] = {
                [RIVAL_IDS] = "ids",
                [RIVAL_STUB_IDS] = "stub",
                [RIVAL_LOADS] = "loads",
                [RIVAL_KEEPS_OFF] = "keeps-off",
                [RIVAL_HIDES] = "hides",
                [RIVAL_DRIVERCTL] = "driverctl",
                [RIVAL_SCRIPT] = "script",
                [RIVAL_OPERATOR] = "operator",
        };
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < host->n_rivals; i++) {
                const Rival *rival = &host->rivals[i];

                text_separate(&text, "; ");
                text_add(&text, "%s%s", rival->on_cmdline ? "word " : "", kinds[rival->kind]);
                if (rival->file)
                        text_add(&text, " %s:%u", rival->file, rival->line);
                if (rival->value)
                        text_add(&text, " %s", rival->value);
                if (rival->kind == RIVAL_DRIVERCTL)
                        text_add(&text, " %s", PCI_ADDRESS(rival->address));
        }
        return text.string;
}

typedef void (*Look)(const Root *root, Host *host, unsigned flags);

static void expect(Look look, const Tree *tree, const char *cmdline, const char *expected)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host host = {.arena = arena, .cmdline = cmdline};

        look(&root, &host, 0);
        cr_expect_not(arena_failed(arena));
        const char *found = describe(&host, arena);
        cr_expect_str_eq(found, expected, "%s: %s", cmdline, found);
}

Test(scan_rivals, words)
{
        static const struct {
                const char *cmdline, *expected;
        } rows[] = {
                {"", ""},
                {"quiet vfio_gpu=0 intel_iommu=on", ""},
                {"vfio-pci.ids=10de:1,10de:2", "word ids 10de:1,10de:2"},
                {"a vfio_pci.ids=10de:1 b", "word ids 10de:1"},
                {"\"vfio-pci.ids=10de:1\"", "word ids 10de:1"},
                {"vfio-pci.ids", ""},
                {"xvfio-pci.ids=1", ""},
                {"vfio-pci.disable_vga=1", ""},
                {"pci-stub.ids=10de:1", "word stub 10de:1"},
                {"rd.driver.pre=vfio-pci", "word loads vfio-pci"},
                {"rd.driver.pre=a,vfio_pci,b", "word loads vfio_pci"},
                {"rd.driver.pre=vfio", ""},
                {"rd.driver.pre=nouveau", ""},
                {"modules_load=vfio-pci", "word loads vfio-pci"},
                {"modprobe.blacklist=nouveau,nvidiafb",
                        "word keeps-off nouveau; word keeps-off nvidiafb"},
                {"rd.driver.blacklist=nouveau", "word keeps-off nouveau"},
                {"module_blacklist=nouveau,,", "word keeps-off nouveau"},
                {"module_blacklist=\e[2J", ""},
        };
        _cleanup_(tree_freep) Tree *tree = tree_new();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect(scan_rivals, tree, rows[i].cmdline, rows[i].expected);
}

Test(scan_rivals, where_words_come_from)
{
        static const struct {
                const char *file, *text, *place;
        } rows[] = {
                {"etc/default/grub", "A=1\nGRUB_CMDLINE_LINUX=\"quiet pci-stub.ids=1:2\"\n",
                        "/etc/default/grub:2"},
                {"etc/default/grub", "GRUB_CMDLINE_LINUX=pci-stub.ids=1:2", "/etc/default/grub:1"},
                {"etc/default/grub", "# pci-stub.ids=1:2\n", NULL},
                {"etc/default/grub", "GRUB_CMDLINE_LINUX=\"pci-stub.ids=1:2,3:4\"", NULL},
                {"etc/default/grub", "GRUB_CMDLINE_LINUX=\"xpci-stub.ids=1:2\"", NULL},
                {"etc/default/grub.d/50-gpu.cfg", "X=\"$X pci-stub.ids=1:2\"",
                        "/etc/default/grub.d/50-gpu.cfg:1"},
                {"etc/kernel/cmdline", "root=/dev/sda1 pci-stub.ids=1:2 quiet\n",
                        "/etc/kernel/cmdline:1"},
                {"boot/loader/entries/a.conf", "title A\noptions pci-stub.ids=1:2\n",
                        "/boot/loader/entries/a.conf:2"},
                {"usr/lib/bootc/kargs.d/g.toml", "kargs = [\"pci-stub.ids=1:2\"]",
                        "/usr/lib/bootc/kargs.d/g.toml:1"},
                {"etc/dracut.conf.d/g.conf", "kernel_cmdline+=\" pci-stub.ids=1:2 \"",
                        "/etc/dracut.conf.d/g.conf:1"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_free_ char *expected = NULL;

                tree_set(tree, rows[i].file, rows[i].text);
                cr_assert(asprintf(&expected, "word stub%s%s 1:2", rows[i].place ? " " : "",
                                  rows[i].place ? rows[i].place : "") > 0);
                expect(scan_rivals, tree, "pci-stub.ids=1:2", expected);
        }
}

Test(scan_rivals, driverctl)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_set(tree, "etc/driverctl.d/pci-0000:02:00.0", "vfio-pci\n");
        tree_set(tree, "etc/driverctl.d/pci-0000:01:00.0", "none\n");
        tree_set(tree, "etc/driverctl.d/pci-0000:03:00.0", "\n");
        tree_set(tree, "etc/driverctl.d/pci-0000:04:00.0", "\e[2J\n");
        tree_set(tree, "etc/driverctl.d/pci-0000:05:00", "vfio-pci\n");
        tree_set(tree, "etc/driverctl.d/vmbus-0000:05:00.0", "vfio-pci\n");
        tree_set(tree, "etc/driverctl.d/pci-\e[2J", "vfio-pci\n");
        expect(scan_rivals, tree, "",
                "driverctl /etc/driverctl.d/pci-0000:01:00.0:0 none 0000:01:00.0; "
                "driverctl /etc/driverctl.d/pci-0000:02:00.0:0 vfio-pci 0000:02:00.0");
}

Test(scan_rivals, pods_of_the_gpu_operator)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_add_directory(tree, "var/log/pods/ns_web-1_uid/nginx");
        tree_add_directory(tree, "var/log/pods/nvidia-vfio-manager");
        expect(scan_rivals, tree, "", "");
        tree_add_directory(tree, "var/log/pods/ns_nvidia-driver-ds-x_uid/k8s-driver-manager");
        tree_add_directory(tree, "var/log/pods/ns_nvidia-driver-ds-x_uid/nvidia-driver-ctr");
        expect(scan_rivals, tree, "", "operator k8s-driver-manager");
        tree_add_directory(tree, "var/log/pods/ns_nvidia-vfio-manager-y_uid/k8s-driver-manager");
        tree_add_directory(tree, "var/log/pods/ns_nvidia-vfio-manager-y_uid/nvidia-vfio-manager");
        expect(scan_rivals, tree, "", "operator k8s-driver-manager; operator nvidia-vfio-manager");
}

Test(scan_recipes, lines)
{
        static const struct {
                const char *file, *text, *expected;
        } rows[] = {
                {"etc/modprobe.d/a.conf", "options vfio-pci ids=1:2 disable_vga=1\n",
                        "ids /etc/modprobe.d/a.conf:1 1:2"},
                {"etc/modprobe.d/a.conf", "#\noptions vfio_pci \\\n ids=1:2\n",
                        "ids /etc/modprobe.d/a.conf:2 1:2"},
                {"etc/modprobe.d/a.conf", "options vfio-pci ids=1:2 ids=3:4\n",
                        "ids /etc/modprobe.d/a.conf:1 3:4"},
                {"etc/modprobe.d/a.conf", "options vfio-pci disable_vga=1\n", ""},
                {"etc/modprobe.d/a.conf", "options vfio-pci ids=\n", ""},
                {"etc/modprobe.d/a.conf", "options other ids=1:2\n", ""},
                {"etc/modprobe.d/a.conf", "options pci-stub ids=1:2\n",
                        "stub /etc/modprobe.d/a.conf:1 1:2"},
                {"etc/modprobe.d/a.conf", "softdep nvidia pre: vfio-pci\n",
                        "loads /etc/modprobe.d/a.conf:1 nvidia"},
                {"etc/modprobe.d/a.conf", "softdep nvidia pre: vfio post: x\n", ""},
                {"etc/modprobe.d/a.conf", "blacklist nouveau\nblacklist\n",
                        "keeps-off /etc/modprobe.d/a.conf:1 nouveau"},
                {"etc/modprobe.d/a.conf", "install nouveau /bin/false\n",
                        "keeps-off /etc/modprobe.d/a.conf:1 nouveau"},
                {"etc/modprobe.d/a.conf", "install nouveau modprobe -i nouveau\n", ""},
                {"etc/modprobe.d/a.conf", "alias a vfio-pci\nremove vfio-pci x\n", ""},
                {"etc/modprobe.d/a.conf.off", "blacklist nouveau\n", ""},
                {"run/modprobe.d/vfio-gpu.conf", "blacklist nouveau\n", ""},
                {"etc/modprobe.d/vfio-gpu.conf", "# nothing\n",
                        "hides /etc/modprobe.d/vfio-gpu.conf:0"},
                {"usr/lib/modprobe.d/vfio-gpu.conf", "# nothing\n", ""},
                {"etc/modules-load.d/v.conf", "# vfio-pci\nvfio\nvfio_pci\n",
                        "loads /etc/modules-load.d/v.conf:3 vfio_pci"},
                {"etc/initramfs-tools/modules", "vfio-pci ids=1:2,3:4\n",
                        "ids /etc/initramfs-tools/modules:1 1:2,3:4"},
                {"etc/initramfs-tools/modules", "vfio-pci\n",
                        "loads /etc/initramfs-tools/modules:1 vfio-pci"},
                {"etc/dracut.conf", "force_drivers+=\" vfio vfio-pci \"\n",
                        "loads /etc/dracut.conf:1 vfio-pci"},
                {"etc/dracut.conf.d/a.conf", "add_drivers+=\" vfio-pci \"\n", ""},
                {"etc/initramfs-tools/scripts/init-top/gpu",
                        "#!/bin/sh\necho vfio-pci > /sys/$DEV/driver_override\n"
                        "echo vfio-pci > /sys/$OTHER/driver_override\n",
                        "script /etc/initramfs-tools/scripts/init-top/gpu:2"},
                {"etc/udev/rules.d/1.rules", "KERNEL==\"x\", ATTR{driver_override}=\"vfio-pci\"\n",
                        "script /etc/udev/rules.d/1.rules:1"},
                {"etc/udev/rules.d/1.rules", "# driver_override\n", ""},
                {"etc/systemd/system/v.service",
                        "ExecStart=/bin/sh -c 'echo 1 2 > /sys/bus/pci/drivers/vfio-pci/new_id'\n",
                        "script /etc/systemd/system/v.service:1"},
                {"etc/libvirt/hooks/qemu", "virsh nodedev-reattach pci_0000_01_00_0\n",
                        "script /etc/libvirt/hooks/qemu:1"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                tree_set(tree, rows[i].file, rows[i].text);
                expect(scan_recipes, tree, rows[i].text, rows[i].expected);
        }
}

/* Of what may hold secrets nothing is even opened. */
Test(scan_rivals, discreet)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host host = {.arena = arena, .cmdline = "pci-stub.ids=1:2"};

        tree_set(tree, "etc/default/grub", "GRUB_CMDLINE_LINUX=\"pci-stub.ids=1:2\"");
        tree_set(tree, "etc/udev/rules.d/1.rules", "ATTR{driver_override}=\"vfio-pci\"");
        tree_set(tree, "etc/modprobe.d/a.conf", "blacklist nouveau");
        scan_rivals(&root, &host, SCAN_DISCREET);
        scan_recipes(&root, &host, SCAN_DISCREET);
        cr_expect_str_eq(describe(&host, arena),
                "word stub 1:2; keeps-off /etc/modprobe.d/a.conf:1 nouveau");
}

/* Before udev runs nothing may look into a folder that has to be mounted first. */
Test(scan_rivals, early)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host host = {.arena = arena, .cmdline = "pci-stub.ids=1:2 rd.driver.pre=vfio-pci"};
        Trace trace = {0};

        tree_set(tree, "boot/loader/entries/a.conf", "options pci-stub.ids=1:2\n");
        tree_set(tree, "etc/default/grub", "X=\"rd.driver.pre=vfio-pci\"\n");
        tree_add_directory(tree, "var/log/pods/ns_nvidia-vfio-manager-y_uid/nvidia-vfio-manager");
        cr_assert_eq(trace_begin(&trace, root.fd, arena), 0);
        scan_rivals(&root, &host, SCAN_EARLY);
        trace_end(&trace);
        cr_expect_str_eq(
                describe(&host, arena), "word stub 1:2; word loads /etc/default/grub:1 vfio-pci");
        cr_expect_gt(trace.n_items, 0);
        for (size_t i = 0; i < trace.n_items; i++)
                cr_expect(strncmp(trace.items[i].path, "boot/", 5) != 0 &&
                                  strncmp(trace.items[i].path, "efi/", 4) != 0 &&
                                  strncmp(trace.items[i].path, "var/", 4) != 0,
                        "%s", trace.items[i].path);
}
