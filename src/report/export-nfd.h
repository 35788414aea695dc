/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A feature file for Node Feature Discovery. Pure. */

#include "report/export.h"

/* Returns 0, or -EINVAL for a word that means none of these. */
int gpu_operator_parse(const char *word, GpuOperator *ret) _must_check_;

/* How many GPUs are ready, in all, of each entry, and of each model; and the labels for
 * `gpu_operator`, which are left out where they would not do what they are for. */
void export_nfd(Export *e);
