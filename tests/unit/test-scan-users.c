/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-users.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/inotify.h>

#include "host/scan.h"
#include "lib/tree.h"

#define DEVICE   "sys/devices/pci/0000:01:00.2/"
#define USB_ROOT DEVICE "usb3/"

static void add_companion(Tree *tree, unsigned class, const char *driver)
{
        tree_add_function(tree, &(TreeFunction){.address = "0000:01:00.2",
                                        .vendor = 0x10de,
                                        .device = 0x1ad8,
                                        .class = class,
                                        .iommu_group = 13,
                                        .driver = driver});
}

static Host *scan(const Tree *tree)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_free_ char *message = NULL;
        Host *host = NULL;

        cr_assert_eq(scan_host(&root, 0, &host, &message), 0, "%s", message);
        cr_assert_eq(host->n_functions, 1);
        return host;
}

/* Who would miss the driver of a companion. */
Test(scan_users, who_uses_a_companion)
{
        static const struct {
                unsigned class;
                const char *driver;
                const char *paths[4]; /* empty files */
                const char *in_use;
        } cases[] = {
                {0x0c0330, "xhci_hcd", {USB_ROOT "3-1/idVendor"}, "USB device 3-1"},
                {0x0c0330, "xhci_hcd", {USB_ROOT "3-0:1.0/x", DEVICE "usb4/4-2/x"},
                        "USB device 4-2"},
                {0x0c0330, "xhci_hcd", {USB_ROOT "3-0:1.0/x", DEVICE "usb4/4-0:1.0/x"}, NULL},
                {0x0c0330, "xhci_hcd", {USB_ROOT "power/x", USB_ROOT "ep_00/x"}, NULL},
                {0x0c0330, "xhci_hcd", {DEVICE "usbx/3-1/x"}, NULL},
                {0x0c0330, "xhci_hcd", {NULL}, NULL},
                /* nobody uses it through a driver that it has not */
                {0x0c0330, NULL, {USB_ROOT "3-1/idVendor"}, NULL},
                /* other kinds are not asked */
                {0x040300, "snd_hda_intel", {USB_ROOT "3-1/x"}, NULL},
                {0x0c8000, "nvidia-gpu", {USB_ROOT "3-1/x"}, NULL},
                {0x030000, "nouveau", {USB_ROOT "3-1/x"}, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                add_companion(tree, cases[i].class, cases[i].driver);
                for (size_t k = 0; k < 4 && cases[i].paths[k]; k++)
                        tree_set(tree, cases[i].paths[k], "");

                _cleanup_(host_freep) Host *host = scan(tree);
                const char *in_use = host->functions[0].in_use;

                cr_expect(in_use && cases[i].in_use ? strcmp(in_use, cases[i].in_use) == 0
                                                    : in_use == cases[i].in_use,
                        "%zu: %s, not %s", i, in_use ? in_use : "none",
                        cases[i].in_use ? cases[i].in_use : "none");
                cr_expect_null(host->functions[0].unreadable, "%zu", i);

                /* before the root is there nobody uses anything */
                tree_set(tree, "etc/initrd-release", "");
                _cleanup_(host_freep) Host *initrd = scan(tree);
                cr_expect_null(initrd->functions[0].in_use, "%zu", i);
        }
}

/* The kernel takes a lock to show it, which a driver that hangs never lets go. */
Test(scan_users, sounds_are_not_looked_into)
{
        static const char *const paths[] = {"sys/devices/pci/0000:01:00.2/class", "proc/asound",
                "proc/asound/card1", "proc/asound/card1/pcm3p/sub0/status"};
        _cleanup_(tree_freep) Tree *tree = tree_new();
        int fds[ARRAY_SIZE(paths)];
        char event[4096];

        add_companion(tree, 0x040300, "snd_hda_intel");
        tree_set(tree, DEVICE "sound/card1/x", "");
        tree_set(tree, "proc/asound/card1/pcm3p/sub0/status", "state: RUNNING\n");
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                _cleanup_free_ char *path = tree_path(tree, paths[i]);

                fds[i] = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
                cr_assert_geq(inotify_add_watch(fds[i], path, IN_OPEN), 0, "%s", path);
        }

        _cleanup_(host_freep) Host *host = scan(tree);

        cr_expect_null(host->functions[0].in_use);
        cr_expect_gt(read(fds[0], event, sizeof(event)), 0, "otherwise this proves nothing");
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                cr_expect_leq(read(fds[i], event, sizeof(event)), 0, "%s was opened", paths[i]);
                close(fds[i]);
        }
}

/* What tells of a use leads nowhere out of the tree. */
Test(scan_users, no_user_is_found_through_a_link)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(tree_freep) Tree *outside = tree_new();
        _cleanup_free_ char *target = tree_path(outside, "usb3");

        add_companion(tree, 0x0c0330, "xhci_hcd");
        tree_set(outside, "usb3/3-1/x", "");
        tree_link(tree, DEVICE "usb3", target);

        _cleanup_(host_freep) Host *host = scan(tree);

        cr_assert_null(host->functions[0].in_use);
}
