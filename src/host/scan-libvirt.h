/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which functions libvirt's domains have with managed='yes'. */

#include "host/host.h"
#include "host/root.h"

/* Adds them to host->rivals, and what could not be looked at. A failure to allocate is left to the
 * host's arena. */
void scan_libvirt(const Root *root, Host *host);
