/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/select.h"

#include "policy/driver.h"
#include "policy/match.h"
#include "policy/members.h"
#include "policy/near-miss.h"

typedef struct Selection {
        const KernelWords *words;
        const Host *host;
        Arena *arena;
        Claims claims;
} Selection;

static Claim *add_claim(Selection *s, const Entry *entry)
{
        Claim *claim = arena_push(s->arena, &s->claims.items, &s->claims.n_items);

        if (claim)
                *claim = (Claim){.host = s->host, .entry = entry};
        return claim;
}

/* The one that follows `after` (NULL: from the start) among the GPUs that the entry picks. */
static const Function *next_pick(const Host *host, const Entry *entry, const Function *after)
{
        const Function *f = after ? after + 1 : host->functions;

        for (; f < host->functions + host->n_functions; f++)
                if (match_is_gpu(host, entry, f) && match_picks(host, entry, f))
                        return f;
        return NULL;
}

/* A function that the entry names although it belongs to no GPU: by its place, or by its model. */
static const Function *named_stranger(const Host *host, const Entry *entry)
{
        static const Selector places[] = {SELECT_ADDRESS, SELECT_PATH, SELECT_SLOT};

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                const Function *f = match_at(host, entry, places[i]);

                if (f)
                        return f;
        }
        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (!(entry->selectors & SELECT_PLACE) && entry->selectors & SELECT_ID &&
                        !f->unreadable && match_model(entry, f))
                        return f;
        }
        return NULL;
}

static bool slot_is_unreadable(const Host *host, const Function *f)
{
        for_each_in_slot (other, host, f->address)
                if (other->unreadable)
                        return true;
        return false;
}

/* The entry picks no GPU at all: what is the nearest thing, and why is it not one? */
static void refuse_stranger(const Selection *s, Claim *claim)
{
        const Entry *entry = claim->entry;
        const Function *f = named_stranger(s->host, entry);
        const Function *gpu = f ? match_gpu(s->host, entry, f) : NULL;
        const Function *moved = match_by_serial(s->host, entry);
        /* nobody reads the serial number of what is no GPU */
        bool fits = f && !(match_failing(s->host, entry, f) & ~SELECT_SERIAL) &&
                    (!moved || pci_address_same_slot(moved->address, f->address));

        if (f && !gpu && slot_is_unreadable(s->host, f))
                claim_refuse(claim, REASON_UNREADABLE,
                        arena_printf(s->arena, "%s could not be read: %s", PCI_ADDRESS(f->address),
                                f->unreadable ? f->unreadable : "a function of its slot"));
        else if (fits && f->virtual_function)
                claim_refuse(claim, REASON_VIRTUAL_FUNCTION,
                        arena_printf(s->arena, "%s is a virtual function of an SR-IOV card",
                                PCI_ADDRESS(f->address)));
        else if (fits && !gpu)
                claim_refuse(claim, REASON_NOT_A_GPU,
                        arena_printf(s->arena,
                                "%s (%04x:%04x) is of class %04x, and its slot has no display "
                                "controller",
                                PCI_ADDRESS(f->address), f->id.vendor, f->id.device,
                                function_class(f)));
        else if (gpu && !(entry->selectors & SELECT_PLACE) && !function_is_gpu(f))
                claim_refuse(claim, REASON_ABSENT,
                        arena_printf(s->arena,
                                "%04x:%04x is %s, a companion of the GPU %s (%04x:%04x): `id` "
                                "names the display function",
                                f->id.vendor, f->id.device, PCI_ADDRESS(f->address),
                                PCI_ADDRESS(gpu->address), gpu->id.vendor, gpu->id.device));
        else
                claim_refuse(claim, REASON_ABSENT, near_miss_none(s->host, entry, s->arena));
}

/* An unreadable function is taken along where all are wanted, so that the rules see it. */
static bool wants_function(const Entry *entry, const Function *f, const Function *display)
{
        if (f->virtual_function)
                return false;
        if (entry->functions != ENTRY_FUNCTIONS_ALL)
                return entry->functions & 1u << f->address.function;
        return f == display || f->unreadable || function_is_display(f) ||
               claim_is_companion(f, display);
}

