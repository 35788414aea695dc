/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/select.h"

#include <string.h>

#include "base/text.h"
#include "policy/driver.h"
#include "policy/members.h"

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
                claim->entry = entry;
        return claim;
}

static bool selects(const Entry *entry, Selector selector)
{
        return entry->selectors & selector;
}

static bool id_equal(PciId a, PciId b)
{
        return a.vendor == b.vendor && a.device == b.device;
}

/* True when all selectors but `address` match. */
static bool matches_model(const Entry *entry, const Function *f)
{
        return (!selects(entry, SELECT_ID) || id_equal(entry->id, f->id)) &&
               (!selects(entry, SELECT_SUBSYSTEM) || id_equal(entry->subsystem, f->subsystem)) &&
               (!selects(entry, SELECT_VENDOR) || entry->vendor == f->id.vendor);
}

static bool matches_place(const Entry *entry, const Function *f)
{
        return !selects(entry, SELECT_ADDRESS) || pci_address_same_slot(entry->address, f->address);
}

/* A VF's address may lie in the slot of its PF, which the user did not mean. */
static bool names_virtual_function(const Host *host, const Entry *entry)
{
        const Function *f = entry->address_function ? host_find(host, entry->address) : NULL;

        return f && f->virtual_function;
}

static bool is_physical_display(const Function *f)
{
        return function_is_display(f) && !f->virtual_function;
}

/* The first display function of the slot of `f`: a GPU is counted by it. */
static const Function *slot_display(const Host *host, const Function *f)
{
        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *other = &host->functions[i];

                if (pci_address_same_slot(other->address, f->address) && is_physical_display(other))
                        return other;
        }
        return NULL;
}

/* A GPU matches by any of its display functions, and is reported once, by its first. */
static bool picks(const Host *host, const Entry *entry, const Function *display)
{
        if (!matches_place(entry, display) || names_virtual_function(host, entry))
                return false;
        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (pci_address_same_slot(f->address, display->address) && is_physical_display(f) &&
                        matches_model(entry, f))
                        return true;
        }
        return false;
}

static bool is_gpu(const Host *host, const Function *f)
{
        return is_physical_display(f) && slot_display(host, f) == f;
}

/* The one that follows `after` (NULL: from the start) among the GPUs that the entry picks. */
static const Function *next_pick(const Host *host, const Entry *entry, const Function *after)
{
        const Function *f = after ? after + 1 : host->functions;

        for (; f < host->functions + host->n_functions; f++)
                if (is_gpu(host, f) && picks(host, entry, f))
                        return f;
        return NULL;
}

static void add_place(Text *text, const Function *f)
{
        text_separate(text, ", ");
        text_add(text, "%s (%04x:%04x)", PCI_ADDRESS(f->address), f->id.vendor, f->id.device);
}

/* The same, with the board where the entry asks for one. */
static void add_model(Text *text, const Entry *entry, const Function *f)
{
        text_separate(text, ", ");
        text_add(text, "%s (%04x:%04x", PCI_ADDRESS(f->address), f->id.vendor, f->id.device);
        if (selects(entry, SELECT_SUBSYSTEM))
                text_add(text, ", subsystem %04x:%04x", f->subsystem.vendor, f->subsystem.device);
        text_add(text, ")");
}

static const char *entry_wants(Arena *arena, const Entry *entry)
{
        Text text = TEXT_IN(arena);

        if (selects(entry, SELECT_ID))
                text_add(&text, "id %04x:%04x", entry->id.vendor, entry->id.device);
        if (selects(entry, SELECT_SUBSYSTEM)) {
                text_separate(&text, ", ");
                text_add(&text, "subsystem %04x:%04x", entry->subsystem.vendor,
                        entry->subsystem.device);
        }
        if (selects(entry, SELECT_VENDOR)) {
                text_separate(&text, ", ");
                text_add(&text, "vendor %04x", entry->vendor);
        }
        return text.string;
}

/* The function that the address names, else the first of its slot. */
static const Function *addressed(const Host *host, const Entry *entry)
{
        const Function *first = NULL;

        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (!pci_address_same_slot(f->address, entry->address))
                        continue;
                if (entry->address_function && f->address.function == entry->address.function)
                        return f;
                if (!first)
                        first = f;
        }
        return first;
}

static const char *what_is_there(const Selection *s, const Entry *entry, const Function *f)
{
        const char *board = "";

        if (selects(entry, SELECT_SUBSYSTEM))
                board = arena_printf(s->arena, " of subsystem %04x:%04x", f->subsystem.vendor,
                        f->subsystem.device);
        return arena_printf(s->arena, "%s is %04x:%04x%s, not %s", PCI_ADDRESS(f->address),
                f->id.vendor, f->id.device, board ? board : "", entry_wants(s->arena, entry));
}

