/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the kernel of a tree has for VFIO. */

#include "host/host.h"
#include "host/modules.h"
#include "host/root.h"

/*
 * Fills in vfio-pci, the IOMMU backend, lines of modprobe.d in their way, and the variants of
 * vfio-pci for each function that may have one. A variant says which devices it knows by aliases
 * `vfio_pci:...` in the form of a modalias, which load nothing by themselves (drivers/vfio/pci,
 * file2alias.c). Returns 0 or a negative errno.
 */
int scan_vfio(const Root *root, const Modules *modules, Host *host) _must_check_;
