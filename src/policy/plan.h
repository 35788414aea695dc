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
        PlanOff off;            /* then there are no claims and no steps */
        const PciAddress *slot; /* the steps are those that concern the GPU there; NULL: all GPUs */
        bool picked;            /* an entry picks a GPU there; otherwise there are no steps */
        Claims claims;
        Step *steps; /* in the order in which apply takes them */
        size_t n_steps;
        const char **warnings; /* words that mean nothing here */
        size_t n_warnings;
        const Rival **contenders; /* of the host's rivals, those that are to go; warned of, too */
        size_t n_contenders;
} Plan;

/* Whether anything is to be done on `host` at all; the config has no say in it. */
PlanOff plan_off(const KernelWords *words, const Host *host);

/* An empty plan, or NULL when memory is out; and a step more, at its end. */
Plan *plan_new(void);
void plan_add_step(Plan *plan, Step step);

/*
 * Plans what `config` and the kernel's words want of `host`, all of which must outlive the plan. A
 * machine on which all is right gives no steps. With `slot`, which may be NULL, all claims are
 * judged as ever, but the steps are those of the GPU there, and those that all cards need. Returns
 * 0 or -ENOMEM; free with plan_free().
 */
int plan_build(const Config *config, const KernelWords *words, const Host *host,
        const PciAddress *slot, Plan **ret) _must_check_;

/* True when a step takes `f` from its driver: then it matters who uses it. */
bool plan_takes(const Plan *plan, const Function *f);

/* True when the plan would differ with other settings of `f`, and nobody has read them. */
bool plan_wants_settings(const Plan *plan, const Function *f);

void plan_free(Plan *plan);
DEFINE_CLEANUP(Plan *, plan_free);
