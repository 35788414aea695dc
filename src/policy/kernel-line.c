/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/kernel-line.h"

#include <string.h>

bool kernel_line_has(const Host *host, const char *word)
{
        size_t length = strlen(word);

        for (const char *at = host->cmdline; *at; at += strcspn(at, " \t\n")) {
                at += strspn(at, " \t\n");
                if (strncmp(at, word, length) == 0 && (!at[length] || strchr(" \t\n", at[length])))
                        return true;
        }
        return false;
}

/* What makes a command of the word. */
static const struct {
        const char *command[2]; /* by KernelLineChange, before the word; NULL: there is none */
        const char *file;       /* to be edited, and */
        const char *variable;   /* the variable in it, or NULL: it is the line itself */
        const char *otherwise;  /* another file, and where it counts; or NULL */
        const char *then;       /* the command that takes it up, or NULL */
} lines[_KERNEL_LINE_MAX] = {
        [KERNEL_LINE_RPM_OSTREE] = {.command = {"rpm-ostree kargs --append-if-missing=",
                                            "rpm-ostree kargs --delete-if-present="}},
        [KERNEL_LINE_GRUBBY] = {.command = {"grubby --update-kernel=ALL --args=",
                                        "grubby --update-kernel=ALL --remove-args="}},
        [KERNEL_LINE_KERNEL_INSTALL] = {.file = "/etc/kernel/cmdline"},
        [KERNEL_LINE_PROXMOX] = {.file = "/etc/kernel/cmdline",
                .then = "proxmox-boot-tool refresh"},
        /* it makes GRUB's menu, too */
        [KERNEL_LINE_PROXMOX_EITHER] = {.file = "/etc/kernel/cmdline",
                .otherwise = "; where `proxmox-boot-tool status` says grub, do it in "
                             "GRUB_CMDLINE_LINUX of /etc/default/grub",
                .then = "proxmox-boot-tool refresh"},
        [KERNEL_LINE_UPDATE_GRUB] = {.file = "/etc/default/grub",
                .variable = "GRUB_CMDLINE_LINUX",
                .then = "update-grub"},
        [KERNEL_LINE_GRUB2] = {.file = "/etc/default/grub",
                .variable = "GRUB_CMDLINE_LINUX",
                .then = "grub2-mkconfig -o /boot/grub2/grub.cfg"},
        [KERNEL_LINE_GRUB] = {.file = "/etc/default/grub",
                .variable = "GRUB_CMDLINE_LINUX",
                .then = "grub-mkconfig -o /boot/grub/grub.cfg"},
};

static const char *edit(KernelLine line, KernelLineChange change, const char *word, Arena *arena)
{
        const char *where = lines[line].variable, *file = lines[line].file;
        const char *otherwise = lines[line].otherwise;
        bool adds = change == KERNEL_LINE_ADD;

        if (!file)
                return arena_printf(arena,
                        "%s `%s` %s the kernel command line, where the boot "
                        "loader of this host has it",
                        adds ? "add" : "take", word, adds ? "to" : "off");
        return arena_printf(arena, "edit %s: %s `%s` %s %s%s", file, adds ? "add" : "take", word,
                adds ? "to" : "out of", where ? where : "the line", otherwise ? otherwise : "");
}

KernelLineAdvice kernel_line_advice(
        const Host *host, KernelLineChange change, const char *word, Arena *arena)
{
        const KernelLine line = host->kernel_line;

        if (lines[line].command[change])
                return (KernelLineAdvice){
                        .command = arena_printf(arena, "%s%s", lines[line].command[change], word)};
        return (KernelLineAdvice){
                .edit = edit(line, change, word, arena),
                .command = lines[line].then,
                .kernel_install = line == KERNEL_LINE_KERNEL_INSTALL,
        };
}
