/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Giving GPUs back to the host's drivers: what stands against it, and how. Pure. */

#include "policy/verify.h"

/* True when `f` would be taken from VFIO: then it matters who uses it. */
bool release_takes(const Claims *claims, const Function *f);

/* Refuses what is in use, or stuck, or has virtual functions. Sentences live in `arena`. */
void release_judge(Claims *claims, Arena *arena);

/*
 * The steps that give `claims` back. `after` is the plan of the same host on which they are
 * released: modprobe.d is to say what it says there. The plan takes the claims over, and is to be
 * freed before what they live in. Returns 0 or -ENOMEM.
 */
int release_plan(
        const Claims *claims, const Host *host, const Plan *after, Plan **ret) _must_check_;

/* What became of the claim with index `index`, as in verify_claim(); what is not on a VFIO driver
 * any more is released, whoever has it now. */
Verdict release_verify(const Plan *plan, size_t index, const Binding *now,
        const StepOutcome *outcomes, Arena *arena);
