/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-users.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>

#include "host/scan.h"
#include "lib/tree.h"

#define DEVICE   "sys/devices/pci/0000:01:00.2/"
#define USB_ROOT DEVICE "usb3/"

/* Device numbers that every machine has: /dev/full and /dev/zero play the card's nodes. */
#define FULL "1:7\n"
#define ZERO "1:5\n"

static void add_companion(Tree *tree, unsigned class, const char *driver, const char *vfio)
{
        tree_add_function(tree, &(TreeFunction){.address = "0000:01:00.2",
                                        .vendor = 0x10de,
                                        .device = 0x1ad8,
                                        .class = class,
                                        .iommu_group = 13,
                                        .driver = driver,
                                        .vfio = vfio});
}

/* A process that has `target` open as its file 5; NULL: it has none. */
static void add_process(Tree *tree, unsigned pid, const char *name, const char *target)
{
        char path[64];

        snprintf(path, sizeof(path), "proc/%u/fd", pid);
        tree_add_directory(tree, path);
        snprintf(path, sizeof(path), "proc/%u/comm", pid);
        tree_set(tree, path, name);
        snprintf(path, sizeof(path), "proc/%u/fd/5", pid);
        if (target)
                tree_link(tree, path, target);
}

/* All functions of the tree, and who uses them; where `real`, of this machine. */
static Host *scan(const Tree *tree, bool real)
{
        _cleanup_(root_done) Root root = real ? tree_real_root(tree) : tree_root(tree);
        _cleanup_free_ char *message = NULL;
        Function *functions[4] = {NULL};
        Host *host = NULL;

        cr_assert_eq(scan_host(&root, 0, &host, &message), 0, "%s", message);
        cr_assert_leq(host->n_functions, ARRAY_SIZE(functions));
        for (size_t i = 0; i < host->n_functions; i++) {
                cr_assert_not(host->functions[i].users.known, "nobody asked yet");
                functions[i] = &host->functions[i];
        }
        cr_assert_eq(scan_users(&root, host, functions, host->n_functions), 0);
        for (size_t i = 0; i < host->n_functions; i++)
                cr_assert(host->functions[i].users.known);
        return host;
}

static void expect_text(const char *found, const char *wanted, size_t n)
{
        cr_expect(found && wanted ? strcmp(found, wanted) == 0 : found == wanted,
                "%zu: \"%s\", not \"%s\"", n, found ? found : "none", wanted ? wanted : "none");
}

/* Who would miss the driver of a companion. */
Test(scan_users, usb_devices)
{
        static const struct {
                unsigned class;
                const char *driver;
                const char *paths[4]; /* empty files */
                const char *names;
        } trials[] = {
                {0x0c0330, "xhci_hcd", {USB_ROOT "3-1/idVendor"}, "USB device 3-1"},
                {0x0c0330, "xhci_hcd", {USB_ROOT "3-0:1.0/x", DEVICE "usb4/4-2/x"},
                        "USB device 4-2"},
                {0x0c0330, "xhci_hcd", {USB_ROOT "3-0:1.0/x", DEVICE "usb4/4-0:1.0/x"}, NULL},
                {0x0c0330, "xhci_hcd", {USB_ROOT "3-\033[31m/x"}, NULL},
                {0x0c0330, "xhci_hcd", {USB_ROOT "3-1.4/x"}, "USB device 3-1.4"},
                {0x0c0330, "xhci_hcd", {USB_ROOT "power/x", USB_ROOT "ep_00/x"}, NULL},
                {0x0c0330, "xhci_hcd", {DEVICE "usbx/3-1/x"}, NULL},
                {0x0c0330, "xhci_hcd", {NULL}, NULL},
                /* other kinds have none */
                {0x040300, "snd_hda_intel", {USB_ROOT "3-1/x"}, NULL},
                {0x0c8000, "nvidia-gpu", {USB_ROOT "3-1/x"}, NULL},
                {0x030000, "nouveau", {USB_ROOT "3-1/x"}, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                add_companion(tree, trials[i].class, trials[i].driver, NULL);
                add_process(tree, 1, "systemd", NULL);
                for (size_t k = 0; k < 4 && trials[i].paths[k]; k++)
                        tree_set(tree, trials[i].paths[k], "");
                for (int real = 0; real < 2; real++) {
                        _cleanup_(host_freep) Host *host = scan(tree, real);

                        expect_text(host->functions[0].users.names, trials[i].names, i);
                        expect_text(host->functions[0].users.doubt, NULL, i);
                }
        }
}

/* What tells of a use leads nowhere out of the tree. */
Test(scan_users, no_usb_device_is_found_through_a_link)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(tree_freep) Tree *outside = tree_new();
        _cleanup_free_ char *target = tree_path(outside, "usb3");

        add_companion(tree, 0x0c0330, "xhci_hcd", NULL);
        tree_set(outside, "usb3/3-1/x", "");
        tree_link(tree, DEVICE "usb3", target);

        _cleanup_(host_freep) Host *host = scan(tree, false);

        cr_assert_null(host->functions[0].users.names);
}

