/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/release.h"

#include <string.h>

#include "base/text.h"

bool release_takes(const Claims *claims, const Function *f)
{
        for (size_t i = 0; i < claims->n_items; i++)
                if (claim_holds(&claims->items[i], f))
                        return binding_is_vfio(&f->binding);
        return false;
}

static Finding in_use(const Function *f, Arena *arena)
{
        const char *address = PCI_ADDRESS(f->address), *driver = f->binding.driver;

        if (!binding_is_vfio(&f->binding))
                return (Finding){0};
        if (f->users.names)
                return (Finding){
                        .cause = arena_printf(arena, "%s is on %s and in use: %s", address, driver,
                                f->users.names),
                        .remedy = "shut that down first: a driver that is told to let go of a card "
                                  "in use waits for ever",
                };
        if (f->users.doubt)
                return (Finding){
                        .cause = arena_printf(arena, "%s is on %s and may be in use: %s", address,
                                driver, f->users.doubt),
                        .remedy = "shut down what may use it, and try again as root of the whole "
                                  "machine",
                };
        return (Finding){0};
}

/* vfio-pci takes the virtual functions away when it lets go of their card. */
static Finding has_vfs(const Function *f, Arena *arena)
{
        if (!binding_is_vfio(&f->binding) || f->enabled_vfs == 0)
                return (Finding){0};
        return (Finding){
                .cause = arena_printf(arena,
                        "%s has %u SR-IOV virtual functions enabled, which VMs may hold",
                        PCI_ADDRESS(f->address), f->enabled_vfs),
                .remedy = "switch them off first (`sriov_numvfs`)",
        };
}

static Finding is_stuck(const Function *f, Arena *arena)
{
        if (!f->stuck)
                return (Finding){0};
        return (Finding){
                .cause = arena_printf(arena,
                        "a step on %s never came back: %s is still in the kernel with it",
                        PCI_ADDRESS(f->address), f->stuck),
                .remedy = "power the machine off and on",
        };
}

static Finding is_unreadable(const Function *f, Arena *arena)
{
        if (!function_trouble(f))
                return (Finding){0};
        return (Finding){.cause = arena_printf(arena, "%s could not be read: %s",
                                 PCI_ADDRESS(f->address), function_trouble(f))};
}

static const struct {
        Reason reason;
        Finding (*rule)(const Function *f, Arena *arena);
} rules[] = {
        {REASON_UNREADABLE, is_unreadable},
        {REASON_DRIVER_BUSY, in_use},
        {REASON_VIRTUAL_FUNCTION, has_vfs},
        {REASON_TIMEOUT, is_stuck},
};

void release_judge(Claims *claims, Arena *arena)
{
        for (size_t i = 0; i < claims->n_items; i++) {
                Claim *claim = &claims->items[i];

                for (size_t k = 0; k < claim->n_functions * ARRAY_SIZE(rules); k++) {
                        const Function *f = claim->functions[k / ARRAY_SIZE(rules)];

                        claim_object(claim, rules[k % ARRAY_SIZE(rules)].reason,
                                rules[k % ARRAY_SIZE(rules)].rule(f, arena));
                }
        }
}

static bool has_step(const Plan *plan, StepType type, const char *target)
{
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type == type && strcmp(plan->steps[i].target, target) == 0)
                        return true;
        return false;
}

/* While vfio-pci knows the model it takes the card again as soon as somebody looks for a driver. */
static void add_forget(Plan *plan, const Function *f)
{
        Step step = {.type = STEP_FORGET, .claim = STEP_NO_CLAIM};

        step.target = arena_printf(plan->arena, "%04x:%04x", f->id.vendor, f->id.device);
        if (step.target && !has_step(plan, STEP_FORGET, step.target))
                plan_add_step(plan, step);
}

static bool is_kept_away(const char *policy, const char *module, Arena *arena)
{
        const char *line = arena_printf(arena, "blacklist %s\n", module);

        return policy && line && strstr(policy, line);
}

/* Which modules may take the function now that modprobe.d says `policy`; NULL: none is known. */
static const char *takers(const Function *f, const char *policy, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < f->n_modules; i++) {
                if (is_kept_away(policy, f->modules[i], arena))
                        continue;
                text_separate(&text, ", ");
                text_add(&text, "%s", f->modules[i]);
        }
        return text_is_empty(&text) ? NULL : text.string;
}

