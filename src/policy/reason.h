/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Why a GPU is not ready: one word each, for people, programs, the journal and the manual. */

#include <stdbool.h>

/* In the order of their weight: the first that applies is the reason of a claim. */
typedef enum Reason {
        REASON_NONE,
        REASON_ABSENT,
        REASON_AMBIGUOUS,
        REASON_NOT_A_GPU,
        REASON_UNREADABLE,
        REASON_CONFLICT,
        REASON_NO_IOMMU,
        REASON_SHARED_GROUP,
        REASON_BOOT_DISPLAY,
        REASON_DRIVER_BUSY,
        REASON_VIRTUAL_FUNCTION,
        REASON_BRIDGE_HEADER,
        REASON_NO_DRIVER,
        REASON_TIMEOUT,
        REASON_BIND_FAILED,
        REASON_LOST,
        _REASON_MAX,
} Reason;

/* "absent", "shared-group", ...; NULL for REASON_NONE. */
const char *reason_word(Reason reason);

/* What to run when the initramfs lacks something. Every message takes it from here. */
#define REASON_REBUILD "`dracut -f`"

/* The errno that says about the same, for ERRNO=; 0 for REASON_NONE. */
int reason_errno(Reason reason);

/* What to do about it, one sentence without a full stop; NULL for REASON_NONE. */
const char *reason_remedy(Reason reason);
