/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/trial-release.h"

#include <string.h>

#include "lib/trial-check.h"
#include "lib/trial-control.h"
#include "policy/release-target.h"
#include "policy/release.h"

/* As the verb has it: a scan that knows what an earlier run has marked. */
static void read_marks(Trial *t)
{
        for (size_t i = 0; i < t->scene.host->n_functions; i++) {
                Function *f = &t->scene.host->functions[i];

                f->released = false;
                for (size_t k = 0; k < t->n_released; k++)
                        f->released |= pci_address_compare(t->released[k], f->address) == 0;
        }
}

static void write_marks(Trial *t)
{
        t->n_released = 0;
        for (size_t i = 0; i < t->scene.host->n_functions; i++)
                if (t->scene.host->functions[i].released)
                        *arena_push(t->scene.arena, &t->released, &t->n_released) =
                                t->scene.host->functions[i].address;
}

static void mark(Trial *t, const Claim *claim, bool released)
{
        for (size_t i = 0; i < t->scene.host->n_functions; i++)
                if (claim_holds(claim, &t->scene.host->functions[i]))
                        t->scene.host->functions[i].released = released;
}

/* All is marked before the first step: whoever is killed in between leaves it so. */
static const char *make_plan(Trial *t)
{
        Claims targets = {0};
        const char *unknown = NULL;
        Plan *plan = NULL;

        read_marks(t);
        if (release_target_select(t->scene.config, t->scene.host, &t->named, t->named != NULL,
                    t->scene.arena, &targets, &unknown) < 0)
                return unknown ? unknown : "memory was out";
        if (trial_control != TRIAL_RELEASE_NO_JUDGE)
                release_judge(&targets, t->scene.arena);
        for (size_t i = 0; i < targets.n_items; i++)
                if (claim_is_accepted(&targets.items[i]))
                        mark(t, &targets.items[i], true);
        if (release_plan(&targets, t->scene.host, scene_plan(&t->scene), &plan) < 0)
                return "memory was out";
        plan_free(t->scene.plan);
        t->scene.plan = plan;
        if (trial_control != TRIAL_RELEASE_NO_MARKS)
                write_marks(t);
        return NULL;
}

static const char *plan(Trial *t)
{
        Config *config = t->scene.config;
        const size_t n_entries = config->n_entries;

        if (t->unlisted)
                config->n_entries = 0;
        const char *broken = make_plan(t);
        config->n_entries = n_entries;
        return broken;
}

static void verify(Trial *t, Binding *const *now)
{
        const Plan *plan = t->scene.plan;

        for (size_t i = 0; i < plan->claims.n_items; i++) {
                t->verdicts[i] = release_verify(plan, i, now[i], t->outcomes, t->scene.arena);
                if (t->verdicts[i].result != RESULT_SKIPPED)
                        mark(t, &plan->claims.items[i], false);
        }
        write_marks(t);
}

static bool is_on_vfio(const SimBus *bus, PciAddress address)
{
        const SimDevice *device = NULL;

        for (size_t i = 0; i < bus->n_devices; i++)
                if (pci_address_compare(bus->devices[i].address, address) == 0)
                        device = &bus->devices[i];
        return device && trial_is_vfio(bus, device);
}

/* Whether the card may be half-way for it: its driver has it, or a driver of the host is within. */
static bool is_serious(const Step *step, StepState state)
{
        if (step->type == STEP_UNBIND || step->type == STEP_CLEAR)
                return state != STEP_DONE;
        return (step->type == STEP_PROBE || step->type == STEP_SETTLE) && state == STEP_TIMED_OUT;
}

static const char *contradict(const Trial *t, size_t index)
{
        const Plan *plan = t->scene.plan;
        const Claim *claim = &plan->claims.items[index];

        for (size_t i = 0; i < claim->n_functions; i++)
                if (is_on_vfio(sim_bus(t->sim), claim->functions[i]->address))
                        return "it is called released, and VFIO has it";
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].claim == (int)index &&
                        is_serious(&plan->steps[i], t->outcomes[i].state))
                        return "it is called released, and a step for it did not succeed";
        return NULL;
}

static const TrialVerb release = {
        .gives_back = true,
        .goal = RESULT_SKIPPED,
        .plan = plan,
        .verify = verify,
        .contradict = contradict,
};

/* What the simulated kernel does not have is not waited for. */
static void forget_modules(Trial *t)
{
        for (size_t i = 0; i < t->scene.host->n_functions; i++) {
                Function *f = &t->scene.host->functions[i];
                size_t n = 0;

                for (size_t k = 0; k < f->n_modules; k++)
                        if (trial_has_taker(t, f->address, f->modules[k]))
                                f->modules[n++] = f->modules[k];
                f->n_modules = n;
        }
}

