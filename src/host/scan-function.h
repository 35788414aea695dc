/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One PCI function out of sysfs (Documentation/ABI/testing/sysfs-bus-pci). */

#include "host/host.h"
#include "host/modules.h"
#include "host/root.h"

/*
 * Reads the function at `address` into `ret`; `devices` is the directory of all. What cannot be
 * read makes it `unreadable`, with the reason. Details that only matter for a GPU are read of GPUs
 * alone. The configuration space is left alone: to look into it might wake a sleeping card. Strings
 * live in `arena`, which remembers when memory was out.
 */
void scan_function(const Root *root, int devices, const Modules *modules, PciAddress address,
        Arena *arena, Function *ret);
