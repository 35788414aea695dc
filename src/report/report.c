/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report.h"

#include <string.h>

#include "base/text.h"

const char *overall_word(Overall overall)
{
        static const char *const words[_OVERALL_MAX] = {
                [OVERALL_OK] = "ok",
                [OVERALL_DEGRADED] = "degraded",
                [OVERALL_FAILED] = "failed",
                [OVERALL_DISABLED] = "disabled",
        };

        return words[overall];
}

const char *stage_word(Stage stage)
{
        return stage == STAGE_INITRD ? "initrd" : "system";
}

static const char *off_sentence(PlanOff off)
{
        switch (off) {
        case PLAN_OFF_WORD:
                return "disabled by vfio_gpu=0 on the kernel command line";
        case PLAN_OFF_INITRD_WORD:
                return "disabled in the initrd by rd.vfio_gpu=0 on the kernel command line";
        case PLAN_OFF_CRASH:
                return "disabled: this kernel was started to save a crash dump";
        case PLAN_ON:
                break;
        }
        return NULL;
}

static Overall judge_whole(const Plan *plan, const Verdict *verdicts)
{
        Overall overall = OVERALL_OK;

        if (plan->off != PLAN_ON)
                return OVERALL_DISABLED;
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                if (verdicts[i].result == RESULT_READY || verdicts[i].result == RESULT_SKIPPED)
                        continue;
                if (!plan->claims.items[i].entry->optional)
                        return OVERALL_FAILED;
                overall = OVERALL_DEGRADED;
        }
        return overall;
}

/* "pool", or "pool (3)" when that many GPUs of the entry have this result; once an entry. */
static void add_names(Text *text, const Report *report, Result result)
{
        const Claims *claims = &report->plan->claims;

        for (size_t i = 0, n = 0; i < claims->n_items; i++) {
                bool last = i + 1 == claims->n_items ||
                            claims->items[i + 1].entry != claims->items[i].entry;

                n += report->verdicts[i].result == result;
                if (!last)
                        continue;
                if (n > 0) {
                        text_separate(text, ", ");
                        text_add(text, "%s", claims->items[i].entry->name);
                        if (n > 1)
                                text_add(text, " (%zu)", n);
                }
                n = 0;
        }
}

static void add_shortfall(Text *text, const Report *report)
{
        for (size_t i = 0; i < report->plan->claims.n_items; i++) {
                const Verdict *verdict = &report->verdicts[i];

                if (verdict->result == RESULT_READY)
                        continue;
                text_add(text, "; %s %s", report->plan->claims.items[i].entry->name,
                        result_word(verdict->result));
                if (verdict->reason != REASON_NONE &&
                        strcmp(reason_word(verdict->reason), result_word(verdict->result)) != 0)
                        text_add(text, " (%s)", reason_word(verdict->reason));
        }
}

static const char *status_line(const Report *report, Arena *arena)
{
        const Claims *claims = &report->plan->claims;
        size_t ready = 0, total = 0;
        Text text = TEXT_IN(arena), names = TEXT_IN(arena);

        if (report->plan->off != PLAN_ON)
                return off_sentence(report->plan->off);
        if (claims->n_items == 0)
                return arena_printf(arena, "no GPU is listed in %s", report->config_path);
        for (size_t i = 0; i < claims->n_items; i++) {
                ready += report->verdicts[i].result == RESULT_READY;
                total += report->verdicts[i].result != RESULT_SKIPPED;
        }
        add_names(&names, report, RESULT_READY);
        text_add(&text, "%zu of %zu GPU%s ready%s%s", ready, total, total == 1 ? "" : "s",
                ready ? ": " : "", names.string);
        add_shortfall(&text, report);
        if (report->stale_initrd)
                text_add(&text, "; the initramfs holds another config");
        return text.string;
}

static void add_warning(Report *report, Arena *arena, const char *sentence)
{
        const char **item = arena_push(arena, &report->warnings, &report->n_warnings);

        if (item)
                *item = sentence;
}

