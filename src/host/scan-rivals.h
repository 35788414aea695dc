/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What else of this machine takes part in every boot and has designs on cards. */

#include "host/host.h"
#include "host/root.h"

/* Adds to host->rivals words of the kernel command line (with the file that they come from), the
 * overrides of driverctl(8), and pods of the NVIDIA GPU Operator on this node; and finds out what
 * writes the command line. Of `flags` (ScanFlags) SCAN_DISCREET and SCAN_EARLY count. A failure to
 * allocate is left to the host's arena. */
void scan_rivals(const Root *root, Host *host, unsigned flags);

/* The names in `folder`, sorted, without those that begin with a dot; at most 4096. They live in
 * `arena`, to which a failure to allocate is left. */
void scan_list_names(
        const Root *root, const char *folder, Arena *arena, const char ***ret, size_t *ret_n);

/* Adds one; its strings are copied. */
void scan_add_rival(Host *host, const Rival *rival);

/*
 * Reads `value`, the list of modules of such a word as `rd.driver.pre=` or such a line as
 * `force_drivers+=`, and adds what it means for `kind`: for RIVAL_LOADS one rival when vfio-pci is
 * among them, for RIVAL_KEEPS_OFF one for each module. `rival` is the rest of it.
 */
void scan_add_modules(Host *host, RivalKind kind, const char *value, const Rival *rival);
