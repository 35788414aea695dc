/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/reason.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "policy/image.h"

#define AND_REBOOT " and reboot"

/* The sentences stand in the manual, too: lint compares. */
static const struct {
        const char *word;
        const char *cause;
        const char *remedy;
        int error;
} reasons[_REASON_MAX] = {
        [REASON_ABSENT] = {"absent", "fewer GPUs match than the entry wants",
                "see `vfio-gpu list` for what is there, and mend the entry, or mark it `optional`",
                ENODEV},
        [REASON_AMBIGUOUS] = {"ambiguous",
                "more GPUs match than the entry wants; the first is never taken for the right one",
                "pin the entry with `address`, `path` or `serial`, or say how many with `count`",
                ENOTUNIQ},
        [REASON_NOT_A_GPU] = {"not-a-gpu",
                "what the entry names is no display controller, and no companion of one",
                "mend the entry", EINVAL},
        [REASON_UNREADABLE] = {"unreadable",
                "a function of the card or of its IOMMU group could not be read, or does not "
                "answer",
                "look at the kernel's messages about this device (`dmesg`); it may be failing",
                EIO},
        [REASON_CONFLICT] = {"conflict", "another entry picks the same GPU; neither gets it",
                "let one entry only pick this GPU", EEXIST},
        [REASON_NO_IOMMU] = {"no-iommu", "the card is in no IOMMU group",
                "switch the IOMMU on in the firmware (VT-d, AMD-Vi, SMMU) and in the kernel "
                "(`intel_iommu=on` on Intel)",
                EOPNOTSUPP},
        [REASON_SHARED_GROUP] = {"shared-group",
                "its IOMMU group holds something that does not go with it",
                "list the others in `allow_group_members`, or move the card to a slot with a group "
                "of its own",
                EXDEV},
        [REASON_BOOT_DISPLAY] = {"boot-display",
                "it shows the boot console, or no display would be left to the host",
                "keep another display for the host, or set `allow_boot_display = true`", EPERM},
        [REASON_DRIVER_BUSY] = {"driver-busy",
                "a driver had the card first, or something uses the card or a companion of it",
                "stop what uses it, or rebuild the initramfs with vfio-gpu in it" AND_REBOOT,
                EBUSY},
        [REASON_VIRTUAL_FUNCTION] = {"virtual-function",
                "it is an SR-IOV virtual function, or has such functions enabled",
                "list the physical card, and switch its virtual functions off (`sriov_numvfs`)",
                EINVAL},
        [REASON_BRIDGE_HEADER] = {"bridge-header", "one of its functions is a bridge",
                "mend `functions` or the entry", EINVAL},
        [REASON_NO_DRIVER] = {"no-driver",
                "the kernel lacks the VFIO driver for it, or an IOMMU backend for VFIO",
                "install the kernel's vfio modules, rebuild the initramfs" AND_REBOOT, ENOENT},
        [REASON_TIMEOUT] = {"timeout",
                "a driver does not come back from it, now or since an earlier run",
                "power the machine off and on before the next try", ETIMEDOUT},
        [REASON_BIND_FAILED] = {"bind-failed", "the kernel refused a step",
                "look at the kernel's messages about this device (`dmesg`)", EIO},
        [REASON_LOST] = {"lost", "it should be on its VFIO driver, and is not",
                "hand it over again: `systemctl restart vfio-gpu`", ENOLINK},
};

const char *reason_word(Reason reason)
{
        return reasons[reason].word;
}

int reason_errno(Reason reason)
{
        return reasons[reason].error;
}

const char *reason_cause(Reason reason)
{
        return reasons[reason].cause;
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
        return arena_printf(arena, "%.*s (%s)" AND_REBOOT,
                (int)(strlen(remedy) - strlen(AND_REBOOT)), remedy, image_command(tool));
}

const char *reason_remedy_anywhere(Reason reason)
{
        return reasons[reason].remedy;
}
