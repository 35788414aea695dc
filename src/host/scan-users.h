/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Who would miss a companion's driver: USB devices behind a controller. */

#include "host/host.h"

/*
 * The first user found of the function whose directory in sysfs is `device`: "USB device 3-1"; NULL
 * when there is none, or no driver. Lives in `arena`. An open sound card is not looked for: its
 * state in /proc is behind a lock that a hanging driver keeps (sound/core/pcm.c).
 */
const char *scan_user(int device, const Function *f, Arena *arena);
