/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the machine shows now, against what was claimed. Pure. */

#include "host/step.h"
#include "policy/plan.h"

typedef enum Result {
        RESULT_READY,
        RESULT_ABSENT,
        RESULT_REFUSED,
        RESULT_FAILED,
        RESULT_SKIPPED,
        _RESULT_MAX,
} Result;

/* The judgement on one claim. */
typedef struct Verdict {
        Result result;
        Reason reason;
        const char *message; /* for people: all of the following, or how it stands */
        const char *cause;   /* what was found on this machine, or NULL: it is as it should be */
        const char *remedy;  /* what to do about it here, or NULL */
        const char *also;    /* what stands in the way once that is dealt with, or NULL */
        int error;           /* positive errno: of the step that failed, or like the reason; or 0 */
        const Binding *bindings; /* of the claim's functions now, in their order */
        const char *
                *drivers_before; /* the same, before this run, or the one that `status` tells of */
} Verdict;

/* "ready", "absent", ... */
const char *result_word(Result result);

/* Sets `reason` and what there is to say about it; a `remedy` of NULL is the reason's own. */
void verdict_blame(
        Verdict *verdict, const Claim *claim, Reason reason, Finding finding, Arena *arena);

/* A verdict that says nothing yet: until somebody looks again, all is as it was found. */
Verdict verify_as_found(const Claim *claim, Arena *arena);

/* What becomes of a claim that is refused for `reason`. */
Result verify_refusal(Reason reason);

/* Which functions are where ("0000:01:00.0 is on nouveau, 0000:01:00.1 has no driver"): a card that
 * is bound half-way is told whole. */
const char *verify_whereabouts(const Claim *claim, const Binding *now, Arena *arena);

/* What stands against the claim before anything is done; ready when nothing does. */
Verdict verify_expected(const Claim *claim, Arena *arena);

/*
 * What became of the claim with index `index`. `now` holds a binding for each of its functions,
 * read from the machine; `outcomes` one item for each step of the plan, or is NULL when none was
 * taken (status). A GPU is ready when every function is on the wanted driver and known to VFIO, and
 * no step on it is outstanding; nothing else counts. A failure to allocate is left to `arena`.
 */
Verdict verify_claim(const Plan *plan, size_t index, const Binding *now,
        const StepOutcome *outcomes, Arena *arena);

/*
 * VFIO hands out a group only when all of it is its own: a GPU that is ready fails (shared-group)
 * where another claim has left a function of its group with a driver of the host.
 */
void verify_groups(const Plan *plan, Verdict *verdicts, Arena *arena);