static void add_warnings(Report *report, const StepOutcome *outcomes, Arena *arena)
{
        const Plan *plan = report->plan;

        for (size_t i = 0; i < report->host->n_warnings; i++)
                add_warning(report, arena, report->host->warnings[i]);
        if (report->stale_initrd)
                add_warning(report, arena,
                        arena_printf(arena,
                                "the initramfs was built with another %s: run `dracut -f`",
                                report->config_path));
        for (size_t i = 0; outcomes && i < plan->n_steps; i++) {
                if (plan->steps[i].type != STEP_POLICY || outcomes[i].state == STEP_DONE)
                        continue;
                add_warning(report, arena,
                        arena_printf(arena,
                                "/run/modprobe.d/vfio-gpu.conf could not be written (%s): drivers "
                                "of claimed cards may be loaded, but find them on hold",
                                outcomes[i].state == STEP_FAILED ? strerror(outcomes[i].error)
                                                                 : "not in time"));
        }
}

int report_build(const char *config_path, bool stale_initrd, const Host *host, const Plan *plan,
        const Verdict *verdicts, const StepOutcome *outcomes, Arena *arena, Report *ret)
{
        /* a verdict that could not be made is all zeros, which reads as ready */
        if (arena_failed(arena))
                return -ENOMEM;

        Report report = {
                .config_path = config_path,
                .stale_initrd = stale_initrd,
                .host = host,
                .plan = plan,
                .verdicts = verdicts,
                .overall = judge_whole(plan, verdicts),
        };

        report.status = status_line(&report, arena);
        add_warnings(&report, outcomes, arena);
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = report;
        return 0;
}

ExitStatus report_exit_status(const Report *report)
{
        return report->overall == OVERALL_FAILED ? EXIT_STATUS_UNSATISFIED : EXIT_STATUS_OK;
}

int report_error(const Report *report)
{
        for (size_t i = 0; i < report->plan->claims.n_items; i++)
                if (report->verdicts[i].error)
                        return report->verdicts[i].error;
        return 0;
}

static const char *companions(const Claim *claim, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < claim->n_functions; i++) {
                if (claim->functions[i] == claim->display)
                        continue;
                text_add(&text, "%s%s", text_is_empty(&text) ? ", with " : ", ",
                        PCI_ADDRESS(claim->functions[i]->address));
        }
        return text.string;
}

/* "rtx6000 (0000:01:00.0, 10de:26b1)", or the name alone where there is no card. */
static const char *who(const Claim *claim, Arena *arena)
{
        const Function *d = claim->display;

        if (!d)
                return claim->entry->name;
        return arena_printf(arena, "%s (%s, %04x:%04x)", claim->entry->name,
                PCI_ADDRESS(d->address), d->id.vendor, d->id.device);
}

const char *report_sentence(const Report *report, size_t index, Arena *arena)
{
        const Claim *claim = &report->plan->claims.items[index];
        const Verdict *verdict = &report->verdicts[index];
        const char *result = result_word(verdict->result);
        const char *reason = reason_word(verdict->reason);

        if (verdict->result == RESULT_READY)
                return arena_printf(arena, "%s is ready: %s, IOMMU group %d%s", who(claim, arena),
                        CLAIM_DRIVER, claim->display->iommu_group, companions(claim, arena));
        if (!reason || strcmp(reason, result) == 0)
                return arena_printf(
                        arena, "%s is %s: %s", who(claim, arena), result, verdict->message);
        return arena_printf(
                arena, "%s is %s (%s): %s", who(claim, arena), result, reason, verdict->message);
}

const char *report_step(const Step *step, Arena *arena)
{
        const char *address = PCI_ADDRESS(step->address);

        switch (step->type) {
        case STEP_POLICY:
                return "write /run/modprobe.d/vfio-gpu.conf";
        case STEP_HOLD:
                return arena_printf(arena, "hold %s (driver_override = %s)", address, step->target);
        case STEP_LOAD:
                return arena_printf(
                        arena, "load %s%s%s", step->target, *step->text ? " " : "", step->text);
        case STEP_UNBIND:
                return arena_printf(arena, "take %s from %s", address, step->target);
        case STEP_OVERRIDE:
                return arena_printf(
                        arena, "override %s (driver_override = %s)", address, step->target);
        case STEP_BIND:
                return arena_printf(arena, "bind %s to %s", address, step->target);
        case _STEP_TYPE_MAX:
                break;
        }
        return NULL;
}
