/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What older recipes for vfio-pci leave in a host's configuration. */

#include "host/host.h"
#include "host/root.h"

/* Adds to host->rivals lines of modprobe.d, modules-load.d, dracut's and initramfs-tools'
 * configuration, and of scripts, rules and units that bind cards by themselves; of
 * `flags` (ScanFlags) SCAN_DISCREET counts. A failure to allocate is left to the host's arena. */
void scan_recipes(const Root *root, Host *host, unsigned flags);

/* Whether a line of a script, rule or unit binds cards by hand. */
bool scan_recipes_binds(const char *text);