/* Mounted or not: no process needs to have it open. */
Test(scan_users, disks)
{
        static const struct {
                const char *name, *target, *names;
        } trials[] = {
                {"mmcblk0", "../../devices/pci/0000:01:00.2/mmc_host/mmc0/mmc0:1/block/mmcblk0",
                        "block device \"mmcblk0\""},
                {"b\033d", "../../devices/pci/0000:01:00.2/block/b", "block device \"b\\x1bd\""},
                {"sda", "../../devices/pci/0000:01:00.3/ata1/block/sda", NULL},
                {"dm-0", "../../devices/virtual/block/dm-0", NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_free_ char *path = NULL;

                cr_assert(asprintf(&path, "sys/class/block/%s", trials[i].name) > 0);
                add_companion(tree, 0xff0000, "rtsx_pci", NULL);
                tree_link(tree, path, trials[i].target);
                add_process(tree, 1, "systemd", NULL);
                for (int real = 0; real < 2; real++) {
                        _cleanup_(host_freep) Host *host = scan(tree, real);

                        expect_text(host->functions[0].users.names, trials[i].names, i);
                }
        }
}

Test(scan_users, processes_with_a_node_open)
{
        static const struct {
                const char *driver, *vfio, *node, *number;
                struct {
                        unsigned pid;
                        const char *name, *target;
                } processes[7];
                const char *names;
        } trials[] = {
                {"nouveau", NULL, DEVICE "drm/card0/dev", FULL, {{812, "Xorg", "/dev/full"}},
                        "Xorg (pid 812)"},
                {"nouveau", NULL, DEVICE "drm/card0/dev", FULL, {{812, "Xorg", "/dev/zero"}}, NULL},
                {"nouveau", NULL, DEVICE "drm/card0/dev", FULL, {{812, "Xorg", "/dev"}}, NULL},
                {"nouveau", NULL, DEVICE "drm/card0/dev", FULL, {{812, "Xorg", "/nowhere"}}, NULL},
                {"nouveau", NULL, DEVICE "drm/card0/dev", FULL, {{812, "a\x1b[31m b", "/dev/full"}},
                        "a?[31m b (pid 812)"},
                {"nouveau", NULL, DEVICE "drm/card0/dev", FULL, {{812, "", "/dev/full"}},
                        "? (pid 812)"},
                {"snd_hda_intel", NULL, DEVICE "sound/card1/controlC1/dev", ZERO,
                        {{90, "wireplumber", "/dev/zero"}, {91, "bash", NULL}},
                        "wireplumber (pid 90)"},
                {"vfio-pci", "vfio0", "sys/class/vfio/13/dev", ZERO,
                        {{4711, "qemu-system-x86", "/dev/zero"}}, "qemu-system-x86 (pid 4711)"},
                {"vfio-pci", "vfio0", DEVICE "vfio-dev/vfio0/dev", ZERO,
                        {{4711, "qemu-system-x86", "/dev/zero"}}, "qemu-system-x86 (pid 4711)"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                add_companion(tree, 0x040300, trials[i].driver, trials[i].vfio);
                tree_set(tree, trials[i].node, trials[i].number);
                add_process(tree, 1, "systemd", NULL);
                for (size_t k = 0; trials[i].processes[k].name; k++)
                        add_process(tree, trials[i].processes[k].pid, trials[i].processes[k].name,
                                trials[i].processes[k].target);

                _cleanup_(host_freep) Host *host = scan(tree, true);

                expect_text(host->functions[0].users.names, trials[i].names, i);
                expect_text(host->functions[0].users.doubt, NULL, i);
        }
}

/* A process counts once however many files it has; who is not named is counted. */
Test(scan_users, many_processes_and_many_files)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        static const unsigned pids[] = {11, 12, 13, 14, 15, 16};
        const char *names = NULL;

        add_companion(tree, 0x030000, "nouveau", NULL);
        tree_set(tree, DEVICE "drm/card0/dev", FULL);
        tree_set(tree, DEVICE "drm/renderD128/dev", ZERO);
        add_process(tree, 1, "systemd", NULL);
        for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
                add_process(tree, pids[i], "x", "/dev/full");
        tree_link(tree, "proc/11/fd/6", "/dev/zero");
        tree_link(tree, "proc/11/fd/7", "/dev/full");

        _cleanup_(host_freep) Host *host = scan(tree, true);

        names = host->functions[0].users.names;
        cr_assert_not_null(names);
        cr_expect_str_not_empty(strstr(names, " and 2 more"), "%s", names);
        for (unsigned n = 0; (names = strstr(names, "(pid ")); names++, n++)
                cr_expect_lt(n, 4);
}

/* Each function has its own users. */
Test(scan_users, of_two_functions)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        add_companion(tree, 0x040300, "snd_hda_intel", NULL);
        tree_add_function(tree,
                &(TreeFunction){
                        .address = "0000:01:00.3", .class = 0x0c8000, .driver = "nvidia-gpu"});
        tree_set(tree, DEVICE "sound/card1/controlC1/dev", FULL);
        tree_set(tree, "sys/devices/pci/0000:01:00.3/i2c-4/i2c-dev/i2c-4/dev", ZERO);
        add_process(tree, 1, "systemd", NULL);
        add_process(tree, 20, "both", "/dev/full");
        tree_link(tree, "proc/20/fd/9", "/dev/zero");
        add_process(tree, 21, "second", "/dev/zero");

        _cleanup_(host_freep) Host *host = scan(tree, true);

        expect_text(host->functions[0].users.names, "both (pid 20)", 0);
        cr_expect(strstr(host->functions[1].users.names, "second (pid 21)"));
        cr_expect(strstr(host->functions[1].users.names, "both (pid 20)"));
}

