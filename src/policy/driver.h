/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which VFIO driver a function is to get: vfio-pci, or a variant of it. Pure. */

#include "policy/claim.h"

/* The driver that takes any function, and its module. */
#define DRIVER_VFIO_PCI        "vfio-pci"
#define DRIVER_VFIO_PCI_MODULE "vfio_pci"

/*
 * The driver for `f` as the claim's entry has it. "auto": the variant that knows it best, else
 * vfio-pci; a variant that is made for virtual functions (xe-vfio-pci: it loads the host's xe) only
 * by name. A variant that the entry names is for the GPU itself; what the card brings along gets
 * its own by "auto".
 */
const char *driver_wanted(const Claim *claim, const Function *f);

/* Whether the kernel has `driver` for `f`. */
ModuleState driver_state(const Host *host, const Function *f, const char *driver);

/* The name of the driver's module. */
const char *driver_module(const char *driver);

/* What the kernel has for `f`, best first: "x_vfio_pci, vfio-pci", or "none". */
const char *driver_candidates(const Host *host, const Function *f, Arena *arena);
