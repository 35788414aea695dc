/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report-text.h"

#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "report/fold.h"

/* Copies what was built out of its arena. */
static char *finish(const Text *text)
{
        return arena_failed(text->arena) ? NULL : strdup(text->string);
}

static void add_next(Text *text, const NextSteps *next)
{
        if (next->n_items == 0)
                text_add(text, "next: nothing is left to do\n");
        else
                text_add(text, "next:\n");
        for (size_t i = 0; i < next->n_items; i++)
                text_add(text, "%3zu. %s\n", i + 1,
                        next_step_sentence(&next->items[i], text->arena));
}

char *report_text(const Report *report)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return NULL;

        Text text = TEXT_IN(arena);
        for (size_t i = 0; i < report->plan->claims.n_items; i++)
                if (!fold_is_told(report, i, arena))
                        text_add(&text, "%s\n", fold_sentence(report, i, arena));
        for (size_t i = 0; i < report->n_warnings; i++)
                text_add(&text, "warning: %s\n", report->warnings[i]);
        text_add(&text, "%s\n", report->status);
        if (report->next)
                add_next(&text, report->next);
        return finish(&text);
}

void report_text_indent(Text *text, int indent, const char *lines)
{
        for (const char *line = lines; *line;) {
                int length = (int)strcspn(line, "\n");

                text_add(text, "%*s%.*s\n", indent, "", length, line);
                line += length + (line[length] == '\n');
        }
}

char *report_text_plan(const Plan *plan)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return NULL;

        Text text = TEXT_IN(arena);
        for (size_t i = 0; i < plan->n_steps; i++) {
                text_add(&text, "%3zu. %s\n", i + 1, step_describe(&plan->steps[i], arena));
                /* what is to be written is part of what the user is shown before it is */
                if (plan->steps[i].type == STEP_POLICY)
                        report_text_indent(&text, 7, plan->steps[i].text);
        }
        if (plan->n_steps == 0)
                text_add(&text, "nothing to do\n");
        return finish(&text);
}

/* What an entry may say instead of the address; a path of one hop is the address. */
static void add_place(Text *text, const Gpu *gpu)
{
        if (gpu->path && gpu->display->has_parent)
                text_add(text, "    path %s\n", gpu->path);
        if (gpu->slot)
                text_add(text, "    slot %s\n", quote(gpu->slot));
}

static void add_gpu(Text *text, const Gpu *gpu)
{
        const Function *d = gpu->display;
        const char *kind = function_is_display(d) ? "display controller" : "NVSwitch";

        text_add(text, "%s %s [%04x:%04x]\n", PCI_ADDRESS(d->address), d->name ? d->name : kind,
                d->id.vendor, d->id.device);
        for (size_t i = 0; i < gpu->n_functions; i++) {
                const Function *f = gpu->functions[i];

                text_add(text, "    %s class %04x, %s%s, ", PCI_ADDRESS(f->address),
                        function_class(f), f->binding.driver ? "driver " : "no driver",
                        f->binding.driver ? f->binding.driver : "");
                if (f->iommu_group < 0)
                        text_add(text, "no IOMMU group\n");
                else
                        text_add(text, "IOMMU group %d\n", f->iommu_group);
        }
        add_place(text, gpu);
        for (size_t i = 0; i < gpu->n_shares_with; i++)
                text_add(text, "    shares its group with %s (class %04x, %s)\n",
                        PCI_ADDRESS(gpu->shares_with[i]->address),
                        function_class(gpu->shares_with[i]),
                        gpu->shares_with[i]->binding.driver ? gpu->shares_with[i]->binding.driver
                                                            : "no driver");
        const char *advice = list_advice(gpu, text->arena);
        if (advice)
                text_add(text, "    %s\n", advice);
        if (gpu->boot_display)
                text_add(text, "    shows the boot console\n");
        if (gpu->entry)
                text_add(text, "    picked by entry %s\n", gpu->entry);
}

char *report_text_list(const GpuList *list)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        if (!arena)
                return NULL;

        Text text = TEXT_IN(arena);
        for (size_t i = 0; i < list->n_items; i++)
                add_gpu(&text, &list->items[i]);
        if (list->n_items == 0)
                text_add(&text, "no GPU on this host\n");
        if (list->no_iommu)
                text_add(&text, "no IOMMU group: %s\n", list->no_iommu);
        return finish(&text);
}
