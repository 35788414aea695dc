/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Waiting for a file that another run writes into /run/vfio-gpu. */

#include <stdint.h>

#include "base/macro.h"

/* Waits until the file `name` of this machine's /run/vfio-gpu is there, at most until clock_ms() is
 * `end`. Returns 1 when it is, 0 when the time is over, or a negative errno. */
int await_run_file(const char *name, int64_t end) _must_check_;
