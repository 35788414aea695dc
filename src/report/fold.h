/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* GPUs that are not ready for one and the same cause, and want the same remedy: people are told
 * once. Pure. */

#include "report/report.h"

typedef struct Fold {
        size_t n;          /* how many GPUs; 1: it is alone, and the rest is that of its verdict */
        const char *who;   /* "pool (0000:01:00.0, 0000:02:00.0), other (0000:03:00.0)" */
        const char *cause; /* of one as of the others: the GPU is "it" */
        const char *also;  /* the same of Verdict's, or NULL */
} Fold;

/* Whether an earlier claim's fold holds the one with index `index`. */
bool fold_is_told(const Report *report, size_t index, Arena *arena);

/* That of the claim with index `index`, with all later ones like it. */
Fold fold_from(const Report *report, size_t index, Arena *arena);

/* One sentence on all of them, as report_sentence() has on one. NULL: out of memory. */
const char *fold_sentence(const Report *report, size_t index, Arena *arena);
