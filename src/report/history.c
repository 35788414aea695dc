/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/history.h"

#include <string.h>

#include "base/text.h"

/* Names of drivers may hold spaces. None of them is called like this. */
#define SEPARATOR "\t"
#define NO_DRIVER "-"

enum { ADDRESS, ID, STAGE, READY, DRIVER, DRIVER_BEFORE, N_FIELDS };

static bool is_of(const Past *past, const Function *f)
{
        if (pci_address_compare(past->address, f->address) != 0)
                return false;
        /* one that cannot be read any more does not say what it is */
        return f->unreadable || pci_id_equal(past->id, f->id);
}

const Past *history_find(const History *history, const Function *f)
{
        for (size_t i = 0; i < history->n_items; i++)
                if (is_of(&history->items[i], f))
                        return &history->items[i];
        return NULL;
}

/* The past of what was at that address, or NULL. */
static Past *past_at(const History *history, PciAddress address)
{
        for (size_t i = 0; i < history->n_items; i++)
                if (pci_address_compare(history->items[i].address, address) == 0)
                        return &history->items[i];
        return NULL;
}

/* Takes the place of what was at that address. */
static void put(History *history, const Past *past, Arena *arena)
{
        Past *place = past_at(history, past->address);

        if (!place)
                place = arena_push(arena, &history->items, &history->n_items);
        if (place)
                *place = *past;
}

static const char *driver_of(const char *field, Arena *arena)
{
        return strcmp(field, NO_DRIVER) == 0 ? NULL : arena_strdup(arena, field);
}

static bool parse_stage(const char *word, Stage *ret)
{
        for (Stage stage = STAGE_INITRD; stage <= STAGE_SYSTEM; stage++)
                if (strcmp(word, stage_word(stage)) == 0) {
                        *ret = stage;
                        return true;
                }
        return false;
}

static void read_line(History *history, char *line, Arena *arena)
{
        const char *fields[N_FIELDS] = {0};
        size_t n = 0;
        bool function = false;
        Past past = {0};

        for (char *field; n < N_FIELDS && (field = strsep(&line, SEPARATOR));)
                fields[n++] = field;
        if (n < N_FIELDS || line || !parse_stage(fields[STAGE], &past.stage) ||
                pci_address_parse(fields[ADDRESS], &past.address, &function) < 0 || !function ||
                pci_id_parse(fields[ID], &past.id) < 0)
                return;
        past.ready = strcmp(fields[READY], result_word(RESULT_READY)) == 0;
        past.driver = driver_of(fields[DRIVER], arena);
        past.driver_before = driver_of(fields[DRIVER_BEFORE], arena);
        put(history, &past, arena);
}

void history_read(History *history, const char *text, Arena *arena)
{
        char *rest = arena_strdup(arena, text);

        for (char *line; (line = strsep(&rest, "\n"));)
                read_line(history, line, arena);
}

/* What was first stays; but that the card was ready later in this boot is worth more than that it
 * was not. */
static void add(History *history, const Function *f, Past now, Arena *arena)
{
        const Past *past = history_find(history, f);

        if (past && (past->ready || !now.ready))
                return;
        if (past)
                now.driver_before = past->driver_before;
        put(history, &now, arena);
}

void history_add(History *history, const Report *report, Arena *arena)
{
        for (size_t i = 0; i < report->plan->claims.n_items; i++) {
                const Claim *claim = &report->plan->claims.items[i];
                const Verdict *verdict = &report->verdicts[i];

                for (size_t k = 0; k < claim->n_functions; k++) {
                        const Function *f = claim->functions[k];
                        const Past now = {
                                .address = f->address,
                                .id = f->id,
                                .driver_before = verdict->drivers_before[k],
                                .ready = verdict->result == RESULT_READY,
                                .stage = report->stage,
                                .driver = verdict->bindings[k].driver,
                        };

                        add(history, f, now, arena);
                }
        }
}

const char *history_text(const History *history, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < history->n_items; i++) {
                const Past *p = &history->items[i];

                text_add(&text,
                        "%s" SEPARATOR "%04x:%04x" SEPARATOR "%s" SEPARATOR "%s" SEPARATOR
                        "%s" SEPARATOR "%s\n",
                        PCI_ADDRESS(p->address), p->id.vendor, p->id.device, stage_word(p->stage),
                        p->ready ? result_word(RESULT_READY) : "-",
                        p->driver ? p->driver : NO_DRIVER,
                        p->driver_before ? p->driver_before : NO_DRIVER);
        }
        return text.string;
}
