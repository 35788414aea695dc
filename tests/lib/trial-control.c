/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/trial-control.h"

TrialControl trial_control;

void trial_believe(
        const Plan *plan, const StepOutcome *outcomes, PciAddress address, Binding *binding)
{
        for (size_t i = 0; trial_control == TRIAL_BELIEVES && i < plan->n_steps; i++) {
                const Step *step = &plan->steps[i];

                if (step->type == STEP_BIND && outcomes[i].state == STEP_DONE &&
                        pci_address_compare(step->address, address) == 0)
                        *binding = (Binding){.driver = step->target, .vfio_device = "vfio0"};
        }
}

static const Function *find_unclaimed(const Plan *plan, const Host *host)
{
        for (size_t i = 0; i < host->n_functions; i++)
                if (!claims_find_accepted(&plan->claims, &host->functions[i]))
                        return &host->functions[i];
        return NULL;
}

static void drop_holds(Plan *plan)
{
        size_t n = 0;

        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type != STEP_HOLD)
                        plan->steps[n++] = plan->steps[i];
        plan->n_steps = n;
}

static void mistake_one(Plan *plan, const Function *other)
{
        for (size_t i = plan->n_steps; i-- > 0;)
                if (plan->steps[i].type == STEP_OVERRIDE) {
                        plan->steps[i].address = other->address;
                        return;
                }
}

void trial_spoil(Plan *plan, const Host *host)
{
        const Function *other = find_unclaimed(plan, host);

        if (trial_control == TRIAL_NO_HOLD)
                drop_holds(plan);
        if (trial_control == TRIAL_OTHER_CARD && other)
                mistake_one(plan, other);
}
