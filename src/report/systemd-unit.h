/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Asking systemd about a unit. */

#include <stdbool.h>
#include <stdint.h>

#include "base/macro.h"

/* What systemd says of a unit. */
typedef struct SystemdUnit {
        const char *active_state; /* "active", "activating", ... */
        bool has_job;             /* it is to be started or stopped, or is being so */
} SystemdUnit;

/* True when the unit does nothing, and is not going to: it has ended, however, or nobody wants it
 * to run. */
bool systemd_unit_is_over(const SystemdUnit *unit);

/*
 * Waits until that is true of the unit `name`, at most until clock_ms() is `end`. Returns 1 when it
 * is, 0 when the time is over, or a negative errno when systemd cannot be asked: -ENOPKG where it
 * does not run.
 */
int systemd_unit_wait(const char *name, int64_t end) _must_check_;
