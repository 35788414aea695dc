/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One run of a verb that changes the machine, on the simulated kernel: what trials are made of. */

#include "lib/sim-bus.h"
#include "lib/trial.h"
#include "report/report.h"

/* For a step that hangs, and for one that does not, however slow this machine is. */
#define SHORT_MS 60
#define LONG_MS  10000

/* What makes the verbs different. */
typedef struct TrialVerb {
        bool gives_back; /* to the host */
        Result goal;
        /* Puts into the scene what is to be done. NULL, or what does not hold. */
        const char *(*plan)(Trial *t);
        /* Fills in the verdicts; `now` has a binding for each function of each claim. */
        void (*verify)(Trial *t, Binding *const *now);
        /* NULL, or why a claim of which that is said has not reached the goal. */
        const char *(*contradict)(const Trial *t, size_t claim);
} TrialVerb;

struct Trial {
        Scene scene;
        Sim *sim;
        const TrialVerb *verb;
        bool unlisted;         /* release is to find no entries in the config */
        const char *named;     /* what is to be given back, as an address; NULL: all */
        PciAddress *released;  /* what /run/vfio-gpu/released says */
        size_t n_released;     /* of it */
        Mishaps *mishaps;      /* of the latest run */
        SimBus before;         /* it */
        StepOutcome *outcomes; /* of it; shared with the process that takes the steps */
        size_t outcomes_size;
        bool killed; /* it did not come to its end */
        Verdict *verdicts;
        Report report;
};

void trial_set(Trial *t, const TrialSource *source);
void trial_done(Trial *t);

/* Whether the module is one that takes the function. */
bool trial_has_taker(Trial *t, PciAddress address, const char *module);

/* One run of the trial's verb. */
const char *trial_run(Trial *t, const Accident *accident, unsigned step_ms);

/* What a run left is read anew. What hung has come back by then, or it is stuck. */
void trial_scan(Trial *t, bool stuck);

/* What the latest run had to do, and what became of it, for others to compare with. */
void trial_keep_steps(const Trial *t, Arena *arena, TrialNormal *ret);
void trial_keep_results(const Trial *t, Arena *arena, TrialNormal *ret);

/* The claim that `was` tells of, in the latest run; `*ret` is its index. */
bool trial_find_again(const Trial *t, const TrialResult *was, size_t *ret);
