/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Apply on the simulated kernel, from a machine and a config to the report, while things go wrong
 * and others act; then once more with nothing in the way, and a third time. What must hold,
 * whatever it was:
 *
 *  - nothing is written to a function that no accepted claim holds, and none of them changes hands;
 *  - no card is called ready that is not, and each that is not has a reason, a cause and a remedy;
 *  - the exit status is what the report says;
 *  - once all cards are on hold, drivers that others load take none of them;
 *  - the second run makes ready what would have been without the accident; after others meddled,
 * all against which nothing stands, and it says what stands against the rest;
 *  - the third run has nothing to do.
 */

#include "lib/mishap.h"
#include "lib/scene.h"

/* What is given back (lib/trial-release.h). */
typedef enum TrialTarget {
        TRIAL_ALL,
        TRIAL_ONE,      /* of several GPUs one */
        TRIAL_UNLISTED, /* one by its address, which no entry lists any more */
} TrialTarget;

/* Where a machine and its config come from: each run wants a fresh one. */
typedef struct TrialSource {
        const char *name;
        void (*make)(Scene *ret, const void *context);
        const void *context;
        TrialTarget target;
} TrialSource;

/* A GPU, and what becomes of it. */
typedef struct TrialResult {
        const char *entry;
        PciAddress address;
        Result result;
} TrialResult;

/* What the machine comes to when nothing goes wrong. */
typedef struct TrialNormal {
        Step *steps;
        size_t n_steps;
        PciAddress *functions; /* of the machine */
        size_t n_functions;
        TrialResult *results;
        size_t n_results;
        size_t n_released; /* GPUs, by release */
} TrialNormal;

/* A machine, and what is done on it (lib/trial-run.h). */
typedef struct Trial Trial;

/* Returns NULL, or what does not hold; all that comes out lives in `arena`. */
const char *trial_normal(const TrialSource *source, Arena *arena, TrialNormal *ret);

/* The same with `accident`. What hangs in the first run still does in the second with `stuck`. */
const char *trial_accident(const TrialSource *source, const TrialNormal *normal,
        const Accident *accident, bool stuck, Arena *arena);

/* A run of apply in which nothing goes wrong. */
const char *trial_apply_well(Trial *t);
