/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report-table.h"

#include <string.h>

#include "base/text.h"
#include "report/fold.h"
#include "report/report-text.h"

/* Copies what was built out of its arena. */
static char *finish(const Text *text)
{
        return arena_failed(text->arena) ? NULL : strdup(text->string);
}

static const char *address(const Function *f, Arena *arena)
{
        return arena_strdup(arena, PCI_ADDRESS(f->address));
}

static const char *id(const Function *f, Arena *arena)
{
        return arena_printf(arena, "%04x:%04x", f->id.vendor, f->id.device);
}

/* What it is to people, by its class. */
static const char *kind(const Function *f, Arena *arena)
{
        static const struct {
                unsigned class;
                const char *word;
        } kinds[] = {
                {PCI_CLASS_VGA, "display"},
                {PCI_CLASS_3D, "3D controller"},
                {PCI_CLASS_DISPLAY_OTHER, "display"},
                {PCI_CLASS_AUDIO_HDA, "audio"},
                {PCI_CLASS_USB, "USB"},
                {PCI_CLASS_SERIAL_OTHER, "USB-C"},
                {PCI_CLASS_BRIDGE_OTHER, "switch"},
                {PCI_CLASS_BASE_STORAGE << 8, "storage"},
                {PCI_CLASS_SD_HOST, "storage"},
                {PCI_CLASS_BASE_NETWORK << 8, "network"},
                {PCI_CLASS_BASE_BRIDGE << 8, "bridge"},
        };

        if (f->unreadable)
                return "unreadable";
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (kinds[i].class == function_class(f) || kinds[i].class == function_base_class(f)
                                                                                     << 8)
                        return kinds[i].word;
        return arena_printf(arena, "class %04x", function_class(f));
}

/* pci.ids has the name of the chip first, and then in brackets those of the cards with it. */
static const char *card_name(const Function *display, Arena *arena)
{
        const char *name = display->name;
        const char *from = name ? strchr(name, '[') : NULL;
        size_t length = from ? strcspn(from + 1, "]") : 0;
        size_t chip = from ? (size_t)(from - name) : 0;

        while (chip > 0 && name[chip - 1] == ' ')
                chip--;
        if (length > 0 && from[1 + length] && !from[2 + length])
                return arena_printf(arena, "%.*s (%.*s)", (int)length, from + 1, (int)chip, name);
        return name ? name : kind(display, arena);
}

enum {
        LIST_GPU,
        LIST_CARD,
        LIST_ID,
        LIST_DRIVER,
        LIST_GROUP,
        LIST_DISPLAY,
        LIST_SLOT,
        LIST_PATH,
        LIST_ENTRY,
};

static const Column list_columns[] = {
        [LIST_GPU] = {.name = "GPU", .tree = true},
        [LIST_CARD] = {.name = "CARD", .from = 60, .cut = true},
        [LIST_ID] = {.name = "ID", .from = 100},
        [LIST_DRIVER] = {.name = "DRIVER"},
        [LIST_GROUP] = {.name = "IOMMU GROUP", .from = 60},
        [LIST_DISPLAY] = {.name = "DISPLAY", .from = 70},
        [LIST_SLOT] = {.name = "SLOT", .from = 120, .cut = true},
        [LIST_PATH] = {.name = "PATH", .from = 120, .cut = true},
        [LIST_ENTRY] = {.name = "ENTRY"},
};

static Cell driver_cell(const Binding *now)
{
        if (!now->driver)
                return (Cell){.text = "-", .tone = TONE_FAINT};
        return (Cell){.text = now->driver, .tone = binding_is_vfio(now) ? TONE_GOOD : TONE_PLAIN};
}

static void fill_place(Cell *cells, const Function *f, const char *more, Arena *arena)
{
        cells[LIST_GPU].text = address(f, arena);
        cells[LIST_ID].text = id(f, arena);
        cells[LIST_DRIVER] = driver_cell(&f->binding);
        cells[LIST_GROUP].text =
                f->iommu_group < 0 ? "none" : arena_printf(arena, "%d%s", f->iommu_group, more);
        if (f->iommu_group < 0)
                cells[LIST_GROUP].tone = TONE_BAD;
}

