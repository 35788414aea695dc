/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Taking the steps of a plan, in workers, through the table of operations. Decides nothing. */

#include "host/ops.h"
#include "host/step.h"
#include "host/worker.h"

/*
 * Takes `steps`: the policy file; all holds, a task for each claim; the loads, a task for each;
 * then what is left of each claim, a task again; then what gives functions to the host's drivers, a
 * task for each function. No task waits for one that hangs (worker.h). A claim whose step, or load,
 * does not succeed is left as it is, holds included, and the others go on. Waits at the end, at
 * most one step's time, until VFIO knows what was bound. `limits->total_ms` holds for all of it
 * together. `outcomes` has one item for each step. Returns 0, or -ENOMEM when steps were left
 * undone for want of memory.
 */
int apply_steps(const Step *steps, size_t n_steps, size_t n_claims, const Ops *ops,
        const WorkerLimits *limits, StepOutcome *outcomes) _must_check_;
