/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/release-target.h"

#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "policy/driver.h"
#include "policy/select.h"

typedef struct Selecting {
        const Config *config;
        const Host *host;
        Arena *arena;
        Claims all;    /* of the config */
        Claims chosen; /* what is to be released */
} Selecting;

static Claim *find_chosen(const Selecting *s, const Function *display)
{
        for (size_t i = 0; i < s->chosen.n_items; i++)
                if (display && s->chosen.items[i].display == display)
                        return &s->chosen.items[i];
        return NULL;
}

/* Whatever else of the slot somebody has put on VFIO is a part of the card, too. */
static int add_strays(const Selecting *s, Claim *claim)
{
        if (!claim->display)
                return 0;
        for_each_in_slot (f, s->host, claim->display->address)
                if (!f->virtual_function && binding_is_vfio(&f->binding) &&
                        !claim_holds(claim, f) &&
                        claim_add_function(claim, s->arena, f, DRIVER_VFIO_PCI) < 0)
                        return -ENOMEM;
        return 0;
}

static int choose(Selecting *s, const Claim *claim)
{
        if (find_chosen(s, claim->display))
                return 0;

        Claim *chosen = arena_push(s->arena, &s->chosen.items, &s->chosen.n_items);

        if (!chosen)
                return -ENOMEM;
        *chosen = (Claim){.entry = claim->entry,
                .host = s->host,
                .display = claim->display,
                .released = true};
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim_add_function(chosen, s->arena, claim->functions[i], claim->drivers[i]) <
                        0)
                        return -ENOMEM;
        /* what stands against handing it over does not matter, unless there is nothing */
        if (!claim->display)
                memcpy(chosen->findings, claim->findings, sizeof(chosen->findings));
        return add_strays(s, chosen);
}

static int choose_all(Selecting *s)
{
        int r = 0;

        for (size_t i = 0; i < s->all.n_items && r == 0; i++)
                if (s->all.items[i].display)
                        r = choose(s, &s->all.items[i]);
        return r;
}

static int choose_entry(Selecting *s, const Entry *entry)
{
        int r = 0;

        for (size_t i = 0; i < s->all.n_items && r == 0; i++)
                if (s->all.items[i].entry == entry)
                        r = choose(s, &s->all.items[i]);
        return r;
}

/* The first GPU of the slot, or what stands there in its place. */
static const Function *find_in_slot(const Host *host, PciAddress address)
{
        const Function *found = NULL;

        for_each_in_slot (f, host, address) {
                if (!f->virtual_function && function_is_gpu(f))
                        return f;
                if (!found)
                        found = f;
        }
        return found;
}

static const char *what_is_there(const Function *f, PciAddress address, Arena *arena)
{
        if (!f)
                return arena_printf(arena, "there is no device at %s", PCI_ADDRESS(address));
        if (f->virtual_function)
                return arena_printf(arena, "%s is a virtual function of an SR-IOV card",
                        PCI_ADDRESS(f->address));
        if (f->unreadable)
                return arena_printf(
                        arena, "%s could not be read: %s", PCI_ADDRESS(address), f->unreadable);
        return arena_printf(arena,
                "%s (%04x:%04x) is of class %04x, and its slot has no display controller",
                PCI_ADDRESS(f->address), f->id.vendor, f->id.device, function_class(f));
}

/* Drivers of the host have all GPUs of the card, and VFIO nothing of it. What has no driver may be
 * on hold; and what a step hangs in is no more theirs than ours. */
static bool is_the_hosts(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (f->released || f->stuck || binding_is_vfio(&f->binding) ||
                        (function_is_gpu(f) && !f->binding.driver))
                        return false;
        }
        return true;
}

/* Its driver_override is somebody else's, and so is its model. */
static int choose_unlisted(Selecting *s, const Claim *claim)
{
        int r = choose(s, claim);
        Claim *chosen = find_chosen(s, claim->display);

        if (r == 0 && is_the_hosts(chosen))
                claim_object(chosen, REASON_DRIVER_BUSY,
                        (Finding){
                                .cause = arena_printf(s->arena,
                                        "%s is on %s, no entry lists it, and VFIO has nothing of "
                                        "it",
                                        PCI_ADDRESS(claim->display->address),
                                        claim->display->binding.driver),
                                .remedy = "there is nothing to give back: leave it as it is",
                        });
        return r;
}

