/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report.h"

#include <string.h>

#include "base/guess.h"
#include "base/text.h"
#include "policy/framebuffer.h"
#include "policy/vfio-options.h"

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

static Overall judge_one(const Claim *claim, Result result)
{
        if (result == RESULT_READY || result == RESULT_SKIPPED)
                return OVERALL_OK;
        return claim->entry->optional ? OVERALL_DEGRADED : OVERALL_FAILED;
}

static Overall judge_whole(const Plan *plan, const Verdict *verdicts)
{
        Overall overall = OVERALL_OK;

        if (plan->off != PLAN_ON)
                return OVERALL_DISABLED;
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                Overall one = judge_one(&plan->claims.items[i], verdicts[i].result);

                if (one > overall)
                        overall = one;
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

/* People know of two kinds of being left alone. */
static const char *result_for_people(const Claim *claim, Result result)
{
        return result == RESULT_SKIPPED && claim->released ? "released" : result_word(result);
}

static void add_shortfall(Text *text, const Report *report, Result wanted)
{
        for (size_t i = 0; i < report->plan->claims.n_items; i++) {
                const Claim *claim = &report->plan->claims.items[i];
                const Verdict *verdict = &report->verdicts[i];

                if (verdict->result == wanted)
                        continue;
                text_add(text, "; %s %s", claim->entry->name,
                        result_for_people(claim, verdict->result));
                if (verdict->reason != REASON_NONE &&
                        strcmp(reason_word(verdict->reason), result_word(verdict->result)) != 0)
                        text_add(text, " (%s)", reason_word(verdict->reason));
        }
}

bool report_is_conditional(const Report *report, size_t index)
{
        return report->expected && report->verdicts[index].result == RESULT_READY &&
               !claim_is_ready(&report->plan->claims.items[index]);
}

const char *report_result(const Report *report, size_t index)
{
        if (report_is_conditional(report, index))
                return "would be ready";
        return result_for_people(
                &report->plan->claims.items[index], report->verdicts[index].result);
}

static bool is_conditional(const Report *report)
{
        for (size_t i = 0; i < report->plan->claims.n_items; i++)
                if (report_is_conditional(report, i))
                        return true;
        return false;
}

static Result goal(const Report *report)
{
        return report->release ? RESULT_SKIPPED : RESULT_READY;
}

static const char *count_claims(const Report *report, Arena *arena)
{
        const Claims *claims = &report->plan->claims;
        size_t reached = 0, total = 0;

        if (report->plan->off != PLAN_ON)
                return off_sentence(report->plan->off);
        if (claims->n_items == 0)
                return arena_printf(arena, "no GPU is listed in %s", report->config_path);
        for (size_t i = 0; i < claims->n_items; i++) {
                reached += report->verdicts[i].result == goal(report);
                total += report->release || report->verdicts[i].result != RESULT_SKIPPED;
        }
        return arena_printf(arena, "%zu of %zu GPU%s %s%s", reached, total, total == 1 ? "" : "s",
                is_conditional(report) ? "would be " : "", report->release ? "released" : "ready");
}

static const char *status_line(const Report *report, const Host *host, Arena *arena)
{
        Text text = TEXT_IN(arena), names = TEXT_IN(arena);

        if (report->plan->off != PLAN_ON)
                return report->count;
        add_names(&names, report, goal(report));
        text_add(&text, "%s%s%s", report->count, text_is_empty(&names) ? "" : ": ", names.string);
        add_shortfall(&text, report, goal(report));
        if (report->image != IMAGE_FITS)
                text_add(&text, "; %s (%s)", image_trouble(report->image),
                        image_made_since(host, arena) ? "a reboot takes the new one"
                                                      : image_command(host->image_tool));
        return text.string;
}

static void add_warning(Report *report, Arena *arena, const char *sentence)
{
        const char **item = arena_push(arena, &report->warnings, &report->n_warnings);

        if (item)
                *item = sentence;
}

static void add_all(Report *report, Arena *arena, const char *const *sentences, size_t n)
{
        for (size_t i = 0; i < n; i++)
                add_warning(report, arena, sentences[i]);
}

static bool serves_nobody(const Plan *plan, size_t step)
{
        for (size_t i = 0; i < plan->claims.n_items; i++)
                if (step_serves(plan->steps, plan->n_steps, step, (int)i))
                        return false;
        return true;
}

/* What a step that no claim stands or falls with has left undone, or NULL: it is another kind. */
static const char *loss(const Plan *plan, size_t step)
{
        if (plan->steps[step].type == STEP_POLICY)
                return "drivers of claimed cards may be loaded, but find them on hold";
        if (plan->steps[step].type == STEP_LOAD && serves_nobody(plan, step))
                return "what the config says in `vfio_pci` is not in force";
        return NULL;
}

static void add_step_warnings(
        Report *report, const Plan *plan, const StepOutcome *outcomes, Arena *arena)
{
        for (size_t i = 0; outcomes && i < plan->n_steps; i++) {
                const char *lost = outcomes[i].state == STEP_DONE ? NULL : loss(plan, i);

                if (lost)
                        add_warning(report, arena,
                                arena_printf(arena, "could not %s (%s): %s",
                                        step_describe(&plan->steps[i], arena),
                                        outcomes[i].state == STEP_FAILED
                                                ? strerror(outcomes[i].error)
                                                : "not in time",
                                        lost));
        }
}

/* Whether a card that is not ready is told the command already. */
static bool remedies_name(const Report *report, const char *command)
{
        for (size_t i = 0; i < report->plan->claims.n_items; i++)
                if (report->verdicts[i].remedy && strstr(report->verdicts[i].remedy, command))
                        return true;
        return false;
}

static void warn_of_image(Report *report, const Host *host, Arena *arena)
{
        const char *command = image_command(host->image_tool);
        const char *made = image_made_since(host, arena);

        if (report->image == IMAGE_FITS)
                return;
        if (made)
                add_warning(report, arena,
                        arena_printf(
                                arena, "%s, and %s: reboot", image_trouble(report->image), made));
        else if (remedies_name(report, command))
                add_warning(report, arena, image_trouble(report->image));
        else
                add_warning(report, arena,
                        arena_printf(arena, "%s: rebuild it (%s) and reboot",
                                image_trouble(report->image), command));
}

/* Of vfio-pci as it is now, after the steps. */
static void add_option_warning(Report *report, const ReportInput *input, Arena *arena)
{
        const char *sentence = vfio_options_warning(input->config, input->plan, input->host, arena);

        if (sentence)
                add_warning(report, arena, sentence);
}

static void add_framebuffers(Report *report, const Host *host, Arena *arena)
{
        const Claims *claims = &report->plan->claims;

        for (size_t i = 0; i < claims->n_items; i++) {
                const Claim *claim = &claims->items[i];

                for (size_t k = 0;
                        report->verdicts[i].result == RESULT_READY && k < claim->n_functions; k++) {
                        const char *sentence =
                                framebuffer_left(host, claim, k, report->expected, arena);

                        if (sentence)
                                add_warning(report, arena, sentence);
                }
        }
}

static void add_warnings(Report *report, const ReportInput *input, Arena *arena)
{
        const Host *host = input->host;

        add_all(report, arena, host->warnings, host->n_warnings);
        add_all(report, arena, report->plan->warnings, report->plan->n_warnings);
        add_framebuffers(report, host, arena);
        warn_of_image(report, host, arena);
        add_option_warning(report, input, arena);
        add_step_warnings(report, report->plan, input->outcomes, arena);
}

int report_build(const ReportInput *input, Arena *arena, Report *ret)
{
        /* a verdict that could not be made is all zeros, which reads as ready */
        if (arena_failed(arena))
                return -ENOMEM;

        Report report = {
                .config_path = input->config_path,
                .image = input->image,
                .expected = input->expected,
                .release = input->release,
                .slot = input->slot,
                .stage = input->host->stage,
                .plan = input->plan,
                .verdicts = input->verdicts,
                .overall = judge_whole(input->plan, input->verdicts),
        };

        report.count = count_claims(&report, arena);
        report.status = status_line(&report, input->host, arena);
        add_warnings(&report, input, arena);
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = report;
        return 0;
}

Report report_of_trouble(
        const char *config_path, ImageState image, Stage stage, const char *trouble)
{
        static const Plan nothing = {.off = PLAN_ON};

        return (Report){
                .config_path = config_path,
                .image = image,
                .stage = stage,
                .plan = &nothing,
                .overall = OVERALL_FAILED,
                .status = trouble,
                .count = trouble,
        };
}

bool report_is_about(const Report *report, size_t index)
{
        const Function *display = report->plan->claims.items[index].display;

        return !report->slot || (display && pci_address_same_slot(display->address, *report->slot));
}

ExitStatus report_exit_status(const Report *report)
{
        if (!report->slot)
                return report->overall == OVERALL_FAILED ? EXIT_STATUS_UNSATISFIED : EXIT_STATUS_OK;
        for (size_t i = 0; i < report->plan->claims.n_items; i++)
                if (report_is_about(report, i) &&
                        judge_one(&report->plan->claims.items[i], report->verdicts[i].result) ==
                                OVERALL_FAILED)
                        return EXIT_STATUS_UNSATISFIED;
        return EXIT_STATUS_OK;
}

ExitStatus report_exit_status_of(const Report *report, const char *entry)
{
        bool any = false;

        for (size_t i = 0; i < report->plan->claims.n_items; i++) {
                if (strcmp(report->plan->claims.items[i].entry->name, entry) != 0)
                        continue;
                if (report->verdicts[i].result != RESULT_READY)
                        return EXIT_STATUS_UNSATISFIED;
                any = true;
        }
        return any ? EXIT_STATUS_OK : EXIT_STATUS_UNSATISFIED;
}

int report_error(const Report *report)
{
        if (report->overall != OVERALL_FAILED)
                return 0;
        for (size_t i = 0; i < report->plan->claims.n_items; i++)
                if (report->verdicts[i].error && !report->plan->claims.items[i].entry->optional)
                        return report->verdicts[i].error;
        return 0;
}

const char *report_who(const Report *report, size_t index, Arena *arena)
{
        const Claim *claim = &report->plan->claims.items[index];
        const Function *d = claim->display;

        if (!d)
                return claim->entry->name;
        if (strcmp(claim->entry->name, PCI_ADDRESS(d->address)) == 0)
                return arena_printf(
                        arena, "%s (%04x:%04x)", claim->entry->name, d->id.vendor, d->id.device);
        return arena_printf(arena, "%s (%s, %04x:%04x)", claim->entry->name,
                PCI_ADDRESS(d->address), d->id.vendor, d->id.device);
}

const char *report_sentence(const Report *report, size_t index, Arena *arena)
{
        const Claim *claim = &report->plan->claims.items[index];
        const Verdict *verdict = &report->verdicts[index];
        const char *who = report_who(report, index, arena);
        const char *result = result_for_people(claim, verdict->result);
        const char *reason = reason_word(verdict->reason);

        if (!reason || strcmp(reason, result) == 0)
                return arena_printf(arena, "%s %s %s: %s", who,
                        report_is_conditional(report, index) ? "would be" : "is", result,
                        verdict->message);
        return arena_printf(arena, "%s is %s (%s): %s", who, result, reason, verdict->message);
}

const char *report_which_entry(const Config *config, const char *name, Arena *arena)
{
        Text names = TEXT_IN(arena);
        Guess guess = guess_for(name);

        for (size_t i = 0; i < config->n_entries; i++) {
                guess_offer(&guess, config->entries[i].name);
                text_separate(&names, ", ");
                text_add(&names, "%s", config->entries[i].name);
        }
        if (guess.best)
                return arena_printf(arena, "did you mean %s?", guess.best);
        return arena_printf(
                arena, "the entries are: %s", text_is_empty(&names) ? "none" : names.string);
}
