/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/verify.h"

#include <string.h>

#include "base/driver-name.h"
#include "base/text.h"

const char *result_word(Result result)
{
        static const char *const words[_RESULT_MAX] = {
                [RESULT_READY] = "ready",
                [RESULT_ABSENT] = "absent",
                [RESULT_REFUSED] = "refused",
                [RESULT_FAILED] = "failed",
                [RESULT_SKIPPED] = "skipped",
        };

        return words[result];
}

void verdict_blame(
        Verdict *verdict, const Claim *claim, Reason reason, Finding finding, Arena *arena)
{
        if (!finding.remedy)
                finding.remedy = reason_remedy(reason, claim->host->image_tool, arena);
        verdict->reason = reason;
        verdict->cause = finding.cause;
        verdict->remedy = finding.remedy;
        verdict->message = claim_finding_text(finding, arena);
        if (verdict->also)
                verdict->message =
                        arena_printf(arena, "%s (also %s)", verdict->message, verdict->also);
}

/* Which other rules stand in the way once the one for `reason` is dealt with; NULL: none. */
static const char *others(const Claim *claim, Reason reason, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (int other = (int)reason + 1; other < _REASON_MAX; other++) {
                if (!claim->findings[other].cause)
                        continue;
                text_separate(&text, "; ");
                text_add(&text, "%s: %s", reason_word((Reason)other), claim->findings[other].cause);
        }
        return text_is_empty(&text) ? NULL : text.string;
}

Verdict verify_as_found(const Claim *claim, Arena *arena)
{
        Verdict verdict = {0};
        Binding *bindings = arena_array(arena, claim->n_functions, sizeof(Binding));
        const char **drivers = arena_array(arena, claim->n_functions, sizeof(char *));

        for (size_t i = 0; bindings && drivers && i < claim->n_functions; i++) {
                bindings[i] = claim->functions[i]->binding;
                drivers[i] = claim->functions[i]->binding.driver;
        }
        verdict.bindings = bindings;
        verdict.drivers_before = drivers;
        return verdict;
}

/* "IOMMU group 13, with 0000:01:00.1"; a companion's driver where it is not the display's. */
static const char *place(const Claim *claim, Arena *arena)
{
        Text text = TEXT_IN(arena);

        text_add(&text, "IOMMU group %d", claim->display->iommu_group);
        for (size_t i = 0, n = 0; i < claim->n_functions; i++) {
                if (claim->functions[i] == claim->display)
                        continue;
                text_add(&text, "%s%s", n++ ? ", " : ", with ",
                        PCI_ADDRESS(claim->functions[i]->address));
                if (!driver_name_equal(claim->drivers[i], claim_display_driver(claim)))
                        text_add(&text, " on %s", claim->drivers[i]);
        }
        return text.string;
}

static const char *handed_over(const Claim *claim, Arena *arena)
{
        return arena_printf(arena, "on %s, %s", claim_display_driver(claim), place(claim, arena));
}

/* What an earlier run could not end is no refusal: the card has been touched. */
Result verify_refusal(Reason reason)
{
        switch (reason) {
        case REASON_ABSENT:
                return RESULT_ABSENT;
        case REASON_TIMEOUT:
                return RESULT_FAILED;
        default:
                return RESULT_REFUSED;
        }
}

const char *verify_whereabouts(const Claim *claim, const Binding *now, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Binding *b = &now[i];

                text_separate(&text, ", ");
                text_add(&text, "%s %s%s", PCI_ADDRESS(claim->functions[i]->address),
                        b->driver ? "is on " : "has no driver", b->driver ? b->driver : "");
                if (binding_is_on(b, claim->drivers[i]) && !b->vfio_device)
                        text_add(&text, ", not yet known to VFIO");
        }
        return text.string;
}

static const char *released(const Claim *claim, const Binding *now, Arena *arena)
{
        bool taken = false;

        if (!now)
                return NULL; /* which the arena remembers */
        for (size_t i = 0; i < claim->n_functions; i++)
                taken |= function_is_gpu(claim->functions[i]) && now[i].driver &&
                         !binding_is_vfio(&now[i]);
        return arena_printf(arena, "%s; %s hands it over again",
                verify_whereabouts(claim, now, arena),
                taken && !claim->entry->force_unbind ? "a reboot" : "`systemctl restart vfio-gpu`");
}

Verdict verify_expected(const Claim *claim, Arena *arena)
{
        Reason reason = claim_reason(claim);
        Verdict verdict = verify_as_found(claim, arena);

        verdict.result = RESULT_READY;
        verdict.reason = reason;
        if (claim->released) {
                verdict.result = RESULT_SKIPPED;
                verdict.message = released(claim, verdict.bindings, arena);
        } else if (claim->skipped) {
                verdict.result = RESULT_SKIPPED;
                verdict.message = "left alone: vfio_gpu.skip= on the kernel command line";
        } else if (reason != REASON_NONE) {
                verdict.result = verify_refusal(reason);
                verdict.error = reason_errno(reason);
                verdict.also = others(claim, reason, arena);
                verdict_blame(&verdict, claim, reason, claim->findings[reason], arena);
        } else {
                verdict.message = claim_is_ready(claim)
                                          ? handed_over(claim, arena)
                                          : arena_printf(arena, "nothing stands against it, %s",
                                                    place(claim, arena));
        }
        return verdict;
}

