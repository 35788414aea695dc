/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Why a GPU is not ready: one word each, for people, programs, the journal and the manual. */

#include <stdbool.h>

#include "base/arena.h"
#include "host/host.h"

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

/* The errno that says about the same, for ERRNO=; 0 for REASON_NONE. */
int reason_errno(Reason reason);

/* What it means: a clause without a full stop, the same in the manual. NULL for REASON_NONE. */
const char *reason_cause(Reason reason);

/* What to do about it on a host whose initramfs `tool` makes: one sentence without a full stop,
 * which may live in `arena`. NULL for REASON_NONE, or when memory was out, which the arena
 * remembers. */
const char *reason_remedy(Reason reason, ImageTool tool, Arena *arena);

/* The same on no host in particular: as the manual has it. */
const char *reason_remedy_anywhere(Reason reason);
