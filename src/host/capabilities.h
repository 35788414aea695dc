/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* capabilities(7) of this process: what a part of the work does not need is given away before. */

#include <linux/capability.h>
#include <stdint.h>

#include "base/macro.h"

/* A set with one member, CAP_SYS_MODULE for one; sets are put together with `|`. */
#define CAPABILITY(capability) (UINT64_C(1) << (capability))

/*
 * Keeps those capabilities of this process that are in `wanted`, and gives all others away for
 * good: no program that it might start gets them back. Returns 0 once that has been read back, or a
 * negative errno.
 */
int capabilities_keep(uint64_t wanted) _must_check_;

/* Those that this process could use now; 0 as well when that cannot be read. */
uint64_t capabilities_now(void);