/* All of the card is taken from VFIO before any of it is looked for a driver of. */
static void add_steps(Plan *plan, size_t index, const char *policy)
{
        const Claim *claim = &plan->claims.items[index];

        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (binding_is_vfio(&f->binding))
                        plan_add_step(plan, (Step){.type = STEP_UNBIND,
                                                    .claim = (int)index,
                                                    .address = f->address,
                                                    .target = f->binding.driver});
        }
        for (size_t i = 0; i < claim->n_functions; i++)
                plan_add_step(plan, (Step){.type = STEP_CLEAR,
                                            .claim = (int)index,
                                            .address = claim->functions[i]->address});
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];
                Step step = {.claim = (int)index, .address = f->address};

                if (f->binding.driver && !binding_is_vfio(&f->binding))
                        continue;
                step.type = STEP_PROBE;
                plan_add_step(plan, step);
                step.type = STEP_ANNOUNCE;
                step.target = takers(f, policy, plan->arena);
                plan_add_step(plan, step);
                if (!step.target)
                        continue;
                step.type = STEP_SETTLE;
                step.target = NULL;
                plan_add_step(plan, step);
        }
}

static const Step *find_policy(const Plan *plan)
{
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type == STEP_POLICY)
                        return &plan->steps[i];
        return NULL;
}

static bool any_accepted(const Claims *claims)
{
        for (size_t i = 0; i < claims->n_items; i++)
                if (claim_is_accepted(&claims->items[i]))
                        return true;
        return false;
}

static int fill(Plan *plan, const Host *host, const Plan *after)
{
        const Step *policy = find_policy(after);
        const char *text = host->policy;

        if (!any_accepted(&plan->claims))
                return 0;
        if (policy) {
                text = arena_strdup(plan->arena, policy->text);
                plan_add_step(
                        plan, (Step){.type = STEP_POLICY, .claim = STEP_NO_CLAIM, .text = text});
        }
        for (size_t i = 0; host->vfio_pci == MODULE_PRESENT && i < plan->claims.n_items; i++) {
                const Claim *claim = &plan->claims.items[i];

                for (size_t k = 0; claim_is_accepted(claim) && k < claim->n_functions; k++)
                        add_forget(plan, claim->functions[k]);
        }
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (claim_is_accepted(&plan->claims.items[i]))
                        add_steps(plan, i, text);
        return arena_failed(plan->arena) ? -ENOMEM : 0;
}

int release_plan(const Claims *claims, const Host *host, const Plan *after, Plan **ret)
{
        _cleanup_(plan_freep) Plan *plan = plan_new();

        if (!plan)
                return -ENOMEM;
        plan->claims = *claims;

        int r = fill(plan, host, after);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

/* Once it is off VFIO, it does not matter whether anybody could be told of it. A driver that never
 * comes back from taking it does: nobody can use the card, and it looks as if that driver had it.
 */
static bool counts(const Step *step, const StepOutcome *outcome)
{
        if (step->type == STEP_PROBE || step->type == STEP_SETTLE)
                return outcome->state == STEP_TIMED_OUT;
        return (step->type == STEP_UNBIND || step->type == STEP_CLEAR) &&
               (outcome->state == STEP_FAILED || outcome->state == STEP_TIMED_OUT);
}

static const Step *find_trouble(
        const Plan *plan, size_t index, const StepOutcome *outcomes, const StepOutcome **ret)
{
        for (size_t i = 0; i < plan->n_steps; i++) {
                const Step *step = &plan->steps[i];

                if (step->claim != (int)index || !counts(step, &outcomes[i]))
                        continue;
                *ret = &outcomes[i];
                return step;
        }
        return NULL;
}

static bool any_on_vfio(const Claim *claim, const Binding *now)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (binding_is_vfio(&now[i]))
                        return true;
        return false;
}

/* A driver that takes the card is not one that does not let go. */
static const char *remedy(const Claim *claim, const Step *trouble, Reason reason, Arena *arena)
{
        if (trouble->type == STEP_PROBE || trouble->type == STEP_SETTLE)
                return "the driver of the host does not come back from taking it: look at the "
                       "kernel's messages (`dmesg`), and power the machine off and on";
        return reason_remedy(reason, claim->host->image_tool, arena);
}

static Finding what_failed(const Claim *claim, const Step *trouble, const StepOutcome *outcome,
        const Verdict *verdict, Arena *arena)
{
        const char *where = verify_whereabouts(claim, verdict->bindings, arena);

        if (trouble)
                return (Finding){
                        .cause = arena_printf(arena, "could not %s: %s; now %s",
                                step_describe(trouble, arena),
                                outcome->state == STEP_FAILED ? strerror(outcome->error)
                                                              : "not in time",
                                where),
                        .remedy = remedy(claim, trouble, verdict->reason, arena),
                };
        return (Finding){
                .cause = arena_printf(arena, "it came back to VFIO: %s", where),
                .remedy = "find what else hands it over: `vfio-pci.ids=` on the kernel command "
                          "line, libvirt, driverctl",
        };
}

