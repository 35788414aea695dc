/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel has what is exported here already, but for the spans, which iommufd alone asks for. */

#include <linux/export.h>
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(name)
#include "lib/interval_tree.c"