/* Hands over what can be. */
static const char *hand_over(Trial *t, const TrialSource *source)
{
        trial_set(t, source);
        forget_modules(t);

        const char *broken = trial_apply_well(t);
        trial_scan(t, false);
        return broken;
}

static size_t count(const Trial *t, Result result)
{
        size_t n = 0;

        for (size_t i = 0; i < t->scene.plan->claims.n_items; i++)
                n += t->verdicts[i].result == result;
        return n;
}

/* From here on the trial is about giving back. */
static void turn(Trial *t, TrialTarget target)
{
        for (size_t i = 0; target != TRIAL_ALL && !t->named && i < t->scene.plan->claims.n_items;
                i++)
                if (t->verdicts[i].result == RESULT_READY)
                        t->named = arena_strdup(t->scene.arena,
                                PCI_ADDRESS(t->scene.plan->claims.items[i].display->address));
        t->unlisted = target == TRIAL_UNLISTED;
        t->verb = &release;
}

static bool has_stuck(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim->functions[i]->stuck)
                        return true;
        return false;
}

/* What nothing stands against is given back. */
static const char *check_all_released(const Trial *t)
{
        const Claims *claims = &t->scene.plan->claims;

        for (size_t i = 0; i < claims->n_items; i++) {
                if (t->verdicts[i].result != RESULT_SKIPPED && claim_is_accepted(&claims->items[i]))
                        return arena_printf(t->scene.arena,
                                "%s: nothing goes wrong any more, and it is not released: %s",
                                claims->items[i].entry->name, t->verdicts[i].message);
                if (has_stuck(&claims->items[i]) && t->verdicts[i].reason != REASON_TIMEOUT)
                        return arena_printf(t->scene.arena, "%s is stuck, and it is not said: %s",
                                claims->items[i].entry->name, t->verdicts[i].message);
        }
        return NULL;
}

/* Whoever is made for it has it, now that nothing keeps it away. */
static const char *check_taken(Trial *t)
{
        const Claims *claims = &t->scene.plan->claims;

        for (size_t i = 0; t->scene.config->blacklist_auto && i < claims->n_items; i++)
                for (size_t k = 0; k < claims->items[i].n_functions; k++) {
                        const Function *f = claims->items[i].functions[k];

                        if (t->verdicts[i].result == RESULT_SKIPPED && f->n_modules > 0 &&
                                !*sim_driver(t->sim, f->address))
                                return arena_printf(t->scene.arena,
                                        "%s has no driver, and %s is made for it",
                                        PCI_ADDRESS(f->address), f->modules[0]);
                }
        return NULL;
}

/* Whether `step` has kept the function from being offered to the host: it or another part of the
 * card is with VFIO, or a driver of the host is within. */
static bool stands_against(const Step *step, StepState state, const Step *offer)
{
        if (step->claim != offer->claim || (state != STEP_FAILED && state != STEP_TIMED_OUT))
                return false;
        return step->type == STEP_UNBIND || step->type == STEP_CLEAR ||
               (step->type == STEP_PROBE && offer->type != STEP_PROBE && state == STEP_TIMED_OUT &&
                       pci_address_compare(step->address, offer->address) == 0);
}

static const char *check_offers(const Trial *t)
{
        const Plan *plan = t->scene.plan;

        for (size_t i = 0;
                !t->killed && i < t->mishaps->n_calls && i < ARRAY_SIZE(t->mishaps->calls); i++) {
                const Step *offer = &plan->steps[t->mishaps->calls[i].step];

                for (size_t k = 0; trial_is_an_offer(offer->type) && k < plan->n_steps; k++)
                        if (stands_against(&plan->steps[k], t->outcomes[k].state, offer))
                                return arena_printf(t->scene.arena,
                                        "%s was offered to the host, though it could not %s",
                                        PCI_ADDRESS(offer->address),
                                        step_describe(&plan->steps[k], t->scene.arena));
        }
        return NULL;
}

static const char *release_well(Trial *t)
{
        t->verb = &release;

        const char *broken = trial_run(t, &(Accident){0}, LONG_MS);
        if (!broken)
                broken = trial_check_run(t);
        if (!broken)
                broken = check_all_released(t);
        if (!broken)
                broken = check_taken(t);
        return broken ? broken : trial_check_readable(t);
}

/* A driver of the host has a GPU of the claim's card, or of its IOMMU group. */
static bool host_has(const Trial *t, const Claim *claim)
{
        for (size_t i = 0; i < t->scene.host->n_functions; i++) {
                const Function *f = &t->scene.host->functions[i];

                if (f->binding.driver && !binding_is_vfio(&f->binding) && function_is_gpu(f) &&
                        (claim_holds(claim, f) ||
                                function_shares_group(claim->functions, claim->n_functions, f)))
                        return true;
        }
        return false;
}

