/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A made-up /run/vfio-gpu of this machine, for what runs leave there. */

#include "host/ops.h"
#include "host/run-dir.h"
#include "lib/tree.h"

typedef struct RunPlace {
        Tree *tree;
        Root root;
        RunDir dir;
        char log[128]; /* which functions' files others may read again: " ADDRESS=1" each */
} RunPlace;

void run_place_set(RunPlace *place);
void run_place_done(RunPlace *place);

/* Their set_readable() alone can be called, and writes to the log. */
Ops run_place_ops(RunPlace *place);

#define RUN_PLACE(name)                                                                            \
        _cleanup_(run_place_done) RunPlace name = {.root = ROOT_NULL, .dir = RUN_DIR_NULL};        \
        run_place_set(&(name))