static Cell fate_cell(const Gpu *gpu, const Function *f, Arena *arena)
{
        static const struct {
                const char *words;
                Tone tone;
        } fates[] = {
                [FATE_GOES] = {"goes with it", TONE_PLAIN},
                [FATE_STAYS] = {"stays with the host", TONE_FAINT},
                [FATE_TIED] = {"would have to go, too", TONE_DOUBT},
                [FATE_BARS] = {"never goes", TONE_BAD},
        };
        const Claim *other = NULL;
        Fate fate = list_fate(gpu, f, &other);

        if (fate == FATE_OTHER)
                return (Cell){.text = arena_printf(arena, "%s, goes by entry %s", kind(f, arena),
                                      other->entry->name)};
        return (Cell){
                .text = arena_printf(arena, "%s, %s", kind(f, arena), fates[fate].words),
                .tone = fates[fate].tone,
        };
}

static void add_part(Table *table, int parent, const Gpu *gpu, const Function *f)
{
        Cell *cells = table_add(table, parent);

        if (!cells)
                return;
        fill_place(cells, f, "", table->arena);
        cells[LIST_CARD] = fate_cell(gpu, f, table->arena);
}

static void add_gpu(Table *table, const Gpu *gpu)
{
        const Function *d = gpu->display;
        bool alone = gpu->n_shares_with == 0;
        int index = (int)table->n_rows;
        Cell *cells = table_add(table, TABLE_NO_PARENT);

        if (!cells)
                return;
        fill_place(cells, d, alone ? ", alone" : ", shared", table->arena);
        if (list_advice(gpu, table->arena))
                cells[LIST_GROUP].tone = TONE_DOUBT;
        cells[LIST_CARD].text = card_name(d, table->arena);
        if (gpu->boot_display)
                cells[LIST_DISPLAY] = (Cell){.text = "boot", .tone = TONE_DOUBT};
        cells[LIST_SLOT].text = gpu->slot;
        cells[LIST_PATH].text = d->has_parent ? gpu->path : NULL;
        if (gpu->entry)
                cells[LIST_ENTRY] = (Cell){.text = gpu->entry, .tone = TONE_HEAD};
        for (size_t i = 0; i < gpu->n_functions; i++)
                if (gpu->functions[i] != d)
                        add_part(table, index, gpu, gpu->functions[i]);
        for (size_t i = 0; i < gpu->n_shares_with; i++)
                add_part(table, index, gpu, gpu->shares_with[i]);
}

/* A sentence of its own, as long as it takes. */
static void add_sentence(Text *text, const Look *look, Tone tone, const char *title,
        unsigned indent, const char *sentence)
{
        text_add(text, "%*s%s", (int)indent, "", table_paint(look, tone, title, text->arena));
        text_wrap(text, look->width, indent + (unsigned)strlen(title), indent + 4, sentence);
        text_add(text, "\n");
}

/* What a row has no room for. */
static void add_notes(Text *text, const GpuList *list, const Look *look)
{
        for (size_t i = 0; i < list->n_items; i++) {
                const char *advice = list_advice(&list->items[i], text->arena);

                if (!advice)
                        continue;
                text_add(text, "\n");
                add_sentence(text, look, TONE_HEAD,
                        arena_printf(text->arena, "%s is not alone in its IOMMU group:",
                                PCI_ADDRESS(list->items[i].display->address)),
                        0, advice);
        }
        if (list->no_iommu) {
                text_add(text, "\n");
                add_sentence(text, look, TONE_HEAD,
                        "no IOMMU group, so no virtual machine can have it:", 0, list->no_iommu);
        }
}

char *report_table_list(const GpuList *list, const Look *look)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return NULL;

        Text text = TEXT_IN(arena);
        Table table = {
                .columns = list_columns, .n_columns = ARRAY_SIZE(list_columns), .arena = arena};

        for (size_t i = 0; i < list->n_items; i++)
                add_gpu(&table, &list->items[i]);
        if (list->n_items == 0)
                text_add(&text, "no GPU on this host\n");
        else
                text_add(&text, "%s", table_format(&table, look));
        add_notes(&text, list, look);
        return finish(&text);
}

enum {
        REPORT_ENTRY,
        REPORT_GPU,
        REPORT_ID,
        REPORT_RESULT,
        REPORT_REASON,
        REPORT_DRIVER,
        REPORT_GROUP,
        REPORT_WITH,
};