static bool is_busy(const Trial *t, size_t index)
{
        const Claim *claim = &t->scene.plan->claims.items[index];
        const Reason reason = t->verdicts[index].reason;

        return t->verdicts[index].result == RESULT_REFUSED && !claim->entry->force_unbind &&
               (reason == REASON_DRIVER_BUSY || reason == REASON_SHARED_GROUP) &&
               host_has(t, claim);
}

/* What was ready is so again, or a driver of the host has it. */
static const char *check_ready_again(const Trial *t, const TrialNormal *normal)
{
        for (size_t n = 0; n < normal->n_results; n++) {
                const TrialResult *was = &normal->results[n];
                size_t i = 0;

                if (was->result != RESULT_READY)
                        continue;
                if (!trial_find_again(t, was, &i))
                        return arena_printf(t->scene.arena, "%s (%s) is gone", was->entry,
                                PCI_ADDRESS(was->address));
                if (t->verdicts[i].result != RESULT_READY && !is_busy(t, i))
                        return arena_printf(t->scene.arena, "%s (%s) is not ready again: %s",
                                was->entry, PCI_ADDRESS(was->address), t->verdicts[i].message);
        }
        return NULL;
}

/* A full apply, which knows of no marks. */
static const char *apply_again(Trial *t, const TrialNormal *normal)
{
        t->n_released = 0;
        read_marks(t);
        trial_scan(t, false);

        const char *broken = trial_apply_well(t);
        return broken ? broken : check_ready_again(t, normal);
}

const char *trial_release_normal(const TrialSource *source, Arena *arena, TrialNormal *ret)
{
        _cleanup_(trial_done) Trial t = {0};
        TrialNormal normal = {0};
        const char *broken = hand_over(&t, source);

        *ret = normal;
        if (!broken && count(&t, RESULT_READY) < (source->target == TRIAL_ONE ? 2 : 1))
                return NULL;
        if (!broken) {
                trial_keep_results(&t, arena, &normal);
                turn(&t, source->target);
                broken = release_well(&t);
        }
        if (!broken) {
                trial_keep_steps(&t, arena, &normal);
                normal.n_released = count(&t, RESULT_SKIPPED);
                broken = apply_again(&t, &normal);
        }
        *ret = normal;
        return broken ? arena_strdup(arena, broken) : NULL;
}

/* The run in which things go wrong: what is waited for in vain is not waited for long. */
static const char *release_badly(
        Trial *t, const TrialSource *source, const TrialNormal *normal, const Accident *accident)
{
        const char *broken = hand_over(t, source);

        if (broken)
                return broken;
        turn(t, source->target);
        broken = trial_run(t, accident, SHORT_MS);
        if (!broken && t->scene.plan->n_steps != normal->n_steps)
                return "the same machine and config give another plan";
        if (!broken)
                broken = trial_check_run(t);
        return broken ? broken : check_offers(t);
}

/* What went wrong is over; what hung is over or not. */
static const char *release_after(Trial *t, const TrialNormal *normal, bool stuck)
{
        /* what no entry lists is known to be ours by its mark, which a run that fails takes back */
        const bool marked = t->killed && !stuck;
        const char *broken = trial_run_after(t, stuck, release_well);

        if (!broken && (marked || !t->unlisted) && count(t, RESULT_SKIPPED) != normal->n_released)
                return "not all is released that would have been without the accident";
        return broken;
}

/* Some do not call release again. */
static const char *leave_it(const TrialSource *source, const TrialNormal *normal,
        const Accident *accident, Arena *arena)
{
        _cleanup_(trial_done) Trial t = {0};
        const char *broken = release_badly(&t, source, normal, accident);

        if (!broken) {
                trial_scan(&t, false);
                broken = apply_again(&t, normal);
        }
        return broken ? arena_printf(arena, "apply at once: %s", broken) : NULL;
}

static bool is_half_way(const Accident *accident)
{
        static const MishapType types[] = {
                MISHAP_KILLED, MISHAP_KILLED_LATE, MISHAP_HANGS, MISHAP_HANGS_LATE};

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (accident_has(accident, types[i]))
                        return true;
        return false;
}

const char *trial_release_accident(const TrialSource *source, const TrialNormal *normal,
        const Accident *accident, bool stuck, Arena *arena)
{
        _cleanup_(trial_done) Trial t = {0};
        const char *when = "the run";
        const char *broken = release_badly(&t, source, normal, accident);

        if (!broken) {
                when = "the run after it";
                broken = release_after(&t, normal, stuck);
        }
        if (!broken) {
                when = "apply after that";
                broken = apply_again(&t, normal);
        }
        if (!broken && !stuck && is_half_way(accident))
                return leave_it(source, normal, accident, arena);
        return broken ? arena_printf(arena, "%s: %s", when, broken) : NULL;
}
