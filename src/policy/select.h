/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which GPUs an entry picks. Pure. */

#include "config/kernel-words.h"
#include "policy/claim.h"

/*
 * One claim for every GPU that an entry picks. An entry that picks none, or more than its `count`,
 * gives one claim without a GPU. What a skipped entry picks is skipped, and no other entry gets it.
 * Refuses with absent, ambiguous, not-a-gpu, conflict,
 * and virtual-function where a selector names one; everything else is rules.h's. `arena` owns the
 * claims, which point into `config` and `host`. Returns 0 or -ENOMEM.
 */
int select_claims(const Config *config, const KernelWords *words, const Host *host, Arena *arena,
        Claims *ret) _must_check_;
