/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What hands the cards over where vfio-gpu does not run: vfio-pci is loaded first, and told the ids
 * of what it is to take. Pure. */

#include "report/export.h"

/* Words for the kernel command line. */
void export_ids_cmdline(Export *e);

/* Two files: what dracut puts into an image, and what vfio-pci is told there and in the real root.
 */
void export_ids_dracut(Export *e);
void export_ids_modprobe(Export *e);