/* Where else a GPU of the wanted model is, for an entry whose address points elsewhere. */
static void add_elsewhere(const Selection *s, const Entry *entry, Text *text)
{
        Text places = TEXT_IN(s->arena);

        for (size_t i = 0; i < s->host->n_functions; i++) {
                const Function *f = &s->host->functions[i];

                if (is_physical_display(f) && matches_model(entry, f))
                        add_place(&places, f);
        }
        if (!text_is_empty(&places))
                text_add(text, "; what matches but for the address: %s", places.string);
}

static const char *absent_address(const Selection *s, const Entry *entry, const Function *f)
{
        Text text = TEXT_IN(s->arena);

        if (f)
                text_add(&text, "%s", what_is_there(s, entry, f));
        else
                text_add(&text, "there is no device at %s", PCI_ADDRESS(entry->address));
        if (entry->selectors != SELECT_ADDRESS)
                add_elsewhere(s, entry, &text);
        return text.string;
}

static const char *absent_model(const Selection *s, const Entry *entry)
{
        Text gpus = TEXT_IN(s->arena);

        for (size_t i = 0; i < s->host->n_functions; i++)
                if (is_gpu(s->host, &s->host->functions[i]))
                        add_model(&gpus, entry, &s->host->functions[i]);
        return arena_printf(s->arena, "no GPU here has %s; GPUs here: %s",
                entry_wants(s->arena, entry), text_is_empty(&gpus) ? "none" : gpus.string);
}

/* A function that the entry names although it belongs to no GPU. */
static const Function *named_stranger(const Host *host, const Entry *entry)
{
        if (selects(entry, SELECT_ADDRESS))
                return addressed(host, entry);
        if (!selects(entry, SELECT_ID))
                return NULL;
        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];

                if (!f->unreadable && matches_model(entry, f))
                        return f;
        }
        return NULL;
}

static bool slot_is_unreadable(const Host *host, const Function *f)
{
        for (size_t i = 0; i < host->n_functions; i++)
                if (host->functions[i].unreadable &&
                        pci_address_same_slot(host->functions[i].address, f->address))
                        return true;
        return false;
}

/* The entry picks no GPU at all: what is the nearest thing, and why is it not one? */
static void refuse_stranger(const Selection *s, Claim *claim)
{
        const Entry *entry = claim->entry;
        const Function *f = named_stranger(s->host, entry);
        const Function *display = f ? slot_display(s->host, f) : NULL;

        if (f && !display && slot_is_unreadable(s->host, f))
                claim_refuse(claim, REASON_UNREADABLE,
                        arena_printf(s->arena, "%s could not be read: %s", PCI_ADDRESS(f->address),
                                f->unreadable ? f->unreadable : "a function of its slot"));
        else if (f && f->virtual_function && matches_model(entry, f))
                claim_refuse(claim, REASON_VIRTUAL_FUNCTION,
                        arena_printf(s->arena, "%s is a virtual function of an SR-IOV card",
                                PCI_ADDRESS(f->address)));
        else if (f && !display && matches_model(entry, f))
                claim_refuse(claim, REASON_NOT_A_GPU,
                        arena_printf(s->arena,
                                "%s (%04x:%04x) is of class %04x, and its slot has no display "
                                "controller",
                                PCI_ADDRESS(f->address), f->id.vendor, f->id.device,
                                function_class(f)));
        else if (f && display && !selects(entry, SELECT_ADDRESS))
                claim_refuse(claim, REASON_ABSENT,
                        arena_printf(s->arena,
                                "%04x:%04x is %s, a companion of the GPU %s (%04x:%04x): `id` "
                                "names the display function",
                                f->id.vendor, f->id.device, PCI_ADDRESS(f->address),
                                PCI_ADDRESS(display->address), display->id.vendor,
                                display->id.device));
        else if (selects(entry, SELECT_ADDRESS))
                claim_refuse(claim, REASON_ABSENT, absent_address(s, entry, display ? display : f));
        else
                claim_refuse(claim, REASON_ABSENT, absent_model(s, entry));
}

static const char *miscounted(const Selection *s, const Entry *entry, size_t n)
{
        Text places = TEXT_IN(s->arena);

        for (const Function *f = NULL; (f = next_pick(s->host, entry, f));)
                add_place(&places, f);
        return arena_printf(s->arena, "%zu GPU%s where the entry wants %u: %s", n,
                n == 1 ? " matches" : "s match", entry->count, places.string);
}

/* An unreadable function is taken along where all are wanted, so that the rules see it. */
static bool wants_function(const Entry *entry, const Function *f, const Function *display)
{
        if (f->virtual_function)
                return false;
        if (entry->functions != ENTRY_FUNCTIONS_ALL)
                return entry->functions & 1u << f->address.function;
        return f->unreadable || function_is_display(f) || claim_is_companion(f, display);
}

static int add_functions(const Selection *s, Claim *claim)
{
        for (size_t i = 0; i < s->host->n_functions; i++) {
                const Function *f = &s->host->functions[i];

                if (!pci_address_same_slot(f->address, claim->display->address) ||
                        !wants_function(claim->entry, f, claim->display))
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
                        miscounted(s, entry, n));
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
