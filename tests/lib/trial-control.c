/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/trial-control.h"

TrialControl trial_control;

void trial_believe(
        const Plan *plan, const StepOutcome *outcomes, PciAddress address, Binding *binding)
{
        for (size_t i = 0; i < plan->n_steps; i++) {
                const Step *step = &plan->steps[i];

                if (outcomes[i].state != STEP_DONE ||
                        pci_address_compare(step->address, address) != 0)
                        continue;
                if (step->type == STEP_BIND && trial_control == TRIAL_BELIEVES)
                        *binding = (Binding){.driver = step->target, .vfio_device = "vfio0"};
                if (step->type == STEP_CLEAR && trial_control == TRIAL_RELEASE_BELIEVES)
                        *binding = (Binding){0};
        }
}

static const Function *find_unclaimed(const Plan *plan, const Host *host)
{
        for (size_t i = 0; i < host->n_functions; i++)
                if (!claims_find_accepted(&plan->claims, &host->functions[i]))
                        return &host->functions[i];
        return NULL;
}

static const Function *find_kept(const Plan *plan, const Host *host)
{
        for (size_t i = 0; i < host->n_functions; i++)
                if (binding_is_vfio(&host->functions[i].binding) &&
                        !claims_find_accepted(&plan->claims, &host->functions[i]))
                        return &host->functions[i];
        return NULL;
}

static void drop(Plan *plan, StepType type)
{
        size_t n = 0;

        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type != type)
                        plan->steps[n++] = plan->steps[i];
        plan->n_steps = n;
}

static void mistake_one(Plan *plan, StepType type, const Function *other)
{
        for (size_t i = plan->n_steps; i-- > 0;)
                if (other && plan->steps[i].type == type) {
                        plan->steps[i].address = other->address;
                        return;
                }
}

void trial_spoil(Plan *plan, const Host *host)
{
        if (trial_control == TRIAL_NO_HOLD)
                drop(plan, STEP_HOLD);
        if (trial_control == TRIAL_OTHER_CARD)
                mistake_one(plan, STEP_OVERRIDE, find_unclaimed(plan, host));
        if (trial_control == TRIAL_RELEASE_OTHER_CARD)
                mistake_one(plan, STEP_CLEAR, find_kept(plan, host));
        if (trial_control == TRIAL_RELEASE_NO_FORGET)
                drop(plan, STEP_FORGET);
}