static int add_functions(const Selection *s, Claim *claim)
{
        for_each_in_slot (f, s->host, claim->display->address) {
                if (!wants_function(claim->entry, f, claim->display))
                        continue;

                int r = claim_add_function(claim, s->arena, f, driver_wanted(claim, f));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* `functions` means exactly these: each must be there, and be one that can be handed over. */
static void refuse_wrong_functions(const Selection *s, Claim *claim)
{
        for (unsigned n = 0; n < 8; n++) {
                PciAddress address = claim->display->address;

                address.function = (uint8_t)n;
                if (!(claim->entry->functions & 1u << n))
                        continue;

                const Function *f = host_find(s->host, address);
                if (!f)
                        claim_refuse(claim, REASON_ABSENT,
                                arena_printf(s->arena, "%s, listed in `functions`, does not exist",
                                        PCI_ADDRESS(address)));
                else if (f->virtual_function)
                        claim_refuse(claim, REASON_VIRTUAL_FUNCTION,
                                arena_printf(s->arena,
                                        "%s, listed in `functions`, is a virtual function",
                                        PCI_ADDRESS(address)));
        }
}

static int add_gpu(Selection *s, const Entry *entry, const Function *display)
{
        Claim *claim = add_claim(s, entry);

        if (!claim)
                return -ENOMEM;
        claim->display = display;
        claim->skipped = claim->released = display->released;
        refuse_wrong_functions(s, claim);
        return add_functions(s, claim);
}

static int refuse_entry(Selection *s, const Entry *entry, size_t n)
{
        Claim *claim = add_claim(s, entry);

        if (!claim)
                return -ENOMEM;
        if (n == 0)
                refuse_stranger(s, claim);
        else
                claim_refuse(claim, n < entry->count ? REASON_ABSENT : REASON_AMBIGUOUS,
                        near_miss_count(s->host, entry, n, s->arena));
        return 0;
}

static int add_gpus(Selection *s, const Entry *entry)
{
        for (const Function *f = NULL; (f = next_pick(s->host, entry, f));) {
                int r = add_gpu(s, entry, f);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* What it would pick is left alone: other entries must not get it either. */
static int skip_entry(Selection *s, const Entry *entry, bool fits)
{
        size_t first = s->claims.n_items;
        int r = fits ? add_gpus(s, entry) : (add_claim(s, entry) ? 0 : -ENOMEM);

        for (size_t i = first; i < s->claims.n_items; i++)
                s->claims.items[i].skipped = true;
        return r;
}

static int select_entry(Selection *s, const Entry *entry)
{
        size_t n = 0;

        for (const Function *f = NULL; (f = next_pick(s->host, entry, f));)
                n++;

        bool fits = n > 0 && (entry->count == ENTRY_COUNT_ALL || n == entry->count);
        if (kernel_words_skip(s->words, entry->name))
                return skip_entry(s, entry, fits);
        return fits ? add_gpus(s, entry) : refuse_entry(s, entry, n);
}

static const char *conflict(const Selection *s, const Claim *a, const Claim *b)
{
        const char *address = PCI_ADDRESS(a->display->address);

        if (b->skipped)
                return arena_printf(s->arena,
                        "%s is picked by entry %s (line %u) too, which vfio_gpu.skip= leaves alone",
                        address, b->entry->name, b->entry->line);
        return arena_printf(s->arena,
                "%s is picked by entry %s (line %u) as well as by %s (line %u)", address,
                b->entry->name, b->entry->line, a->entry->name, a->entry->line);
}

static void refuse_conflicts(const Selection *s)
{
        for (size_t i = 0; i < s->claims.n_items; i++) {
                Claim *a = &s->claims.items[i];

                for (size_t j = 0; a->display && !a->skipped && j < s->claims.n_items; j++) {
                        const Claim *b = &s->claims.items[j];

                        if (a == b || a->display != b->display)
                                continue;
                        claim_refuse(a, REASON_CONFLICT, conflict(s, a, b));
                        break;
                }
        }
}

int select_claims(
        const Config *config, const KernelWords *words, const Host *host, Arena *arena, Claims *ret)
{
        Selection s = {.words = words, .host = host, .arena = arena};

        for (size_t i = 0; i < config->n_entries; i++) {
                int r = select_entry(&s, &config->entries[i]);

                if (r < 0)
                        return r;
        }
        refuse_conflicts(&s);

        int r = members_add(host, arena, &s.claims);
        if (r < 0)
                return r;
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = s.claims;
        return 0;
}
