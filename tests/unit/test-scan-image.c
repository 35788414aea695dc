/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-image.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/tree.h"

#define DRACUT "usr/lib/dracut/dracut-functions.sh"
#define TOOLS  "usr/share/initramfs-tools/hook-functions"
#define ONE    "usr/lib/modules/6.1.0/modules.dep"
#define TWO    "usr/lib/modules/6.12.0/modules.dep"
#define OSTREE "run/ostree-booted"

static const struct {
        const char *files[4]; /* "PATH=TEXT", or a path */
        ImageTool tool;
} hosts[] = {
        {{NULL}, IMAGE_TOOL_UNKNOWN},
        {{DRACUT}, IMAGE_TOOL_DRACUT},
        {{DRACUT, ONE}, IMAGE_TOOL_DRACUT},
        {{DRACUT, ONE, TWO}, IMAGE_TOOL_DRACUT_ALL},
        {{DRACUT, ONE, "usr/lib/modules/6.12.0/left"}, IMAGE_TOOL_DRACUT},
        {{DRACUT, ONE, "usr/lib/modules/.old/modules.dep"}, IMAGE_TOOL_DRACUT},
        {{TOOLS}, IMAGE_TOOL_INITRAMFS_TOOLS},
        {{TOOLS, ONE, TWO}, IMAGE_TOOL_INITRAMFS_TOOLS},
        {{"usr/bin/mkinitcpio"}, IMAGE_TOOL_MKINITCPIO},
        {{"usr/bin/mkinitcpio", DRACUT}, IMAGE_TOOL_DRACUT},
        {{TOOLS, DRACUT}, IMAGE_TOOL_DRACUT},
        {{DRACUT, "etc/kernel/install.conf=layout=uki"}, IMAGE_TOOL_KERNEL_INSTALL},
        {{DRACUT, OSTREE, "usr/bin/rpm-ostree"}, IMAGE_TOOL_RPM_OSTREE},
        {{DRACUT, OSTREE}, IMAGE_TOOL_UNKNOWN},
        {{DRACUT, "usr/bin/rpm-ostree"}, IMAGE_TOOL_DRACUT},
};

static void add_file(Tree *tree, const char *file)
{
        char path[128] = "";
        const char *text = strchr(file, '=');

        snprintf(path, sizeof(path), "%.*s", (int)strcspn(file, "="), file);
        tree_set(tree, path, text ? text + 1 : "");
}

static Host scan(Tree *tree)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        Host host = {.arena = arena_new()};

        scan_image(&root, &host);
        return host;
}

Test(scan_image, tools)
{
        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                tree_remove(tree, DRACUT);
                for (size_t k = 0; hosts[i].files[k]; k++)
                        add_file(tree, hosts[i].files[k]);
                Host host = scan(tree);
                cr_expect_eq(host.image_tool, hosts[i].tool, "host %zu: %d", i, host.image_tool);
                arena_free(host.arena);
        }
}

Test(scan_image, what_the_initrd_left)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        Host none = scan(tree);

        cr_expect_not(none.initrd.existed || none.initrd.ran || none.initrd.config || none.enabled);
        arena_free(none.arena);

        tree_add_directory(tree, "run/initramfs");
        tree_link(tree, "etc/systemd/system/sysinit.target.wants/vfio-gpu.service",
                "/usr/lib/systemd/system/vfio-gpu.service");
        Host without = scan(tree);
        cr_expect(without.initrd.existed && !without.initrd.ran && !without.initrd.config);
        cr_expect(without.enabled, "the link leads nowhere from here");
        arena_free(without.arena);

        tree_set(tree, "run/vfio-gpu/initrd.json", "{}");
        tree_set(tree, "run/vfio-gpu/initrd.conf", "gpus = ( );\n");
        Host with = scan(tree);
        cr_expect(with.initrd.ran);
        cr_expect_str_eq(with.initrd.config, "gpus = ( );");
        arena_free(with.arena);
}

Test(scan_image, who_enables)
{
        static const struct {
                const char *link;
                bool enabled;
        } links[] = {
                {"etc/systemd/system/sysinit.target.wants/vfio-gpu.service", true},
                {"run/systemd/system/sysinit.target.wants/vfio-gpu.service", true},
                {"usr/lib/systemd/system/sysinit.target.wants/vfio-gpu.service", true},
                {"etc/systemd/system/multi-user.target.wants/vfio-gpu.service", false},
                {"etc/systemd/system/vfio-gpu.service", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                tree_link(tree, links[i].link, "/nowhere");
                Host host = scan(tree);
                cr_expect_eq(host.enabled, links[i].enabled, "%s", links[i].link);
                arena_free(host.arena);
        }
}

#define UNIT_ETC "etc/systemd/system/vfio-gpu.service"
#define UNIT_RUN "run/systemd/system/vfio-gpu.service"

Test(scan_image, who_masks)
{
        static const struct {
                const char *links[2][2]; /* path and target */
                const char *text;        /* of UNIT_ETC, or NULL */
                const char *masked;
        } hosts_masked[] = {
                {{{NULL}}, NULL, NULL},
                {{{UNIT_ETC, "/dev/null"}}, NULL, "/" UNIT_ETC},
                {{{UNIT_RUN, "/dev/null"}}, NULL, "/" UNIT_RUN},
                {{{UNIT_RUN, "../../../dev/null"}}, NULL, "/" UNIT_RUN},
                {{{UNIT_ETC, "/dev/null"}, {UNIT_RUN, "/dev/null"}}, NULL, "/" UNIT_ETC},
                {{{UNIT_ETC, "/usr/lib/systemd/system/vfio-gpu.service"}}, NULL, NULL},
                {{{NULL}}, "", "/" UNIT_ETC},
                {{{NULL}}, "[Unit]\n", NULL},
                /* one of the administrator's own has the right of way */
                {{{UNIT_RUN, "/dev/null"}}, "[Unit]\n", NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(hosts_masked); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                for (size_t k = 0; k < 2 && hosts_masked[i].links[k][0]; k++)
                        tree_link(tree, hosts_masked[i].links[k][0], hosts_masked[i].links[k][1]);
                if (hosts_masked[i].text)
                        tree_set(tree, UNIT_ETC, hosts_masked[i].text);

                Host host = scan(tree);
                const char *expected = hosts_masked[i].masked ? hosts_masked[i].masked : "no";
                cr_expect_str_eq(host.masked ? host.masked : "no", expected, "host %zu", i);
                arena_free(host.arena);
        }
}
