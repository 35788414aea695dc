/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-kernel-line.h"

#include <criterion/criterion.h>

#include "lib/tree.h"

#define GRUB                   "etc/default/grub"
#define FILE_OF_KERNEL_INSTALL "etc/kernel/cmdline"
#define PROXMOX                "usr/sbin/proxmox-boot-tool"
#define PROXMOX_PARTITIONS     "etc/kernel/proxmox-boot-uuids"

Test(scan_kernel_line, hosts)
{
        static const struct {
                const char *files[4];
                ImageTool tool;
                KernelLine line;
        } hosts[] = {
                {{NULL}, IMAGE_TOOL_DRACUT, KERNEL_LINE_UNKNOWN},
                {{NULL}, IMAGE_TOOL_RPM_OSTREE, KERNEL_LINE_RPM_OSTREE},
                {{"usr/sbin/grubby", GRUB}, IMAGE_TOOL_RPM_OSTREE, KERNEL_LINE_RPM_OSTREE},
                {{"usr/sbin/grubby", GRUB, FILE_OF_KERNEL_INSTALL, "usr/sbin/grub2-mkconfig"},
                        IMAGE_TOOL_DRACUT, KERNEL_LINE_GRUBBY},
                {{"usr/bin/grubby"}, IMAGE_TOOL_KERNEL_INSTALL, KERNEL_LINE_GRUBBY},
                {{GRUB, "usr/sbin/update-grub", "usr/sbin/grub-mkconfig"},
                        IMAGE_TOOL_INITRAMFS_TOOLS, KERNEL_LINE_UPDATE_GRUB},
                {{GRUB, "usr/bin/update-grub"}, IMAGE_TOOL_DRACUT, KERNEL_LINE_UPDATE_GRUB},
                {{GRUB, "usr/sbin/grub2-mkconfig"}, IMAGE_TOOL_DRACUT, KERNEL_LINE_GRUB2},
                {{GRUB, "usr/bin/grub2-mkconfig"}, IMAGE_TOOL_DRACUT, KERNEL_LINE_GRUB2},
                {{GRUB, "usr/bin/grub-mkconfig"}, IMAGE_TOOL_DRACUT, KERNEL_LINE_GRUB},
                /* what GRUB does not read does not count, unless GRUB is not used */
                {{GRUB, FILE_OF_KERNEL_INSTALL}, IMAGE_TOOL_DRACUT, KERNEL_LINE_GRUB},
                {{GRUB}, IMAGE_TOOL_KERNEL_INSTALL, KERNEL_LINE_KERNEL_INSTALL},
                {{FILE_OF_KERNEL_INSTALL}, IMAGE_TOOL_DRACUT, KERNEL_LINE_KERNEL_INSTALL},
                /* Proxmox has GRUB's files in any case; where its tool has no partitions, it is
                 * like any Debian */
                {{PROXMOX, FILE_OF_KERNEL_INSTALL}, IMAGE_TOOL_DRACUT, KERNEL_LINE_PROXMOX},
                {{PROXMOX, FILE_OF_KERNEL_INSTALL, PROXMOX_PARTITIONS}, IMAGE_TOOL_DRACUT,
                        KERNEL_LINE_PROXMOX},
                {{PROXMOX, FILE_OF_KERNEL_INSTALL, PROXMOX_PARTITIONS, GRUB}, IMAGE_TOOL_DRACUT,
                        KERNEL_LINE_PROXMOX_EITHER},
                {{PROXMOX, FILE_OF_KERNEL_INSTALL, GRUB, "usr/sbin/update-grub"}, IMAGE_TOOL_DRACUT,
                        KERNEL_LINE_UPDATE_GRUB},
                {{PROXMOX, PROXMOX_PARTITIONS, GRUB}, IMAGE_TOOL_DRACUT, KERNEL_LINE_GRUB},
                {{PROXMOX, GRUB, "usr/sbin/update-grub"}, IMAGE_TOOL_DRACUT,
                        KERNEL_LINE_UPDATE_GRUB},
                {{"usr/sbin/update-grub"}, IMAGE_TOOL_DRACUT, KERNEL_LINE_UNKNOWN},
        };

        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_(root_done) Root root = tree_root(tree);
                Host host = {.image_tool = hosts[i].tool};

                for (size_t k = 0; k < 4 && hosts[i].files[k]; k++)
                        tree_set(tree, hosts[i].files[k], "");
                scan_kernel_line(&root, &host);
                cr_expect_eq(host.kernel_line, hosts[i].line, "host %zu: %d", i, host.kernel_line);
        }
}
