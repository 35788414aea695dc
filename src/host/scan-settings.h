/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the kernel may do with a function on its own: `reset_method`, `d3cold_allowed` of sysfs. */

#include "host/host.h"
#include "host/root.h"

/* Fills in `settings` of the `n` functions. Neither attribute is behind the device's lock. A
 * failure to allocate is left to the host's arena. */
void scan_settings(const Root *root, Host *host, Function *const *functions, size_t n);
