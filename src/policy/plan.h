/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Config × Host → what to do. Pure: the same input gives the same plan, and nothing is touched. */

#include "config/kernel-words.h"
#include "host/step.h"
#include "policy/claim.h"

/* Why nothing is done at all. */
typedef enum PlanOff {
        PLAN_ON,
        PLAN_OFF_WORD,        /* vfio_gpu=0 */
        PLAN_OFF_INITRD_WORD, /* rd.vfio_gpu=0, and this is the initrd */
        PLAN_OFF_CRASH,       /* this kernel was started to save a crash dump */
} PlanOff;

typedef struct Plan {
        Arena *arena;
        PlanOff off; /* then there are no claims and no steps */
        Claims claims;
        Step *steps; /* in the order in which apply takes them */
        size_t n_steps;
        const char **warnings; /* words that mean nothing here */
        size_t n_warnings;
} Plan;

/* Whether anything is to be done on `host` at all; the config has no say in it. */
PlanOff plan_off(const KernelWords *words, const Host *host);

/* An empty plan, or NULL when memory is out; and a step more, at its end. */
Plan *plan_new(void);
void plan_add_step(Plan *plan, Step step);

/*
 * Plans what `config` and the kernel's words want of `host`, both of which must outlive the plan. A
 * machine on which all is right gives no steps. Returns 0 or -ENOMEM; free with plan_free().
 */
int plan_build(
        const Config *config, const KernelWords *words, const Host *host, Plan **ret) _must_check_;

/*
 * Keeps of the steps those that concern the GPU in the slot of `address`: its own, and those that
 * all cards need. False, and no steps at all, when no entry picks a GPU there.
 */
bool plan_narrow(Plan *plan, PciAddress address);

/* True when a step takes `f` from its driver: then it matters who uses it. */
bool plan_takes(const Plan *plan, const Function *f);

/* True when the plan would differ with other settings of `f`, and nobody has read them. */
bool plan_wants_settings(const Plan *plan, const Function *f);

void plan_free(Plan *plan);
DEFINE_CLEANUP(Plan *, plan_free);
