/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/trial.h"

#include <string.h>

#include "lib/invariants.h"
#include "lib/trial-check.h"

static const char *plan(Trial *t)
{
        scene_plan(&t->scene);
        return invariants_of_steps(&t->scene);
}

static void verify(Trial *t, Binding *const *now)
{
        const Plan *plan = t->scene.plan;

        for (size_t i = 0; i < plan->claims.n_items; i++)
                t->verdicts[i] = verify_claim(plan, i, now[i], t->outcomes, t->scene.arena);
        verify_groups(plan, t->verdicts, t->scene.arena);
}

static bool is_ready_in_truth(const Trial *t, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                Binding now = {.driver = sim_driver(t->sim, claim->functions[i]->address)};

                if (!sim_is_ready(t->sim, claim->functions[i]->address) ||
                        !binding_is_on(&now, claim->drivers[i]))
                        return false;
        }
        return claim->n_functions > 0;
}

static bool has_trouble(const Trial *t, size_t claim)
{
        const Plan *plan = t->scene.plan;

        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type != STEP_POLICY &&
                        (t->outcomes[i].state == STEP_FAILED ||
                                t->outcomes[i].state == STEP_TIMED_OUT) &&
                        step_serves(plan->steps, plan->n_steps, i, (int)claim))
                        return true;
        return false;
}

static const char *contradict(const Trial *t, size_t claim)
{
        if (!is_ready_in_truth(t, &t->scene.plan->claims.items[claim]))
                return "it is called ready, and is not";
        return has_trouble(t, claim) ? "it is called ready, and a step for it did not succeed"
                                     : NULL;
}

static const TrialVerb apply = {
        .goal = RESULT_READY,
        .plan = plan,
        .verify = verify,
        .contradict = contradict,
};

/* VFIO never heard of it, and never will. */
static bool is_linked_only(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (binding_is_on(&claim->functions[i]->binding, claim->drivers[i]) &&
                        !claim->functions[i]->binding.vfio_device)
                        return true;
        return false;
}

/* Another card of its group is stuck, with a driver of the host. */
static bool is_spoilt(const Trial *t, size_t claim)
{
        for (size_t i = 0; i < t->scene.host->n_functions; i++)
                if (t->scene.host->functions[i].stuck &&
                        t->verdicts[claim].reason == REASON_SHARED_GROUP)
                        return true;
        return false;
}

/* In a run in which nothing goes wrong, what nothing stands against is ready. */
static const char *check_all_ready(const Trial *t)
{
        const Claims *claims = &t->scene.plan->claims;

        for (size_t i = 0; i < claims->n_items; i++)
                if (claim_is_accepted(&claims->items[i]) && !is_linked_only(&claims->items[i]) &&
                        t->verdicts[i].result != RESULT_READY && !is_spoilt(t, i))
                        return arena_printf(t->scene.arena,
                                "%s: nothing goes wrong any more, and it is not ready: %s",
                                claims->items[i].entry->name, t->verdicts[i].message);
        return NULL;
}

static bool has_linked_only(Trial *t)
{
        const Claims *claims = &scene_plan(&t->scene)->claims;

        for (size_t i = 0; i < claims->n_items; i++)
                if (claim_is_accepted(&claims->items[i]) && is_linked_only(&claims->items[i]))
                        return true;
        return false;
}

/* Nothing is left to do. */
static const char *check_still(Trial *t)
{
        trial_scan(t, false);
        scene_plan(&t->scene);
        return t->scene.plan->n_steps && !has_linked_only(t)
                       ? arena_printf(t->scene.arena, "there is more to do: %s",
                                 scene_steps_text(&t->scene))
                       : NULL;
}

/* What VFIO never hears of is waited for as long as one step may take. */
const char *trial_apply_well(Trial *t)
{
        t->verb = &apply;

        const char *broken =
                trial_run(t, &(Accident){0}, has_linked_only(t) ? 2 * SHORT_MS : LONG_MS);

        if (!broken)
                broken = trial_check_run(t);
        if (!broken)
                broken = check_all_ready(t);
        return broken ? broken : trial_check_readable(t);
}

const char *trial_normal(const TrialSource *source, Arena *arena, TrialNormal *ret)
{
        _cleanup_(trial_done) Trial t = {0};
        TrialNormal normal = {0};

        trial_set(&t, source);
        const char *broken = trial_apply_well(&t);
        if (!broken) {
                trial_keep_steps(&t, arena, &normal);
                trial_keep_results(&t, arena, &normal);
                broken = check_still(&t);
        }
        *ret = normal;
        return broken ? arena_strdup(arena, broken) : NULL;
}

/* What would have been ready without the accident is. */
static const char *check_repaired(const Trial *t, const TrialNormal *normal)
{
        for (size_t n = 0; n < normal->n_results; n++) {
                const TrialResult *was = &normal->results[n];
                size_t i = 0;

                if (was->result == RESULT_READY &&
                        (!trial_find_again(t, was, &i) || t->verdicts[i].result != RESULT_READY))
                        return arena_printf(t->scene.arena, "%s (%s) is not repaired", was->entry,
                                PCI_ADDRESS(was->address));
        }
        return NULL;
}

/* All that happens is that drivers are loaded, and all cards are on hold by then. */
static bool is_safe(const TrialNormal *normal, const Accident *accident)
{
        for (size_t i = 0; i < MISHAPS; i++)
                if (accident->mishaps[i].type != MISHAP_NONE)
                        return false;
        return (accident->others.type == OTHERS_LOAD || accident->others.type == OTHERS_COLDPLUG) &&
               normal->steps[accident->others.step].type >= STEP_LOAD;
}

/* Something is waited for that never comes. */
static bool is_waited_for(const Accident *accident)
{
        static const MishapType types[] = {MISHAP_NO_EFFECT, MISHAP_HANGS, MISHAP_HANGS_LATE};

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (accident_has(accident, types[i]))
                        return true;
        return accident->others.type == OTHERS_UNBIND || accident->others.type == OTHERS_REPLUG;
}

/* The first run, in which things go wrong. */
static const char *run_badly(Trial *t, const TrialNormal *normal, const Accident *accident)
{
        t->verb = &apply;

        bool brief = is_waited_for(accident) || has_linked_only(t);
        const char *broken = trial_run(t, accident, brief ? SHORT_MS : LONG_MS);

        if (!broken && t->scene.plan->n_steps != normal->n_steps)
                return "the same machine and config give another plan";
        if (!broken)
                broken = trial_check_run(t);
        return !broken && is_safe(normal, accident) ? check_all_ready(t) : broken;
}

/* What went wrong and what others did is over; what hung is over or not. */
static const char *run_after(
        Trial *t, const TrialNormal *normal, const Accident *accident, bool stuck)
{
        const char *broken = trial_run_after(t, stuck, trial_apply_well);

        if (!broken && accident->others.type == OTHERS_REST)
                broken = check_repaired(t, normal);
        return broken;
}

const char *trial_accident(const TrialSource *source, const TrialNormal *normal,
        const Accident *accident, bool stuck, Arena *arena)
{
        _cleanup_(trial_done) Trial t = {0};
        const char *when = "the run";

        trial_set(&t, source);
        const char *broken = run_badly(&t, normal, accident);
        if (!broken) {
                when = "the run after it";
                broken = run_after(&t, normal, accident, stuck);
        }
        if (!broken) {
                when = "the third run";
                broken = check_still(&t);
        }
        return broken ? arena_printf(arena, "%s: %s", when, broken) : NULL;
}