/* Where there is no entry to mend; NULL: the reason's own. */
static const char *remedy_for(Reason reason)
{
        if (reason == REASON_VIRTUAL_FUNCTION)
                return "name the card that it belongs to";
        return reason == REASON_UNREADABLE ? NULL : "see `vfio-gpu list` for what is there";
}

static Reason reason_against(const Function *f)
{
        if (!f)
                return REASON_ABSENT;
        if (f->virtual_function)
                return REASON_VIRTUAL_FUNCTION;
        if (f->unreadable)
                return REASON_UNREADABLE;
        return function_is_gpu(f) ? REASON_NONE : REASON_NOT_A_GPU;
}

/* A card that no entry lists, or lists any more: with all that it brings along. */
static int choose_slot(Selecting *s, PciAddress address)
{
        const Function *f = find_in_slot(s->host, address);
        Entry *entry = arena_alloc(s->arena, sizeof(Entry));
        Claim claim = {.entry = entry};

        if (!entry)
                return -ENOMEM;
        entry->name = arena_strdup(s->arena, PCI_ADDRESS(f ? f->address : address));

        const Reason reason = reason_against(f);
        if (reason != REASON_NONE) {
                claim_object(&claim, reason,
                        (Finding){.cause = what_is_there(f, address, s->arena),
                                .remedy = remedy_for(reason)});
                return choose(s, &claim);
        }
        claim.display = f;
        for_each_in_slot (other, s->host, f->address)
                if (!other->virtual_function &&
                        (function_is_gpu(other) || claim_is_companion(other, f)) &&
                        claim_add_function(&claim, s->arena, other, DRIVER_VFIO_PCI) < 0)
                        return -ENOMEM;
        return choose_unlisted(s, &claim);
}

static int choose_address(Selecting *s, PciAddress address)
{
        for (size_t i = 0; i < s->all.n_items; i++) {
                const Claim *claim = &s->all.items[i];

                if (claim->display && pci_address_same_slot(claim->display->address, address))
                        return choose(s, claim);
        }
        return choose_slot(s, address);
}

static const char *unknown(const Config *config, const char *name, Arena *arena)
{
        Text names = TEXT_IN(arena);

        for (size_t i = 0; i < config->n_entries; i++)
                text_add(&names, "%s%s", i ? ", " : "", config->entries[i].name);
        return arena_printf(arena, "%s is neither an entry nor an address; the entries are: %s",
                quote(name), text_is_empty(&names) ? "none" : names.string);
}

static int choose_named(Selecting *s, const char *name, const char **reterr_unknown)
{
        const Entry *entry = config_find_entry(s->config, name);
        PciAddress address = {0};
        bool function = false;

        if (entry)
                return choose_entry(s, entry);
        if (pci_address_parse(name, &address, &function) == 0)
                return choose_address(s, address);

        const char *sentence = unknown(s->config, name, s->arena);
        if (arena_failed(s->arena))
                return -ENOMEM;
        *reterr_unknown = sentence;
        return -ENOENT;
}

int release_target_select(const Config *config, const Host *host, const char *const *names,
        size_t n_names, Arena *arena, Claims *ret, const char **reterr_unknown)
{
        /* what the kernel command line leaves alone may be on VFIO all the same */
        const KernelWords words = {0};
        Selecting s = {.config = config, .host = host, .arena = arena};
        int r = select_claims(config, &words, host, arena, &s.all);

        if (r == 0 && n_names == 0)
                r = choose_all(&s);
        for (size_t i = 0; r == 0 && i < n_names; i++)
                r = choose_named(&s, names[i], reterr_unknown);
        if (r < 0)
                return r;
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = s.chosen;
        return 0;
}
