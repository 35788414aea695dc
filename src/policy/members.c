/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/members.h"

#include <string.h>

#include "policy/driver.h"

static bool is_at(const Function *f, const Place *place)
{
        return place->function ? pci_address_compare(f->address, place->address) == 0
                               : pci_address_same_slot(f->address, place->address);
}

bool members_allow(const Entry *entry, const Function *f)
{
        for (size_t i = 0; i < entry->n_members; i++)
                if (is_at(f, &entry->members[i]))
                        return true;
        return false;
}

bool members_is_quiet_bridge(const Function *f)
{
        unsigned class = function_class(f);

        if (f->unreadable)
                return false;
        return f->bridge || ((class == PCI_CLASS_HOST_BRIDGE || class == PCI_CLASS_ISA_BRIDGE) &&
                                    !f->binding.driver);
}

/* Before udev nobody knows whether the host lives on a disk or a network card. */
const char *members_never(const Function *f)
{
        unsigned base = function_base_class(f);

        if (function_trouble(f))
                return "what cannot be read is never handed over";
        if (f->bridge || (base == PCI_CLASS_BASE_BRIDGE && !function_is_nvswitch(f)))
                return "a bridge is never handed over";
        if (function_may_carry_host(f))
                return "storage and network controllers are never handed over";
        return NULL;
}

/* The claim that has it, whatever is to become of that. */
static const Claim *holder(const Claims *claims, const Function *f)
{
        for (size_t i = 0; i < claims->n_items; i++)
                if (claim_holds(&claims->items[i], f))
                        return &claims->items[i];
        return NULL;
}

static int add_to(const Host *host, Arena *arena, const Claims *claims, Claim *claim)
{
        const size_t n_own = claim->n_functions;

        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (!members_allow(claim->entry, f) || members_never(f) || holder(claims, f) ||
                        !function_shares_group(claim->functions, n_own, f))
                        continue;

                int r = claim_add_function(claim, arena, f, driver_wanted(claim, f));
                if (r < 0)
                        return r;
        }
        return 0;
}

int members_add(const Host *host, Arena *arena, Claims *claims)
{
        int r = 0;

        for (size_t i = 0; i < claims->n_items && r == 0; i++)
                r = add_to(host, arena, claims, &claims->items[i]);
        return r;
}

static bool in_group_of(const Claims *claims, const Entry *entry, const Function *f)
{
        for (size_t i = 0; i < claims->n_items; i++) {
                const Claim *claim = &claims->items[i];

                if (claim->entry == entry &&
                        function_shares_group(claim->functions, claim->n_functions, f))
                        return true;
        }
        return false;
}

/* Why the entry lists the place in vain, or NULL: it does not. */
static const char *in_vain(
        const Host *host, const Claims *claims, const Entry *entry, const Place *place)
{
        const char *why = "there is no such device";

        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (!is_at(f, place))
                        continue;
                if (holder(claims, f))
                        return NULL;
                why = in_group_of(claims, entry, f) ? members_never(f)
                                                    : "it is in no IOMMU group of the entry's GPUs";
        }
        return why;
}

static bool has_gpu(const Claims *claims, const Entry *entry)
{
        for (size_t i = 0; i < claims->n_items; i++)
                if (claims->items[i].entry == entry && claims->items[i].display)
                        return !claims->items[i].skipped;
        return false;
}

static const char *in_vain_sentence(
        Arena *arena, const Entry *entry, const Place *place, const char *why)
{
        const char *address = PCI_ADDRESS(place->address);
        size_t length = strlen(address) - (place->function ? 0 : strlen(".0"));

        return arena_printf(arena, "entry %s lists %.*s in `allow_group_members` in vain: %s",
                entry->name, (int)length, address, why);
}

void members_warn(const Host *host, Arena *arena, const Claims *claims, const char ***warnings,
        size_t *n_warnings)
{
        for (size_t i = 0; i < claims->n_items; i++) {
                const Entry *entry = claims->items[i].entry;

                /* once an entry, whose claims stand side by side */
                if ((i > 0 && claims->items[i - 1].entry == entry) || !has_gpu(claims, entry))
                        continue;
                for (size_t k = 0; k < entry->n_members; k++) {
                        const char *why = in_vain(host, claims, entry, &entry->members[k]);
                        const char **item = why ? arena_push(arena, warnings, n_warnings) : NULL;

                        if (item)
                                *item = in_vain_sentence(arena, entry, &entry->members[k], why);
                }
        }
}

void members_advise(Advice *advice, const Claims *claims, const Function *f)
{
        const Claim *other = holder(claims, f);

        if (members_never(f))
                advice->never = members_never(f);
        else if (other)
                advice->other = other;
        else {
                text_separate(&advice->items, ", ");
                text_add(&advice->items, "\"%s\"", PCI_ADDRESS(f->address));
        }
}

Finding members_advice(const Advice *advice, Arena *arena)
{
        static const char move[] = "move the card to a slot with a group of its own";

        if (advice->never)
                return (Finding){.cause = advice->never, .remedy = move};
        if (advice->other)
                return (Finding){
                        .cause = "they go together or not at all",
                        .remedy = arena_printf(
                                arena, "see entry %s, or %s", advice->other->entry->name, move),
                };
        return (Finding){
                .remedy = arena_printf(arena,
                        "take it along with `allow_group_members = [ %s ];`, or %s",
                        advice->items.string, move),
        };
}