static const Column report_columns[] = {
        [REPORT_ENTRY] = {.name = "ENTRY", .cut = true},
        [REPORT_GPU] = {.name = "GPU"},
        [REPORT_ID] = {.name = "ID", .from = 90},
        [REPORT_RESULT] = {.name = "RESULT"},
        [REPORT_REASON] = {.name = "REASON", .from = 60},
        [REPORT_DRIVER] = {.name = "DRIVER", .from = 70},
        [REPORT_GROUP] = {.name = "IOMMU GROUP", .from = 80},
        [REPORT_WITH] = {.name = "WITH", .from = 100, .cut = true},
};

static Tone result_tone(const Claim *claim, Result result)
{
        if (result == RESULT_READY)
                return TONE_GOOD;
        if (result == RESULT_SKIPPED)
                return TONE_FAINT;
        return claim->entry->optional ? TONE_DOUBT : TONE_BAD;
}

static void fill_card(Cell *cells, const Claim *claim, const Verdict *verdict, Arena *arena)
{
        Text with = TEXT_IN(arena);

        cells[REPORT_GPU].text = address(claim->display, arena);
        cells[REPORT_ID].text = id(claim->display, arena);
        if (claim->display->iommu_group >= 0)
                cells[REPORT_GROUP].text = arena_printf(arena, "%d", claim->display->iommu_group);
        for (size_t i = 0; i < claim->n_functions; i++) {
                if (claim->functions[i] == claim->display) {
                        cells[REPORT_DRIVER] = driver_cell(&verdict->bindings[i]);
                        continue;
                }
                text_separate(&with, ", ");
                text_add(&with, "%s", PCI_ADDRESS(claim->functions[i]->address));
        }
        if (!text_is_empty(&with))
                cells[REPORT_WITH].text = with.string;
}

static void add_claim(Table *table, const Report *report, size_t index)
{
        const Claim *claim = &report->plan->claims.items[index];
        const Verdict *verdict = &report->verdicts[index];
        Cell *cells = table_add(table, TABLE_NO_PARENT);

        if (!cells)
                return;
        cells[REPORT_ENTRY].text = claim->entry->name;
        cells[REPORT_GPU].text = "-";
        cells[REPORT_RESULT] = (Cell){
                .text = report_result(report, index),
                .tone = result_tone(claim, verdict->result),
        };
        if (verdict->result != RESULT_ABSENT)
                cells[REPORT_REASON].text = reason_word(verdict->reason);
        if (claim->display)
                fill_card(cells, claim, verdict, table->arena);
}

/* Once for all cards of which the same was found. */
static void add_finding(Text *text, const Report *report, size_t index, const Look *look)
{
        const Verdict *verdict = &report->verdicts[index];
        const Fold fold = fold_from(report, index, text->arena);
        const char *also = fold.n > 1 ? fold.also : verdict->also;

        if (fold.n > 1)
                add_sentence(text, look, TONE_PLAIN, "each of", 2,
                        arena_printf(text->arena, "%s: %s", fold.who, fold.cause));
        else
                add_sentence(text, look, TONE_PLAIN,
                        arena_printf(text->arena, "%s:", report_who(report, index, text->arena)), 2,
                        verdict->cause);
        if (also)
                add_sentence(text, look, TONE_PLAIN, "also", 4, also);
}

/* What was found of each card that is not ready for `reason`; what to do once for all of them,
 * where it is the same. */
static void add_reason(Text *text, const Report *report, Reason reason, const Look *look)
{
        const char *remedy = NULL;

        for (size_t i = 0; i < report->plan->claims.n_items; i++) {
                const Verdict *verdict = &report->verdicts[i];

                if (verdict->reason != reason || fold_is_told(report, i, text->arena))
                        continue;
                if (!remedy) {
                        text_add(text, "\n");
                        add_sentence(text, look, TONE_HEAD,
                                arena_printf(text->arena, "%s:", reason_word(reason)), 0,
                                reason_cause(reason));
                } else if (strcmp(remedy, verdict->remedy) != 0) {
                        add_sentence(text, look, TONE_HEAD, "To do:", 2, remedy);
                }
                remedy = verdict->remedy;
                add_finding(text, report, i, look);
        }
        if (remedy)
                add_sentence(text, look, TONE_HEAD, "To do:", 2, remedy);
}

