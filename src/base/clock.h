/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Time that only goes forward. */

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_ms(void);

/* Waits that long, or less when a signal comes. */
void clock_pause_ms(unsigned ms);
