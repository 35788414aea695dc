/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/reason.h"

#include <errno.h>
#include <stddef.h>

#include "policy/image.h"

static const struct {
        const char *word;
        const char *remedy;
        int error;
} reasons[_REASON_MAX] = {
        [REASON_ABSENT] = {"absent",
                "see `vfio-gpu list` for what is there, and mend the entry, or mark it `optional`",
                ENODEV},
        [REASON_AMBIGUOUS] = {"ambiguous",
                "pin the entry with `address`, `path` or `serial`, or say how many with `count`",
                ENOTUNIQ},
        [REASON_NOT_A_GPU] = {"not-a-gpu",
                "only display controllers and their companions are handed over: mend the entry",
                EINVAL},
        [REASON_UNREADABLE] = {"unreadable",
                "look at the kernel's messages about this device (`dmesg`); it may be failing",
                EIO},
        [REASON_CONFLICT] = {"conflict", "let one entry only pick this GPU", EEXIST},
        [REASON_NO_IOMMU] = {"no-iommu",
                "switch the IOMMU on in the firmware (VT-d, AMD-Vi, SMMU) and in the kernel",
                EOPNOTSUPP},
        [REASON_SHARED_GROUP] = {"shared-group",
                "list the others in `allow_group_members`, or move the card to a slot with a group "
                "of its own",
                EXDEV},
        [REASON_BOOT_DISPLAY] = {"boot-display",
                "keep another display for the host, or set `allow_boot_display = true`", EPERM},
        [REASON_DRIVER_BUSY] = {"driver-busy", "rebuild the initramfs with vfio-gpu in it", EBUSY},
        [REASON_VIRTUAL_FUNCTION] = {"virtual-function",
                "list the physical card, and switch its virtual functions off (`sriov_numvfs`)",
                EINVAL},
        [REASON_BRIDGE_HEADER] = {"bridge-header",
                "a bridge cannot be handed over: mend `functions` or the entry", EINVAL},
        [REASON_NO_DRIVER] = {"no-driver",
                "install the kernel's vfio modules, rebuild the initramfs", ENOENT},
        [REASON_TIMEOUT] = {"timeout",
                "a driver does not let go: power the machine off and on before the next try",
                ETIMEDOUT},
        [REASON_BIND_FAILED] = {"bind-failed",
                "look at the kernel's messages about this device (`dmesg`)", EIO},
        [REASON_LOST] = {"lost", "hand it over again: `systemctl restart vfio-gpu`", ENOLINK},
};

const char *reason_word(Reason reason)
{
        return reasons[reason].word;
}

int reason_errno(Reason reason)
{
        return reasons[reason].error;
}

static bool takes_a_new_image(Reason reason)
{
        return reason == REASON_DRIVER_BUSY || reason == REASON_NO_DRIVER;
}

const char *reason_remedy(Reason reason, ImageTool tool, Arena *arena)
{
        const char *remedy = reasons[reason].remedy;

        if (!takes_a_new_image(reason))
                return remedy;
        return arena_printf(arena, "%s (%s) and reboot", remedy, image_command(tool));
}
