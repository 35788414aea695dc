/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The firmware's framebuffer in the memory of a claimed card. VFIO lets nobody map a BAR of which
 * somebody else has reserved a part. vfio-pci makes the kernel's holder go by itself, but for VGA
 * controllers (class 0300) alone (drivers/vfio/pci/vfio_pci_core.c since Linux 6.0). Pure.
 */

#include "host/step.h"
#include "policy/claim.h"

/* The step that frees the memory of function `i` before it is bound, without the claim's index.
 * False: there is nothing to be done, or nothing that would help. */
bool framebuffer_step(const Host *host, const Claim *claim, size_t i, Step *ret);

/*
 * A sentence about the framebuffer in the memory of function `i`, which VFIO has as `host` shows
 * it; or, when that is `expected` only, about one that will be left there. NULL: there is none.
 */
const char *framebuffer_left(
        const Host *host, const Claim *claim, size_t i, bool expected, Arena *arena);