static Verdict failed(Verdict verdict, const Claim *claim, const Step *trouble,
        const StepOutcome *outcome, Arena *arena)
{
        verdict.result = RESULT_FAILED;
        verdict.reason =
                outcome && outcome->state == STEP_TIMED_OUT ? REASON_TIMEOUT : REASON_BIND_FAILED;
        verdict.error = outcome && outcome->state == STEP_FAILED ? outcome->error
                                                                 : reason_errno(verdict.reason);
        verdict_blame(&verdict, claim, verdict.reason,
                what_failed(claim, trouble, outcome, &verdict, arena), arena);
        return verdict;
}

/* Of a claim of which nothing is on VFIO any more. */
static bool any_with_the_host(const Claim *claim, const Binding *now)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (now[i].driver)
                        return true;
        return false;
}

/* A GPU of another card in the claim's IOMMU group that stays on VFIO, or NULL. */
static const Function *find_left_behind(const Plan *plan, const Claim *claim)
{
        for (size_t i = 0; i < claim->host->n_functions; i++) {
                const Function *f = &claim->host->functions[i];

                if (function_is_gpu(f) && binding_is_vfio(&f->binding) && !claim_holds(claim, f) &&
                        function_shares_group(claim->functions, claim->n_functions, f) &&
                        !claims_find_accepted(&plan->claims, f))
                        return f;
        }
        return NULL;
}

/* VFIO opens no group of which a driver of the host has a part. */
static void say_left_behind(const Plan *plan, const Claim *claim, const Binding *now, Text *text)
{
        const Function *left = any_with_the_host(claim, now) ? find_left_behind(plan, claim) : NULL;

        if (left)
                text_add(text,
                        "; %s of the same IOMMU group %d stays on %s, and no VM can use it until "
                        "it is released, too, or this is handed over again",
                        PCI_ADDRESS(left->address), left->iommu_group, left->binding.driver);
}

/* Whether the card's model is one of those that modprobe.d has given to vfio-pci. */
static bool model_was_known(const Claim *claim, Arena *arena)
{
        const char *models = claim->host->policy ? strstr(claim->host->policy, "ids=") : NULL;
        const char *model = arena_printf(
                arena, "%04x:%04x", claim->display->id.vendor, claim->display->id.device);
        const char *found = models && model ? strstr(models, model) : NULL;

        return found && found < models + strcspn(models, "\n");
}

/* Only `new_id` could tell it again, and that takes at once whatever has no driver. */
static void say_forgotten(const Claim *claim, Text *text, Arena *arena)
{
        if (claim->host->vfio_pci == MODULE_PRESENT && model_was_known(claim, arena))
                text_add(text,
                        "; until the machine is rebooted vfio-pci knows the model %04x:%04x no "
                        "more: a card of it that is plugged in goes to the host's drivers first",
                        claim->display->id.vendor, claim->display->id.device);
}

static const char *is_released(
        const Plan *plan, const Claim *claim, const Binding *now, Arena *arena)
{
        Text text = TEXT_IN(arena);

        text_add(&text, "%s", verify_whereabouts(claim, now, arena));
        say_left_behind(plan, claim, now, &text);
        say_forgotten(claim, &text, arena);
        return text.string;
}

Verdict release_verify(const Plan *plan, size_t index, const Binding *now,
        const StepOutcome *outcomes, Arena *arena)
{
        const Claim *claim = &plan->claims.items[index];
        Reason reason = claim_reason(claim);
        const StepOutcome *outcome = NULL;
        Verdict verdict = verify_as_found(claim, arena);

        verdict.reason = reason;
        if (arena_failed(arena))
                return verdict;
        if (reason != REASON_NONE) {
                verdict.result = verify_refusal(reason);
                verdict.error = reason_errno(reason);
                verdict_blame(&verdict, claim, reason, claim->findings[reason], arena);
                return verdict;
        }
        verdict.bindings = now;

        const Step *trouble = find_trouble(plan, index, outcomes, &outcome);
        if (trouble || any_on_vfio(claim, now))
                return failed(verdict, claim, trouble, outcome, arena);
        verdict.result = RESULT_SKIPPED;
        verdict.message = is_released(plan, claim, now, arena);
        return verdict;
}
