/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A folder of this process alone, that does not outlive it. */

#include <sys/types.h>

#include "base/macro.h"

typedef struct Scratch {
        char *path;
        pid_t janitor; /* removes the folder where this process cannot */
} Scratch;

/* Makes one, in $TMPDIR or /tmp. It is gone when this process is, however that ended. Returns 0 or
 * a negative errno. */
int scratch_new(Scratch **ret) _must_check_;
/* Removes it. */
void scratch_free(Scratch *scratch);
DEFINE_CLEANUP(Scratch *, scratch_free);
