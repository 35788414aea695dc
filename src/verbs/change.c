/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/change.h"

#include <string.h>

#include "host/apply.h"
#include "host/at-work.h"
#include "host/capabilities.h"
#include "host/ops-kernel.h"
#include "host/scan-card.h"
#include "host/scan-users.h"
#include "host/stuck.h"
#include "verbs/say.h"

/* What each part of a run needs beyond root's own files. A config that --config names may lie in a
 * folder that is not root's; and the files that others have open are to be seen. */
#define TO_READ   (TO_CHANGE | SCAN_USERS_CAPABILITIES | SCAN_CARD_CAPABILITIES)
#define TO_CHANGE CAPABILITY(CAP_SYS_MODULE)
#define TO_TELL   0

/* A whole run stays, with the wait for the lock (run-dir.c), below the unit's TimeoutStartSec=:
 * lint adds them up. */
static WorkerLimits limits_of(const Config *config)
{
        return (WorkerLimits){.step_ms = config->timeout * 1000, .total_ms = 30000};
}

/* Another run is waited for. With the former the longest run still ends within the limit of
 * vfio-gpu.service; with the latter those of eight cards that were found at once, one after the
 * other, within that of vfio-gpu@.service. */
#define LOCK_WAIT_MS        5000
#define LOCK_WAIT_NARROW_MS 60000

ExitStatus change_open(Session *s, Change *ret)
{
        const char *trouble = NULL;
        ExitStatus status = session_keep(s, TO_READ);

        if (status != EXIT_STATUS_OK)
                return status;

        int r = ops_kernel_init(&s->root, &ret->ops);
        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r,
                        "this machine cannot be changed: %s", strerror(-r));
        r = run_dir_open(
                &s->root, s->slot ? LOCK_WAIT_NARROW_MS : LOCK_WAIT_MS, &ret->dir, &trouble);
        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r, "/" RUN_DIR ": %s", trouble);
        if (stuck_forget(&s->root, &ret->dir, &ret->ops) < 0 ||
                at_work_forget(&s->root, &ret->dir, &ret->ops) < 0)
                say_error("/" RUN_DIR ": what has come back since could not be forgotten");
        return EXIT_STATUS_OK;
}

void change_done(Change *change)
{
        run_dir_done(&change->dir);
}

static void say_steps(const Session *s, const Plan *plan, const StepOutcome *outcomes)
{
        static const char *const states[] = {
                [STEP_NOT_TAKEN] = "not taken",
                [STEP_DONE] = "done",
                [STEP_FAILED] = "failed: ",
                [STEP_TIMED_OUT] = "did not end in time",
        };

        for (size_t i = 0; s->options->verbose && i < plan->n_steps; i++)
                say_detail("%s: %s%s", step_describe(&plan->steps[i], s->arena),
                        states[outcomes[i].state],
                        outcomes[i].state == STEP_FAILED ? strerror(outcomes[i].error) : "");
}

/* Whoever kills the run in between finds written down what its workers may be stuck in. */
static int take_steps(
        const Session *s, const Change *change, const Plan *plan, StepOutcome *outcomes)
{
        const WorkerLimits limits = limits_of(s->config);
        AtWork at_work = AT_WORK_NULL;

        if (at_work_begin(&change->dir, s->host->stage, plan->steps, plan->n_steps, &at_work) < 0)
                say_error("/" RUN_DIR ": what is at work could not be written down");

        int r = apply_steps(
                plan->steps, plan->n_steps, plan->claims.n_items, &change->ops, &limits, outcomes);
        if (stuck_add(&s->root, &change->dir, s->host->stage, plan->steps, plan->n_steps,
                    outcomes) < 0)
                say_error("/" RUN_DIR ": what never came back could not be written down");
        at_work_end(&change->dir, &at_work);
        return r;
}

ExitStatus change_take(
        Session *s, const Change *change, const Plan *plan, StepOutcome **ret_outcomes)
{
        StepOutcome *outcomes = arena_array(s->arena, plan->n_steps, sizeof(StepOutcome));
        ExitStatus status = session_keep(s, TO_CHANGE);

        if (!outcomes)
                return session_out_of_memory(s);
        if (status != EXIT_STATUS_OK)
                return status;

        int r = take_steps(s, change, plan, outcomes);
        if (r < 0)
                return session_fail(
                        s, EXIT_STATUS_MACHINE, -r, "nothing more can be done: %s", strerror(-r));
        say_steps(s, plan, outcomes);
        change_restore_modes(change, plan);
        *ret_outcomes = outcomes;
        return session_keep(s, TO_TELL);
}

static bool has_steps(const Plan *plan, const Function *f)
{
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].claim >= 0 &&
                        pci_address_compare(plan->steps[i].address, f->address) == 0)
                        return true;
        return false;
}

void change_restore_modes(const Change *change, const Plan *plan)
{
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                const Claim *claim = &plan->claims.items[i];

                for (size_t k = 0; k < claim->n_functions; k++)
                        if (!claim->functions[k]->stuck && !has_steps(plan, claim->functions[k]))
                                (void)change->ops.set_readable(
                                        change->ops.context, claim->functions[k]->address, true);
        }
}

Binding *change_read_back(Session *s, const Change *change, const Claim *claim)
{
        Binding *now = arena_array(s->arena, claim->n_functions, sizeof(Binding));

        for (size_t i = 0; now && i < claim->n_functions; i++)
                if (change->ops.read_binding(change->ops.context, claim->functions[i]->address,
                            s->arena, &now[i]) == -ENOMEM) {
                        arena_fail(s->arena);
                        return NULL;
                }
        return now;
}
