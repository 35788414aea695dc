/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where a PCI function is plugged, whatever the numbers of the buses on the way: a function on a
 * root bus, and from there a hop for each bridge (Documentation/admin-guide/kernel-parameters.txt,
 * pci=, and `lspci -P`).
 */

#include <stddef.h>

#include "base/arena.h"
#include "base/pci-address.h"

/* Every hop ends on a bus of its own, of which a domain has 256. */
#define PCI_PATH_HOPS_MAX 255

typedef struct PciPath {
        PciAddress first; /* its bus is a root bus, whose number the firmware gives */
        size_t n_hops;
        uint8_t hops[PCI_PATH_HOPS_MAX]; /* device << 3 | function */
} PciPath;

/*
 * Parses `[domain:]bus:device.function[/device.function]*`, hexadecimal, with as many digits as in
 * pci_address_parse(). Returns 0, or -EINVAL for anything else.
 */
int pci_path_parse(const char *text, PciPath *ret) _must_check_;

/* `0000:00:01.0/00.0`, in `arena`; NULL when memory is out. */
const char *pci_path_format(const PciPath *path, Arena *arena);

/* Appends the hop to `address`, which lies behind the path's end. False when it is too long. */
bool pci_path_append(PciPath *path, PciAddress address);

/* True when both end in the same slot: the function of the last hop does not matter. */
bool pci_path_same_slot(const PciPath *a, const PciPath *b);

/* The function that the path ends with. */
unsigned pci_path_function(const PciPath *path);
