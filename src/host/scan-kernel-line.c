/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-kernel-line.h"

/* Where sbin and bin are one folder, one of the two is a link or missing. */
static bool has_program(const Root *root, const char *in_sbin, const char *in_bin)
{
        return root_exists(root, in_sbin) || root_exists(root, in_bin);
}

static KernelLine read_grub(const Root *root)
{
        if (has_program(root, "usr/sbin/update-grub", "usr/bin/update-grub"))
                return KERNEL_LINE_UPDATE_GRUB;
        if (has_program(root, "usr/sbin/grub2-mkconfig", "usr/bin/grub2-mkconfig"))
                return KERNEL_LINE_GRUB2;
        return KERNEL_LINE_GRUB;
}

/* Without partitions of its own it does nothing, and GRUB boots. It has systemd-boot on them or
 * GRUB, whose files lie on every host of Proxmox's, and tells them apart by what is on them. */
static bool has_proxmox(const Root *root)
{
        return root_exists(root, "usr/sbin/proxmox-boot-tool") &&
               root_exists(root, "etc/kernel/cmdline") &&
               (root_exists(root, "etc/kernel/proxmox-boot-uuids") ||
                       !root_exists(root, "etc/default/grub"));
}

/* /etc/kernel/cmdline may be there beside GRUB, which does not read it; grubby keeps it up to date
 * where it counts. */
static KernelLine read_line(const Root *root, ImageTool tool)
{
        if (tool == IMAGE_TOOL_RPM_OSTREE)
                return KERNEL_LINE_RPM_OSTREE;
        if (has_program(root, "usr/sbin/grubby", "usr/bin/grubby"))
                return KERNEL_LINE_GRUBBY;
        if (has_proxmox(root))
                return root_exists(root, "etc/default/grub") ? KERNEL_LINE_PROXMOX_EITHER
                                                             : KERNEL_LINE_PROXMOX;
        if (tool != IMAGE_TOOL_KERNEL_INSTALL && root_exists(root, "etc/default/grub"))
                return read_grub(root);
        if (tool == IMAGE_TOOL_KERNEL_INSTALL || root_exists(root, "etc/kernel/cmdline"))
                return KERNEL_LINE_KERNEL_INSTALL;
        return KERNEL_LINE_UNKNOWN;
}

void scan_kernel_line(const Root *root, Host *host)
{
        host->kernel_line = read_line(root, host->image_tool);
}
