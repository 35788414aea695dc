/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The operations of ops.h on the running kernel. */

#include "host/ops.h"
#include "host/root.h"

/* Makes the table for the machine at `root`, which must outlive it. Returns 0, or -EROFS when that
 * is another machine's tree. */
int ops_kernel_init(const Root *root, Ops *ret) _must_check_;
