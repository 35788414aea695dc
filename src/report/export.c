/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"

bool export_holds(const Export *e, const Claim *claim)
{
        for (size_t i = 0; i < e->n_claims; i++)
                if (e->claims[i] == claim)
                        return true;
        return false;
}

static void _printf_(2, 0) warn(Export *e, const char *format, va_list args)
{
        _cleanup_free_ char *text = vformat(format, args);
        const char **item = arena_push(e->arena, &e->warnings, &e->n_warnings);

        if (!text)
                arena_fail(e->arena);
        if (item)
                *item = text ? arena_strdup(e->arena, text) : "";
}

void export_warn(Export *e, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        warn(e, format, args);
        va_end(args);
}

void export_leave_out(Export *e, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        warn(e, format, args);
        va_end(args);
        e->incomplete = true;
}

static bool is_at(const Claim *claim, PciAddress address)
{
        return claim->display && pci_address_same_slot(claim->display->address, address);
}

static const char *unknown(const Export *e, const char *name)
{
        return arena_printf(e->arena,
                "%s is neither an entry nor the address of a GPU that an entry picks; %s",
                quote(name), report_which_entry(e->config, name, e->arena));
}

/* Marks the claims that `name` means. */
static int ask_for(const Export *e, const char *name, bool *asked, const char **reterr_unknown)
{
        const Entry *entry = config_find_entry(e->config, name);
        PciAddress address = {0};
        bool function = false, found = entry;

        if (!entry && pci_address_parse(name, &address, &function) < 0)
                found = false;
        for (size_t i = 0; i < e->all->n_items; i++) {
                const Claim *claim = &e->all->items[i];

                if (entry ? claim->entry == entry : is_at(claim, address)) {
                        asked[i] = true;
                        found = true;
                }
        }
        if (found)
                return 0;
        *reterr_unknown = unknown(e, name);
        return -ENOENT;
}

/* A driver that was first is no obstacle at the next boot; all else is. */
static bool is_handed_over(const Claim *claim)
{
        for (int reason = REASON_NONE + 1; reason < _REASON_MAX; reason++)
                if (claim->findings[reason].cause && reason != REASON_DRIVER_BUSY)
                        return false;
        return claim->display && !claim->skipped && !claim->released;
}

/* What is said of a claim that is not ready, and whether that is a failure: as it is for the exit
 * status of all verbs, unless the user has named it. */
static void judge(Export *e, const Report *report, size_t index, bool named)
{
        const Claim *claim = &e->all->items[index];
        const Verdict *verdict = &report->verdicts[index];
        bool goes = is_handed_over(claim);

        if (verdict->result == RESULT_READY)
                return;
        if (verdict->result == RESULT_ABSENT && claim->entry->optional && !named)
                return;
        export_warn(e, "%s: %s", goes ? "exported, but not ready" : "not handed over",
                report_sentence(report, index, e->arena));
        if (named || (!claim->entry->optional && verdict->result != RESULT_SKIPPED))
                e->incomplete = true;
}

static void choose(Export *e, const Report *report, const bool *asked, bool named)
{
        for (size_t i = 0; i < e->all->n_items; i++) {
                const Claim **item = NULL;

                if (!asked[i])
                        continue;
                judge(e, report, i, named);
                if (is_handed_over(&e->all->items[i]))
                        item = arena_push(e->arena, &e->claims, &e->n_claims);
                if (item)
                        *item = &e->all->items[i];
        }
}

int export_select(const Report *report, const Config *config, const Host *host,
        const char *const *names, size_t n_names, Arena *arena, Export *ret,
        const char **reterr_unknown)
{
        Export e = {.arena = arena,
                .config = config,
                .host = host,
                .all = &report->plan->claims,
                .text = TEXT_IN(arena)};
        bool *asked = arena_array(arena, e.all->n_items, sizeof(bool));
        Report *copy = arena_alloc(arena, sizeof(*copy));
        int r = asked && copy ? 0 : -ENOMEM;

        if (r == 0) {
                *copy = *report;
                e.report = copy;
        }
        if (r == 0 && report->plan->off != PLAN_ON) {
                export_warn(&e, "nothing is exported: %s", report->status);
                e.incomplete = n_names > 0;
                n_names = 0; /* no config was read that could know them */
        } else if (r == 0 && n_names == 0)
                memset(asked, true, e.all->n_items * sizeof(bool));
        for (size_t i = 0; r == 0 && i < n_names; i++)
                r = ask_for(&e, names[i], asked, reterr_unknown);
        if (r < 0)
                return r;
        choose(&e, report, asked, n_names > 0);
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = e;
        return 0;
}

/* The first function of the slot, or NULL. */
static const GuestFunction *find_slot(const GuestFunction *functions, size_t n, PciAddress address)
{
        for (size_t i = 0; i < n; i++)
                if (pci_address_same_slot(functions[i].function->address, address))
                        return &functions[i];
        return NULL;
}

/* Numbers stay as they are on the host where function 0, without which a guest finds nothing in a
 * slot, is among them. */
static void number_slot(GuestFunction *functions, size_t n, unsigned slot)
{
        bool whole = false;
        unsigned members = 0;

        for (size_t i = 0; i < n; i++)
                if (functions[i].slot == slot) {
                        whole |= functions[i].function->address.function == 0;
                        functions[i].number = members++;
                }
        for (size_t i = 0; i < n; i++)
                if (functions[i].slot == slot) {
                        functions[i].shares_slot = members > 1;
                        if (whole)
                                functions[i].number = functions[i].function->address.function;
                }
}

GuestFunction *export_guest_functions(const Export *e, size_t *ret_n)
{
        GuestFunction *functions = NULL;
        size_t n = 0;
        unsigned n_slots = 0;

        for (size_t i = 0; i < e->n_claims; i++)
                for (size_t k = 0; k < e->claims[i]->n_functions; k++) {
                        const Function *f = e->claims[i]->functions[k];
                        const GuestFunction *first = find_slot(functions, n, f->address);
                        unsigned slot = first ? first->slot : n_slots++;
                        GuestFunction *item = arena_push(e->arena, &functions, &n);

                        if (!item)
                                return NULL;
                        *item = (GuestFunction){.claim = e->claims[i],
                                .function = f,
                                .driver = e->claims[i]->drivers[k],
                                .slot = slot};
                }
        for (unsigned slot = 0; slot < n_slots; slot++)
                number_slot(functions, n, slot);
        *ret_n = n;
        return functions;
}
