/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-image-files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/tree.h"

#define CONF   "etc/vfio-gpu.conf"
#define KERNEL "usr/lib/modules/6.1/modules.dep"
#define OTHER  "usr/lib/modules/6.12/modules.dep"

/* Written that many seconds from now. */
static void set_written(const Tree *tree, const char *path, int seconds)
{
        _cleanup_free_ char *full = tree_path(tree, path);
        const time_t at = time(NULL) + seconds;
        const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};

        cr_assert_eq(utimensat(AT_FDCWD, full, times, 0), 0, "%s", path);
}

/* As of this machine, with that tool. The Host's arena is to be freed. */
static Host scan(Tree *tree, ImageTool tool, bool real)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        Host host = {.arena = arena_new(), .image_tool = tool};

        root.real = real;
        scan_image_files(&root, &host);
        return host;
}

static void expect_image(const Host *host, size_t i, const char *kernel, const char *path)
{
        cr_assert_lt(i, host->images.n_items);

        const ImageFile *image = &host->images.items[i];
        cr_expect_str_eq(image->kernel, kernel);
        cr_expect_str_eq(image->path ? image->path : "none", path, "%s", image->path);
}

Test(scan_image_files, where_images_are)
{
        static const struct {
                const char *path, *extra, *text; /* another file, with that text; or NULL */
        } places[] = {
                {"boot/initramfs-6.1.img", NULL, NULL},
                {"boot/initrd.img-6.1", NULL, NULL},
                {"boot/initrd-6.1", NULL, NULL},
                {"usr/lib/modules/6.1/initrd", NULL, NULL},
                {"boot/initramfs-linux.img", "usr/lib/modules/6.1/pkgbase", "linux"},
                {"efi/0123/6.1/initrd", "etc/machine-id", "0123"},
                {"boot/0123/6.1/initrd", "etc/machine-id", "0123"},
                {"boot/efi/0123/6.1/initrd", "etc/machine-id", "0123"},
                /* and nowhere else */
                {NULL, NULL, NULL},
                {NULL, "boot/initramfs-6.1.2.img", ""},
                {NULL, "etc/machine-id", "../6"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                char expected[64] = "none";

                tree_set(tree, KERNEL, "");
                if (places[i].path)
                        tree_set(tree, places[i].path, "");
                if (places[i].extra)
                        tree_set(tree, places[i].extra, places[i].text);
                if (places[i].path)
                        snprintf(expected, sizeof(expected), "/%s",
                                strncmp(places[i].path, "usr/", 4) == 0 ? places[i].path + 4
                                                                        : places[i].path);

                Host host = scan(tree, IMAGE_TOOL_DRACUT, true);
                expect_image(&host, 0, "6.1", expected);
                arena_free(host.arena);
        }
}

Test(scan_image_files, the_oldest_of_each_kernel)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_set(tree, OTHER, "");
        tree_set(tree, KERNEL, "");
        tree_set(tree, "usr/lib/modules/5.0/left-behind", "");
        tree_set(tree, "boot/initrd.img-6.1", "");
        tree_set(tree, "boot/initramfs-6.1.img", "");
        tree_set(tree, "boot/initrd.img-6.12", "");
        set_written(tree, "boot/initrd.img-6.1", 100);
        set_written(tree, "boot/initramfs-6.1.img", -100);

        Host host = scan(tree, IMAGE_TOOL_DRACUT_ALL, true);
        cr_expect_eq(host.images.n_items, 2);
        expect_image(&host, 0, "6.1", "/boot/initramfs-6.1.img");
        expect_image(&host, 1, "6.12", "/boot/initrd.img-6.12");
        cr_expect_gt(host.images.items[1].time, host.images.items[0].time);
        cr_expect_eq(strlen(host.images.items[0].when), strlen("2026-01-01 00:00:00"));
        cr_expect_gt(host.images.items[1].modules_time, host.images.items[0].time);
        cr_expect_not_null(host.images.items[1].modules_when);
        cr_expect_gt(host.images.boot_time, 0);
        cr_expect_lt(host.images.boot_time, host.images.items[1].time);
        arena_free(host.arena);
}

