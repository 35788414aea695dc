/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Work that may block for ever, done in other processes, with a deadline; none waits for another.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"
#include "host/step.h"

/* The steps that one worker takes, one after the other, until one does not succeed. */
typedef struct WorkerTask {
        const size_t *steps; /* indices, handed to the function */
        size_t n_steps;
        uint64_t capabilities; /* of ours, those that the worker keeps */
} WorkerTask;

/* Takes step `index` in the worker's process. Returns 0 or a negative errno. */
typedef int (*WorkerFunction)(void *context, size_t index);

typedef struct WorkerLimits {
        unsigned step_ms;  /* for one step */
        unsigned total_ms; /* for all of a call together */
} WorkerLimits;

/*
 * Takes all tasks in workers: in one, by turns, for as long as none of them is slow; side by side,
 * in a process each, as soon as one is. What hangs or dies is one task, never another. Writes what
 * became of each step to `outcomes[index]`; a step that no worker came to keeps what was there. A
 * worker that outlives its deadline is killed and left behind: it may sit in the kernel,
 * unkillable, and nothing here waits for it. Returns 0, or -ENOMEM before anything was started.
 */
int worker_run_all(const WorkerTask *tasks, size_t n_tasks, WorkerFunction function, void *context,
        const WorkerLimits *limits, StepOutcome *outcomes) _must_check_;