Test(scan_users, the_framebuffer_console)
{
        static const struct {
                const char *fb, *name, *bound, *names;
        } trials[] = {
                {DEVICE "graphics/fb0/x", "(M) frame buffer device\n", "1\n",
                        "the framebuffer console (fb0; `echo 0 > /sys/class/vtconsole/vtcon1/bind` "
                        "takes it away)"},
                {DEVICE "graphics/fb0/x", "(M) frame buffer device\n", "0\n", NULL},
                {DEVICE "graphics/fb0/x", "(S) VGA+\n", "1\n", NULL},
                {DEVICE "graphics/x", "(M) frame buffer device\n", "1\n", NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                add_companion(tree, 0x030000, "nouveau", NULL);
                add_process(tree, 1, "systemd", NULL);
                tree_set(tree, trials[i].fb, "");
                tree_set(tree, "sys/class/vtconsole/vtcon0/name", "(S) dummy device\n");
                tree_set(tree, "sys/class/vtconsole/vtcon0/bind", "1\n");
                tree_set(tree, "sys/class/vtconsole/vtcon1/name", trials[i].name);
                tree_set(tree, "sys/class/vtconsole/vtcon1/bind", trials[i].bound);

                _cleanup_(host_freep) Host *host = scan(tree, true);

                expect_text(host->functions[0].users.names, trials[i].names, i);
        }
}

/* Not to see somebody is not to know that nobody is there. */
Test(scan_users, doubts)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        add_companion(tree, 0x040300, "snd_hda_intel", NULL);
        tree_set(tree, DEVICE "sound/card1/controlC1/dev", FULL);
        add_process(tree, 20, "sound", "/dev/full");

        _cleanup_(host_freep) Host *hidden = scan(tree, true);
        expect_text(hidden->functions[0].users.doubt,
                "/proc does not show all processes to this one", 0);
        expect_text(hidden->functions[0].users.names, "sound (pid 20)", 0);

        /* one that may not be looked into, and one that has ended in between */
        add_process(tree, 1, "systemd", NULL);
        tree_set(tree, "proc/30/fd", "");
        tree_add_directory(tree, "proc/31");
        _cleanup_(host_freep) Host *closed = scan(tree, true);
        expect_text(closed->functions[0].users.doubt,
                "1 process may not be looked into from here; root may, in a shell", 1);

        /* of another machine nobody knows, and nothing is done there */
        _cleanup_(host_freep) Host *other = scan(tree, false);
        expect_text(other->functions[0].users.names, NULL, 2);
        expect_text(other->functions[0].users.doubt, NULL, 2);
        cr_assert_gt(other->n_warnings, 0);
        cr_expect(strstr(other->warnings[other->n_warnings - 1], "of another machine"));
}

