/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How the host sets the kernel command line for good. */

#include "host/host.h"
#include "host/root.h"

/* Fills `host->kernel_line`; `host->image_tool` is known already. */
void scan_kernel_line(const Root *root, Host *host);
