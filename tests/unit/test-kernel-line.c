/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/kernel-line.h"

#include <criterion/criterion.h>

Test(kernel_line, words)
{
        static const struct {
                const char *line;
                bool has;
        } lines[] = {
                {"", false},
                {"iommu=off", true},
                {"quiet iommu=off", true},
                {"quiet\tiommu=off\n", true},
                {"  iommu=off  ", true},
                {"amd_iommu=off", false},
                {"iommu=offset", false},
                {"iommu=off,iommu=pt", false},
                {"iommu", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                const Host host = {.cmdline = lines[i].line};

                cr_expect_eq(
                        kernel_line_has(&host, "iommu=off"), lines[i].has, "%s", lines[i].line);
        }
}

#define NOWHERE "the kernel command line, where the boot loader of this host has it"

Test(kernel_line, advice)
{
        static const struct {
                KernelLine line;
                KernelLineChange change;
                KernelLineAdvice advice;
        } lines[] = {
                {KERNEL_LINE_UNKNOWN, KERNEL_LINE_ADD, {.edit = "add `a=b` to " NOWHERE}},
                {KERNEL_LINE_UNKNOWN, KERNEL_LINE_REMOVE, {.edit = "take `a=b` off " NOWHERE}},
                {KERNEL_LINE_RPM_OSTREE, KERNEL_LINE_ADD,
                        {.command = "rpm-ostree kargs --append-if-missing=a=b"}},
                {KERNEL_LINE_RPM_OSTREE, KERNEL_LINE_REMOVE,
                        {.command = "rpm-ostree kargs --delete-if-present=a=b"}},
                {KERNEL_LINE_GRUBBY, KERNEL_LINE_ADD,
                        {.command = "grubby --update-kernel=ALL --args=a=b"}},
                {KERNEL_LINE_GRUBBY, KERNEL_LINE_REMOVE,
                        {.command = "grubby --update-kernel=ALL --remove-args=a=b"}},
                {KERNEL_LINE_KERNEL_INSTALL, KERNEL_LINE_ADD,
                        {.edit = "edit /etc/kernel/cmdline: add `a=b` to the line",
                                .kernel_install = true}},
                {KERNEL_LINE_KERNEL_INSTALL, KERNEL_LINE_REMOVE,
                        {.edit = "edit /etc/kernel/cmdline: take `a=b` out of the line",
                                .kernel_install = true}},
                {KERNEL_LINE_PROXMOX, KERNEL_LINE_REMOVE,
                        {.edit = "edit /etc/kernel/cmdline: take `a=b` out of the line",
                                .command = "proxmox-boot-tool refresh"}},
                {KERNEL_LINE_PROXMOX_EITHER, KERNEL_LINE_ADD,
                        {.edit = "edit /etc/kernel/cmdline: add `a=b` to the line; where "
                                 "`proxmox-boot-tool status` says grub, do it in "
                                 "GRUB_CMDLINE_LINUX of /etc/default/grub",
                                .command = "proxmox-boot-tool refresh"}},
                {KERNEL_LINE_UPDATE_GRUB, KERNEL_LINE_ADD,
                        {.edit = "edit /etc/default/grub: add `a=b` to GRUB_CMDLINE_LINUX",
                                .command = "update-grub"}},
                {KERNEL_LINE_GRUB2, KERNEL_LINE_REMOVE,
                        {.edit = "edit /etc/default/grub: take `a=b` out of GRUB_CMDLINE_LINUX",
                                .command = "grub2-mkconfig -o /boot/grub2/grub.cfg"}},
                {KERNEL_LINE_GRUB, KERNEL_LINE_ADD,
                        {.edit = "edit /etc/default/grub: add `a=b` to GRUB_CMDLINE_LINUX",
                                .command = "grub-mkconfig -o /boot/grub/grub.cfg"}},
        };
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                const Host host = {.kernel_line = lines[i].line};
                const KernelLineAdvice *expected = &lines[i].advice;
                KernelLineAdvice advice = kernel_line_advice(&host, lines[i].change, "a=b", arena);

                cr_expect_str_eq(advice.edit ? advice.edit : "",
                        expected->edit ? expected->edit : "", "%zu", i);
                cr_expect_str_eq(advice.command ? advice.command : "",
                        expected->command ? expected->command : "", "%zu", i);
                cr_expect_eq(advice.kernel_install, expected->kernel_install, "%zu", i);
        }
}