/* Without workers nothing is found out. */
Test(scan_users, no_worker)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        struct rlimit limit = {0};
        Function f = {.address = {.bus = 1, .function = 2}, .binding = {.driver = "x"}};
        Function *functions[] = {&f};

        add_companion(tree, 0x040300, "snd_hda_intel", NULL);
        add_process(tree, 1, "systemd", NULL);

        _cleanup_(root_done) Root root = tree_real_root(tree);
        _cleanup_(host_freep) Host *host = host_new();

        cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = 1;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        int r = scan_users(&root, host, functions, 1);
        limit.rlim_cur = limit.rlim_max;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);

        cr_assert_eq(r, 0);
        expect_text(f.users.doubt, "who uses it could not be found out", 0);
}

/* The kernel takes a lock to show it, which a driver that hangs never lets go. */
Test(scan_users, sound_is_not_looked_into)
{
        static const char *const paths[] = {"sys/devices/pci/0000:01:00.2/class", "proc/asound",
                "proc/asound/card1", "proc/asound/card1/pcm3p/sub0/status"};
        _cleanup_(tree_freep) Tree *tree = tree_new();
        int fds[ARRAY_SIZE(paths)];
        char event[4096];

        add_companion(tree, 0x040300, "snd_hda_intel", NULL);
        add_process(tree, 1, "systemd", NULL);
        tree_set(tree, DEVICE "sound/card1/x", "");
        tree_set(tree, "proc/asound/card1/pcm3p/sub0/status", "state: RUNNING\n");
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                _cleanup_free_ char *path = tree_path(tree, paths[i]);

                fds[i] = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
                cr_assert_geq(inotify_add_watch(fds[i], path, IN_OPEN), 0, "%s", path);
        }

        _cleanup_(host_freep) Host *host = scan(tree, true);

        cr_expect_null(host->functions[0].users.names);
        cr_expect_gt(read(fds[0], event, sizeof(event)), 0, "otherwise this proves nothing");
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                cr_expect_leq(read(fds[i], event, sizeof(event)), 0, "%s was opened", paths[i]);
                close(fds[i]);
        }
}