static void add_left_alone(Text *text, const Report *report, const Look *look)
{
        for (size_t i = 0; i < report->plan->claims.n_items; i++) {
                if (report->verdicts[i].result != RESULT_SKIPPED)
                        continue;
                text_add(text, "\n");
                add_sentence(text, look, TONE_PLAIN,
                        arena_printf(text->arena, "%s:", report_who(report, i, text->arena)), 0,
                        report->verdicts[i].message);
        }
}

static Tone overall_tone(Overall overall)
{
        return overall == OVERALL_OK       ? TONE_GOOD
               : overall == OVERALL_FAILED ? TONE_BAD
                                           : TONE_DOUBT;
}

static void add_next(Text *text, const NextSteps *next, const Look *look)
{
        text_add(text, "\n%s%s\n", table_paint(look, TONE_HEAD, "Next:", text->arena),
                next->n_items == 0 ? " nothing is left to do" : "");
        for (size_t i = 0; i < next->n_items; i++)
                add_sentence(text, look, TONE_PLAIN, arena_printf(text->arena, "%zu.", i + 1), 2,
                        next_step_sentence(&next->items[i], text->arena));
}

char *report_table(const Report *report, const Look *look)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return NULL;

        Text text = TEXT_IN(arena);
        Table table = {
                .columns = report_columns, .n_columns = ARRAY_SIZE(report_columns), .arena = arena};

        for (size_t i = 0; i < report->plan->claims.n_items; i++)
                add_claim(&table, report, i);
        if (table.n_rows > 0)
                text_add(&text, "%s", table_format(&table, look));
        for (int reason = REASON_NONE + 1; reason < _REASON_MAX; reason++)
                add_reason(&text, report, (Reason)reason, look);
        add_left_alone(&text, report, look);
        text_separate(&text, "\n");
        for (size_t i = 0; i < report->n_warnings; i++)
                add_sentence(&text, look, TONE_DOUBT, "warning:", 0, report->warnings[i]);
        text_add(&text, "%s%s\n", report->n_warnings > 0 ? "\n" : "",
                table_paint(look, overall_tone(report->overall), report->count, arena));
        if (report->next)
                add_next(&text, report->next, look);
        return finish(&text);
}

enum {
        PLAN_STEP,
        PLAN_ENTRY,
        PLAN_WHAT,
};

static const Column plan_columns[] = {
        [PLAN_STEP] = {.name = "STEP", .right = true},
        [PLAN_ENTRY] = {.name = "ENTRY"},
        [PLAN_WHAT] = {.name = "WHAT", .cut = true},
};

static void add_step(Table *table, const Plan *plan, size_t index)
{
        const Step *step = &plan->steps[index];
        Cell *cells = table_add(table, TABLE_NO_PARENT);

        if (!cells)
                return;
        cells[PLAN_STEP].text = arena_printf(table->arena, "%zu", index + 1);
        cells[PLAN_ENTRY] = step->claim >= 0
                                    ? (Cell){.text = plan->claims.items[step->claim].entry->name}
                                    : (Cell){.text = "all", .tone = TONE_FAINT};
        cells[PLAN_WHAT].text = step_describe(step, table->arena);
}

/* The policy file is part of what the user is shown before it is written. */
static void add_policy(Text *text, const Step *step)
{
        text_add(text, "\n/run/modprobe.d/vfio-gpu.conf would be:\n");
        report_text_indent(text, 4, step->text);
}

char *report_table_plan(const Plan *plan, const Look *look)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return NULL;

        Text text = TEXT_IN(arena);
        Table table = {
                .columns = plan_columns, .n_columns = ARRAY_SIZE(plan_columns), .arena = arena};

        for (size_t i = 0; i < plan->n_steps; i++)
                add_step(&table, plan, i);
        text_add(&text, "%s", plan->n_steps > 0 ? table_format(&table, look) : "nothing to do\n");
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type == STEP_POLICY)
                        add_policy(&text, &plan->steps[i]);
        text_add(&text, "\n");
        return finish(&text);
}
