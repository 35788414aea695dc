/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What is otherwise now than the stages of this boot left it. Pure. */

#include "report/history.h"

typedef struct Difference {
        const Past *past;    /* of the function that it is about; NULL: of the config */
        const char *now;     /* the driver that has the function now, or NULL */
        const char *message; /* a sentence */
} Difference;

typedef struct Since {
        Difference *items;
        size_t n_items;
} Since;

/*
 * Compares `history` with the host that `plan` was made of. `config_path` is named as a file that
 * was edited after the last stage had read it; NULL: it was not. All of it outlives `*ret`. Returns
 * 0 or -ENOMEM.
 */
int since_build(const History *history, const Host *host, const Plan *plan, const char *config_path,
        Arena *arena, Since *ret) _must_check_;
