/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/proposal.h"

#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "policy/gpu-name.h"
#include "policy/match.h"
#include "policy/members.h"
#include "policy/select.h"

typedef struct Proposing {
        const Host *host;
        Arena *arena;
        Claims claims; /* of all GPUs, an entry each */
        Proposals proposals;
} Proposing;

static Entry entry_at(PciAddress address, bool function)
{
        return (Entry){
                .selectors = SELECT_ADDRESS,
                .address = address,
                .address_function = function,
                .count = 1,
                .functions = ENTRY_FUNCTIONS_ALL,
                .d3cold = -1,
        };
}

static int claim_all(const Proposing *p, Entry *entries, size_t n, Claims *ret)
{
        const Config config = {.entries = entries, .n_entries = n};

        for (size_t i = 0; i < n; i++)
                entries[i].name = "";
        return select_claims(&config, &(const KernelWords){0}, p->host, p->arena, ret);
}

static int claim_gpus(Proposing *p)
{
        const Host *host = p->host;
        Entry *entries = NULL;
        size_t n = 0;

        for (size_t i = 0; i < host->n_functions; i++) {
                const Function *f = &host->functions[i];
                const Entry entry = entry_at(f->address, true);

                if (!match_is_gpu(host, &entry, f))
                        continue;

                Entry *item = arena_push(p->arena, &entries, &n);
                if (!item)
                        return -ENOMEM;
                *item = entry;
        }
        return claim_all(p, entries, n, &p->claims);
}

static const char *which_there_are(const Proposing *p)
{
        Text text = TEXT_IN(p->arena);

        for (size_t i = 0; i < p->claims.n_items; i++) {
                const Function *f = p->claims.items[i].display;

                text_separate(&text, ", ");
                text_add(&text, "%s (%04x:%04x)", PCI_ADDRESS(f->address), f->id.vendor,
                        f->id.device);
        }
        return text_is_empty(&text) ? "none" : text.string;
}

/* Marks the GPU that is meant. Returns -EINVAL and why there is none. */
static int ask(const Proposing *p, const char *text, const char **reterr_why)
{
        PciAddress address = {0};
        bool function = false;
        Claims claims = {0};

        if (pci_address_parse(text, &address, &function) < 0) {
                *reterr_why = arena_printf(p->arena,
                        "%s is no PCI address: expected \"[dddd:]bb:dd[.f]\", hexadecimal",
                        quote(text));
                return -EINVAL;
        }

        Entry entry = entry_at(address, function);
        int r = claim_all(p, &entry, 1, &claims);

        if (r < 0)
                return r;
        for (size_t i = 0; i < p->claims.n_items; i++)
                if (p->claims.items[i].display == claims.items[0].display) {
                        p->proposals.items[i].asked = true;
                        return 0;
                }
        *reterr_why = claims.items[0].findings[claim_reason(&claims.items[0])].cause;
        return -EINVAL;
}

static int ask_for_all(
        const Proposing *p, const char *const *addresses, size_t n, const char **reterr_trouble)
{
        Text trouble = TEXT_IN(p->arena);

        for (size_t i = 0; i < n; i++) {
                const char *why = NULL;
                int r = ask(p, addresses[i], &why);

                if (r != -EINVAL && r < 0)
                        return r;
                if (r == 0)
                        continue;
                text_separate(&trouble, "; ");
                text_add(&trouble, "%s", why ? why : "");
        }
        if (text_is_empty(&trouble))
                return 0;
        text_add(&trouble, "; GPUs here: %s", which_there_are(p));
        if (arena_failed(p->arena))
                return -ENOMEM;
        *reterr_trouble = trouble.string;
        return -EINVAL;
}

/* Some card that is asked for brings `f` along anyway. */
static bool is_asked_for(const Proposing *p, const Function *f)
{
        for (size_t i = 0; i < p->claims.n_items; i++)
                if (p->proposals.items[i].asked && claim_holds(&p->claims.items[i], f))
                        return true;
        return false;
}

static int add_foreigners(const Proposing *p, Proposal *proposal)
{
        const Claim *claim = proposal->claim;

        for (size_t i = 0; i < p->host->n_functions; i++) {
                const Function *f = &p->host->functions[i], **item = NULL;

                if (!function_shares_group(claim->functions, claim->n_functions, f) ||
                        claim_holds(claim, f) || members_is_quiet_bridge(f) || is_asked_for(p, f))
                        continue;
                item = members_never(f)
                               ? arena_push(p->arena, &proposal->never, &proposal->n_never)
                               : arena_push(p->arena, &proposal->members, &proposal->n_members);
                if (!item)
                        return -ENOMEM;
                *item = f;
        }
        return 0;
}

static bool shows_console(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                const Function *f = claim->functions[i];

                if (function_drives_monitor(f) && (f->boot_vga || f->boot_framebuffer))
                        return true;
        }
        return false;
}

static size_t count_words(const char *const *words, size_t n, const char *word)
{
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
                count += strcmp(words[i], word) == 0;
        return count;
}

/* Those of a model are numbered, past what is a name already. */
static const char *unlike(const Proposing *p, const char *const *words, size_t i)
{
        size_t n = p->claims.n_items, before = count_words(words, i, words[i]);
        const char *name = words[i];

        if (count_words(words, n, name) == 1)
                return name;
        for (size_t number = 0; name;) {
                name = arena_printf(p->arena, "%s-%zu", words[i], ++number);
                if (name && count_words(words, n, name) == 0 && before-- == 0)
                        break;
        }
        return name;
}

static int name_all(const Proposing *p)
{
        size_t n = p->claims.n_items;
        const char **words = arena_array(p->arena, n, sizeof(*words));

        for (size_t i = 0; words && i < n; i++) {
                words[i] = gpu_name(p->claims.items[i].display, p->arena);
                if (!words[i])
                        return -ENOMEM;
        }
        for (size_t i = 0; words && i < n; i++)
                p->proposals.items[i].name = unlike(p, words, i);
        return arena_failed(p->arena) ? -ENOMEM : 0;
}

static int fill(Proposing *p)
{
        int r = name_all(p);

        for (size_t i = 0; i < p->claims.n_items && r == 0; i++) {
                Proposal *proposal = &p->proposals.items[i];

                proposal->boot_display = shows_console(proposal->claim);
                p->proposals.n_asked += proposal->asked;
                r = add_foreigners(p, proposal);
        }
        return r;
}

int proposals_build(const Host *host, const char *const *addresses, size_t n_addresses,
        Arena *arena, Proposals *ret, const char **reterr_trouble)
{
        Proposing p = {.host = host, .arena = arena};
        int r = claim_gpus(&p);

        if (r < 0)
                return r;
        p.proposals.n_items = p.claims.n_items;
        p.proposals.items = arena_array(arena, p.claims.n_items, sizeof(Proposal));
        if (!p.proposals.items)
                return -ENOMEM;
        for (size_t i = 0; i < p.claims.n_items; i++)
                p.proposals.items[i].claim = &p.claims.items[i];
        r = ask_for_all(&p, addresses, n_addresses, reterr_trouble);
        if (r == 0)
                r = fill(&p);
        if (r == 0)
                *ret = p.proposals;
        return r;
}
