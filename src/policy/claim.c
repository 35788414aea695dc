/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/claim.h"

void claim_object(Claim *claim, Reason reason, Finding finding)
{
        if (!claim->findings[reason].cause)
                claim->findings[reason] = finding;
}

void claim_refuse(Claim *claim, Reason reason, const char *cause)
{
        claim_object(claim, reason, (Finding){.cause = cause});
}

const char *claim_finding_text(Finding finding, Arena *arena)
{
        if (!finding.cause || !finding.remedy)
                return finding.cause ? finding.cause : finding.remedy;
        return arena_printf(arena, "%s; %s", finding.cause, finding.remedy);
}

Reason claim_reason(const Claim *claim)
{
        if (claim->skipped)
                return REASON_NONE;
        for (int reason = REASON_NONE + 1; reason < _REASON_MAX; reason++)
                if (claim->findings[reason].cause)
                        return (Reason)reason;
        return REASON_NONE;
}

bool claim_is_accepted(const Claim *claim)
{
        return !claim->skipped && claim_reason(claim) == REASON_NONE;
}

bool claim_is_kept(const Claim *claim)
{
        return claim_is_accepted(claim) || claim_reason(claim) == REASON_TIMEOUT;
}

int claim_add_function(Claim *claim, Arena *arena, const Function *function, const char *driver)
{
        size_t n = claim->n_functions;
        const char **name = arena_push(arena, &claim->drivers, &n);
        const Function **item = arena_push(arena, &claim->functions, &claim->n_functions);

        if (!name || !item)
                return -ENOMEM;
        *name = driver;
        *item = function;
        return 0;
}

bool claim_binding_is_ready(const Binding *binding, const char *driver)
{
        /* The link appears before probe ends and goes before remove does; VFIO's registration is
         * the last thing that probe makes and the first that remove takes away. */
        return binding_is_on(binding, driver) && binding->vfio_device;
}

bool claim_is_ready(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (!claim_binding_is_ready(&claim->functions[i]->binding, claim->drivers[i]))
                        return false;
        return claim->n_functions > 0;
}

bool claim_bindings_are_ready(const Claim *claim, const Binding *bindings)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (!claim_binding_is_ready(&bindings[i], claim->drivers[i]))
                        return false;
        return claim->n_functions > 0;
}

const char *claim_display_driver(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim->functions[i] == claim->display)
                        return claim->drivers[i];
        return claim->n_functions > 0 ? claim->drivers[0] : NULL;
}

bool claim_is_companion(const Function *f, const Function *display)
{
        return function_may_be_companion(f) &&
               (f->id.vendor == display->id.vendor || function_shares_group(&display, 1, f));
}

bool claim_holds(const Claim *claim, const Function *function)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim->functions[i] == function)
                        return true;
        return false;
}

static const Claim *find(
        const Claims *claims, const Function *function, bool (*fits)(const Claim *claim))
{
        for (size_t i = 0; i < claims->n_items; i++) {
                const Claim *claim = &claims->items[i];

                if (claim_holds(claim, function) && fits(claim))
                        return claim;
        }
        return NULL;
}

const Claim *claims_find_accepted(const Claims *claims, const Function *function)
{
        return find(claims, function, claim_is_accepted);
}

const Claim *claims_find_kept(const Claims *claims, const Function *function)
{
        return find(claims, function, claim_is_kept);
}
