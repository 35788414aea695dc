/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What is left to be done on a host until its cards are handed over at each boot. Pure. */

#include "policy/image.h"
#include "policy/plan.h"

/* A command, and a remark on it or NULL; without a command an instruction. */
typedef struct NextStep {
        const char *command;
        const char *text;
} NextStep;

typedef struct NextSteps {
        NextStep *items; /* in their order */
        size_t n_items;
} NextSteps;

typedef struct NextInput {
        const Host *host;
        const Plan *plan;
        ImageState image;
        const char *config; /* a file that is to become /etc/vfio-gpu.conf; NULL: it is that */
        const char *check;  /* the command that would say all this anew */
} NextInput;

/* Returns 0 or -ENOMEM. No steps: nothing is to be done; NULL: this is not the time to ask. All
 * lives in `arena`. */
int next_steps_build(const NextInput *input, Arena *arena, NextSteps **ret) _must_check_;

/* The step as a sentence: "`dracut -f` (or what this host has in its place)". */
const char *next_step_sentence(const NextStep *step, Arena *arena);
