/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The firmware's framebuffer: in which card's memory it lies, and who of the kernel has it. */

#include "host/host.h"
#include "host/root.h"

/* Fills in `boot_framebuffer` of each function and the host's `framebuffer`, anew each time.
 * Returns 0, or a negative errno: then nothing of it is known. */
int scan_framebuffer(const Root *root, Host *host);
