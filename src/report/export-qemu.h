/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Arguments for QEMU. Pure. */

#include "report/export.h"

/* Two words a line, none of which a shell would change: $(vfio-gpu export qemu) needs no quotes. */
void export_qemu(Export *e);
