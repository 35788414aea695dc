/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* YAML for KubeVirt: which devices of a node it may hand out, and how a machine asks for them.
 * Pure. */

#include "report/export.h"

void export_kubevirt(Export *e);
