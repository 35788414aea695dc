/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/verify.h"

#include <string.h>

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

/* Cause, remedy, and which other rules stand in the way once this one is dealt with. */
static const char *refusal_message(const Claim *claim, Reason reason, Arena *arena)
{
        Text text = TEXT_IN(arena);
        Text others = TEXT_IN(arena);

        for (int other = (int)reason + 1; other < _REASON_MAX; other++) {
                if (!claim->reasons[other])
                        continue;
                text_separate(&others, "; ");
                text_add(&others, "%s: %s", reason_word((Reason)other), claim->reasons[other]);
        }
        text_add(&text, "%s", claim->reasons[reason]);
        /* that sentence tells already which of firmware and kernel to turn to */
        if (reason != REASON_NO_IOMMU)
                text_add(&text, "; %s", reason_remedy(reason));
        if (!text_is_empty(&others))
                text_add(&text, " (also %s)", others.string);
        return text.string;
}

/* Until somebody looks again, all is as it was found. */
static void start_as_found(Verdict *verdict, const Claim *claim, Arena *arena)
{
        Binding *bindings = arena_array(arena, claim->n_functions, sizeof(Binding));
        const char **drivers = arena_array(arena, claim->n_functions, sizeof(char *));

        for (size_t i = 0; bindings && drivers && i < claim->n_functions; i++) {
                bindings[i] = claim->functions[i]->binding;
                drivers[i] = claim->functions[i]->binding.driver;
        }
        verdict->bindings = bindings;
        verdict->drivers_before = drivers;
}

Verdict verify_expected(const Claim *claim, Arena *arena)
{
        Verdict verdict = {.result = RESULT_READY, .reason = claim_reason(claim)};

        start_as_found(&verdict, claim, arena);
        if (claim->skipped) {
                verdict.result = RESULT_SKIPPED;
                verdict.message = "left alone: vfio_gpu.skip= on the kernel command line";
        } else if (verdict.reason != REASON_NONE) {
                verdict.result = verdict.reason == REASON_ABSENT ? RESULT_ABSENT : RESULT_REFUSED;
                verdict.message = refusal_message(claim, verdict.reason, arena);
        }
        return verdict;
}

static const char *step_doing(const Step *step, Arena *arena)
{
        const char *address = PCI_ADDRESS(step->address);

        switch (step->type) {
        case STEP_POLICY:
                return "writing /run/modprobe.d/vfio-gpu.conf";
        case STEP_HOLD:
                return arena_printf(arena, "holding %s (driver_override)", address);
        case STEP_LOAD:
                return arena_printf(arena, "loading module %s", step->target);
        case STEP_UNBIND:
                return arena_printf(arena, "taking %s from %s", address, step->target);
        case STEP_OVERRIDE:
                return arena_printf(
                        arena, "setting driver_override of %s to %s", address, step->target);
        case STEP_BIND:
                return arena_printf(arena, "binding %s to %s", address, step->target);
        case _STEP_TYPE_MAX:
                break;
        }
        return "a step";
}

/* The policy file is not looked at: without it a rival is loaded, but finds the card on hold. */
static const Step *first_trouble(
        const Plan *plan, size_t index, const StepOutcome *outcomes, const StepOutcome **ret)
{
        for (size_t i = 0; i < plan->n_steps; i++) {
                const Step *step = &plan->steps[i];
                bool ours = step->claim == (int)index || step->type == STEP_LOAD;

                if (!ours ||
                        (outcomes[i].state != STEP_FAILED && outcomes[i].state != STEP_TIMED_OUT))
                        continue;
                *ret = &outcomes[i];
                return step;
        }
        return NULL;
}

/* Which functions are where: a half-bound card is told whole. */
static const char *whereabouts(const Claim *claim, const Binding *now, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Binding *b = &now[i];

                text_separate(&text, ", ");
                text_add(&text, "%s %s%s", PCI_ADDRESS(claim->functions[i]->address),
                        b->driver ? "is on " : "has no driver", b->driver ? b->driver : "");
                if (b->driver && strcmp(b->driver, CLAIM_DRIVER) == 0 && !b->vfio_device)
                        text_add(&text, ", not yet known to VFIO");
        }
        return text.string;
}

static bool all_ready(const Claim *claim, const Binding *now)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (!claim_binding_is_ready(&now[i]))
                        return false;
        return true;
}

static void blame_step(Verdict *verdict, const Step *step, const StepOutcome *outcome,
        const char *where, Arena *arena)
{
        const char *doing = step_doing(step, arena);

        if (outcome->state == STEP_TIMED_OUT) {
                verdict->reason = REASON_TIMEOUT;
                verdict->error = ETIMEDOUT;
                verdict->message = arena_printf(arena, "%s did not end in time; now %s; %s", doing,
                        where, reason_remedy(REASON_TIMEOUT));
                return;
        }
        verdict->reason = step->type == STEP_LOAD ? REASON_NO_DRIVER : REASON_BIND_FAILED;
        verdict->error = outcome->error;
        verdict->message = arena_printf(arena, "%s failed: %s; now %s; %s", doing,
                strerror(outcome->error), where, reason_remedy(verdict->reason));
}

Verdict verify_claim(const Plan *plan, size_t index, const Binding *now,
        const StepOutcome *outcomes, Arena *arena)
{
        const Claim *claim = &plan->claims.items[index];
        const StepOutcome *outcome = NULL;
        Verdict verdict = verify_expected(claim, arena);

        if (verdict.result != RESULT_READY)
                return verdict;
        verdict.bindings = now;

        const Step *trouble = outcomes ? first_trouble(plan, index, outcomes, &outcome) : NULL;
        if (!trouble && all_ready(claim, now))
                return verdict;

        const char *where = whereabouts(claim, now, arena);
        verdict.result = RESULT_FAILED;
        if (trouble) {
                blame_step(&verdict, trouble, outcome, where, arena);
        } else {
                verdict.reason = REASON_LOST;
                verdict.message = arena_printf(arena, "%s; %s", where, reason_remedy(REASON_LOST));
        }
        return verdict;
}