/* A partition of EFI's is for root alone on many hosts. */
Test(scan_image_files, where_only_root_may_look)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_free_ char *root = tree_path(tree, ""), *efi = NULL;
        const bool is_root = geteuid() == 0;

        tree_set(tree, KERNEL, "");
        tree_set(tree, "etc/machine-id", "0123");
        tree_set(tree, "boot/efi/0123/6.1/initrd", "");
        efi = tree_path(tree, "boot/efi");
        cr_assert_eq(chmod(root, 0755), 0);
        cr_assert_eq(chmod(efi, 0), 0);
        cr_assert(!is_root || seteuid(65534) == 0);

        Host host = scan(tree, IMAGE_TOOL_DRACUT, true);
        cr_assert(!is_root || seteuid(0) == 0);
        cr_assert_eq(chmod(efi, 0700), 0);
        expect_image(&host, 0, "6.1", "none");
        cr_expect(host.images.items[0].hidden);
        arena_free(host.arena);
}

/* Each of them changes what is in an image, also by going away. */
Test(scan_image_files, what_goes_into_one)
{
        static const char *const parts[] = {CONF, "usr/bin/vfio-gpu", "usr/local/bin/vfio-gpu",
                "usr/lib/systemd/system/vfio-gpu.service",
                "usr/lib/systemd/system-generators/vfio-gpu-generator",
                "usr/lib/dracut/modules.d/50vfio-gpu/module-setup.sh",
                "usr/lib/dracut/modules.d/50vfio-gpu/vfio-gpu-hook.sh", "etc/dracut.conf",
                "etc/dracut.conf.d/x.conf", "usr/lib/dracut/dracut.conf.d/x.conf",
                "etc/modprobe.d/x.conf", "usr/lib/modprobe.d/x.conf"};

        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                char expected[128];

                for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
                        tree_set(tree, parts[k], "");
                nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
                tree_set(tree, parts[i], "changed");
                /* what it was given as its time does not count */
                set_written(tree, parts[i], -1000);

                Host host = scan(tree, IMAGE_TOOL_DRACUT, true);
                snprintf(expected, sizeof(expected), "/%s", parts[i]);
                cr_expect_str_eq(host.images.newest_source.path, expected);
                cr_expect_not_null(host.images.newest_source.when);
                arena_free(host.arena);
        }
}

Test(scan_image_files, what_is_taken_away)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_set(tree, CONF, "");
        tree_set(tree, "etc/dracut.conf.d/x.conf", "");
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        tree_remove(tree, "etc/dracut.conf.d/x.conf");

        Host host = scan(tree, IMAGE_TOOL_DRACUT, true);
        cr_expect_str_eq(host.images.newest_source.path, "/etc/dracut.conf.d");
        arena_free(host.arena);
}

Test(scan_image_files, who_is_not_asked)
{
        static const struct {
                ImageTool tool;
                bool real;
        } others[] = {{IMAGE_TOOL_DRACUT, false}, {IMAGE_TOOL_KERNEL_INSTALL, true},
                {IMAGE_TOOL_RPM_OSTREE, true}, {IMAGE_TOOL_INITRAMFS_TOOLS, true},
                {IMAGE_TOOL_MKINITCPIO, true}, {IMAGE_TOOL_UNKNOWN, true}};

        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                tree_set(tree, CONF, "");
                tree_set(tree, KERNEL, "");
                tree_set(tree, "boot/initrd.img-6.1", "");

                Host host = scan(tree, others[i].tool, others[i].real);
                cr_expect_eq(host.images.n_items, 0, "%zu", i);
                cr_expect_null(host.images.newest_source.path, "%zu", i);
                arena_free(host.arena);
        }
}
