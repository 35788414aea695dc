/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Who would miss a companion's driver: USB devices behind a controller, an open sound card. */

#include "host/host.h"
#include "host/root.h"

/*
 * The first user found of the function whose directory in sysfs is `device`: "USB device 3-1",
 * "pcm3p of sound card1 is open"; NULL when there is none, or no driver. Lives in `arena`.
 */
const char *scan_user(const Root *root, int device, const Function *f, Arena *arena);