/* The policy file is not looked at: without it a rival is loaded, but finds the card on hold. */
static const Step *first_trouble(
        const Plan *plan, size_t index, const StepOutcome *outcomes, const StepOutcome **ret)
{
        for (size_t i = 0; i < plan->n_steps; i++) {
                if (plan->steps[i].type == STEP_POLICY ||
                        (outcomes[i].state != STEP_FAILED && outcomes[i].state != STEP_TIMED_OUT) ||
                        !step_serves(plan->steps, plan->n_steps, i, (int)index))
                        continue;
                *ret = &outcomes[i];
                return &plan->steps[i];
        }
        return NULL;
}

/* What the kernel would take instead: such a step there is for the display alone, and only where
 * that has methods. */
static const char *offer(const Claim *claim, const Step *step, Arena *arena)
{
        if (step->type != STEP_RESET_METHOD)
                return "";
        return arena_printf(
                arena, " (the kernel offers `%s`)", claim->display->settings.reset_method);
}

static void blame_step(Verdict *verdict, const Claim *claim, const Step *step,
        const StepOutcome *outcome, const char *where, Arena *arena)
{
        const char *doing = step_describe(step, arena);
        Reason reason = step->type == STEP_LOAD ? REASON_NO_DRIVER : REASON_BIND_FAILED;
        Finding finding = {0};

        if (outcome->state == STEP_TIMED_OUT) {
                reason = REASON_TIMEOUT;
                verdict->error = ETIMEDOUT;
                finding.cause = arena_printf(arena, "could not %s in time; now %s", doing, where);
        } else {
                verdict->error = outcome->error;
                finding.cause = arena_printf(arena, "could not %s: %s%s; now %s", doing,
                        strerror(outcome->error), offer(claim, step, arena), where);
        }
        verdict_blame(verdict, claim, reason, finding, arena);
}

Verdict verify_claim(const Plan *plan, size_t index, const Binding *now,
        const StepOutcome *outcomes, Arena *arena)
{
        const Claim *claim = &plan->claims.items[index];
        const StepOutcome *outcome = NULL;
        Verdict verdict = verify_expected(claim, arena);

        if (verdict.result != RESULT_READY || arena_failed(arena))
                return verdict;
        verdict.bindings = now;

        const Step *trouble = outcomes ? first_trouble(plan, index, outcomes, &outcome) : NULL;
        if (!trouble && claim_bindings_are_ready(claim, now)) {
                verdict.message = handed_over(claim, arena);
                return verdict;
        }

        const char *where = verify_whereabouts(claim, now, arena);
        verdict.result = RESULT_FAILED;
        if (trouble) {
                blame_step(&verdict, claim, trouble, outcome, where, arena);
        } else {
                verdict.error = reason_errno(REASON_LOST);
                verdict_blame(&verdict, claim, REASON_LOST, (Finding){.cause = where}, arena);
        }
        return verdict;
}

/* A function of another claim in the same group that a driver of the host still has, or NULL. */
static const Function *find_spoiler(const Plan *plan, size_t index, const Verdict *verdicts)
{
        const Claim *claim = &plan->claims.items[index];

        for (size_t i = 0; i < plan->claims.n_items; i++) {
                const Claim *other = &plan->claims.items[i];

                for (size_t k = 0; other != claim && k < other->n_functions; k++) {
                        const Binding *now = &verdicts[i].bindings[k];

                        /* one that is on its way to VFIO is no driver of the host */
                        if (now->driver && !binding_is_on(now, other->drivers[k]) &&
                                function_shares_group(
                                        claim->functions, claim->n_functions, other->functions[k]))
                                return other->functions[k];
                }
        }
        return NULL;
}

static Finding spoiled(const Claim *claim, const Function *spoiler, Arena *arena)
{
        return (Finding){
                .cause = arena_printf(arena,
                        "it is on %s, but %s of its IOMMU group %d is still with a driver of the "
                        "host, and VFIO refuses such a group",
                        claim_display_driver(claim), PCI_ADDRESS(spoiler->address),
                        spoiler->iommu_group),
                .remedy = arena_printf(
                        arena, "see what is said of %s", PCI_ADDRESS(spoiler->address)),
        };
}

void verify_groups(const Plan *plan, Verdict *verdicts, Arena *arena)
{
        /* verdicts that memory was out for have no bindings */
        for (size_t i = 0; !arena_failed(arena) && i < plan->claims.n_items; i++) {
                const Function *spoiler = NULL;

                if (verdicts[i].result == RESULT_READY)
                        spoiler = find_spoiler(plan, i, verdicts);
                if (!spoiler)
                        continue;
                verdicts[i].result = RESULT_FAILED;
                verdicts[i].error = reason_errno(REASON_SHARED_GROUP);
                verdict_blame(&verdicts[i], &plan->claims.items[i], REASON_SHARED_GROUP,
                        spoiled(&plan->claims.items[i], spoiler, arena), arena);
        }
}
