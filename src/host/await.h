/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Waiting for the system stage of another process, where systemd cannot be asked. */

#include <stdint.h>

#include "base/macro.h"

/* Waits until /run/vfio-gpu of this machine has the report of a system stage that has ended since
 * systemd started, the last time: a soft reboot leaves the report of before. At most until
 * clock_ms() is `end`. Returns 1 when it is there, 0 when the time is over, or a negative errno. */
int await_system_stage(int64_t end) _must_check_;
