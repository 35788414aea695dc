/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What there is to say about a run, before it becomes text, JSON or journal fields. Pure. */

#include "policy/image.h"
#include "policy/next-steps.h"
#include "policy/verify.h"

typedef enum Overall {
        OVERALL_OK,
        OVERALL_DEGRADED, /* only optional entries fell short */
        OVERALL_FAILED,
        OVERALL_DISABLED, /* by the kernel command line, or in a crash kernel */
        _OVERALL_MAX,
} Overall;

/* The exit status of the program; vfio-gpu(8) is compared with this by lint. */
typedef enum ExitStatus {
        EXIT_STATUS_OK = 0,
        EXIT_STATUS_UNSATISFIED = 1,
        EXIT_STATUS_USAGE = 2,
        EXIT_STATUS_CONFIG = 3,
        EXIT_STATUS_MACHINE = 4,
} ExitStatus;

/* What is judged; all of it outlives the report. */
typedef struct ReportInput {
        const char *config_path;
        const Config *config;
        ImageState image;
        bool expected; /* nothing was done yet: the verdicts are about what apply would reach */
        bool release;  /* the verdicts are about cards that were to be given back */
        const PciAddress *slot; /* the run was about this slot alone; NULL: about all */
        const Host *host;
        const Plan *plan;
        const Verdict *verdicts;     /* one for each claim of the plan */
        const StepOutcome *outcomes; /* of the plan's steps, or NULL */
} ReportInput;

typedef struct Report {
        const char *config_path;
        ImageState image;
        bool expected;
        bool release;
        const PciAddress *slot;
        Stage stage;
        const Plan *plan;
        const Verdict *verdicts;
        Overall overall;
        const char *status; /* the STATUS= line */
        const char *count;  /* the first part of it, which names no GPU */
        const char **warnings;
        size_t n_warnings;
        const NextSteps *next; /* what is left to do, or NULL: nobody asked for it */
} Report;

/* Judges the whole. Strings live in `arena`. Returns 0 or -ENOMEM. */
int report_build(const ReportInput *input, Arena *arena, Report *ret) _must_check_;

/* The report of a run that did not get as far as that, because of `trouble`. */
Report report_of_trouble(
        const char *config_path, ImageState image, Stage stage, const char *trouble);

/* "ok", "degraded", "failed", "disabled"; "initrd", "system". */
const char *overall_word(Overall overall);
const char *stage_word(Stage stage);

ExitStatus report_exit_status(const Report *report);

/* The same for who wants the GPUs of this entry: they are ready, or they are not, skipped and
 * optional ones too. */
ExitStatus report_exit_status_of(const Report *report, const char *entry);

/* Whether the run was about the claim with index `index`: the others are told of in the whole
 * report, but neither to the journal, nor do they count for the exit status. */
bool report_is_about(const Report *report, size_t index);

/* The first errno of a claim for which the whole failed, or 0. */
int report_error(const Report *report);

/* Whether the claim with index `index` is ready only once it is applied. */
bool report_is_conditional(const Report *report, size_t index);

/* For people: "ready", "would be ready", "refused", "released", ... */
const char *report_result(const Report *report, size_t index);

/* "rtx6000 (0000:01:00.0, 10de:26b1)", or the name alone where there is no card. */
const char *report_who(const Report *report, size_t index, Arena *arena);

/* One sentence about the claim with index `index`: card, cause, remedy. NULL: out of memory. */
const char *report_sentence(const Report *report, size_t index, Arena *arena);

/* To end a sentence on `name`, which is no entry's: "did you mean guest?", or "the entries are: a,
 * b". */
const char *report_which_entry(const Config *config, const char *name, Arena *arena);
