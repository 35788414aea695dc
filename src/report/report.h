/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What there is to say about a run, before it becomes text, JSON or journal fields. Pure. */

#include "policy/verify.h"

typedef enum Overall {
        OVERALL_OK,
        OVERALL_DEGRADED, /* only optional entries fell short */
        OVERALL_FAILED,
        OVERALL_DISABLED, /* by the kernel command line, or in a crash kernel */
        _OVERALL_MAX,
} Overall;

/* The exit status of the program; the README's table is compared with this by lint. */
typedef enum ExitStatus {
        EXIT_STATUS_OK = 0,
        EXIT_STATUS_UNSATISFIED = 1,
        EXIT_STATUS_USAGE = 2,
        EXIT_STATUS_CONFIG = 3,
        EXIT_STATUS_MACHINE = 4,
} ExitStatus;

/* Everything in it is borrowed, and outlives it. */
typedef struct Report {
        const char *config_path;
        bool stale_initrd; /* the initrd worked with another config than this one */
        const Host *host;
        const Plan *plan;
        const Verdict *verdicts; /* one for each claim of the plan */
        Overall overall;
        const char *status; /* the STATUS= line */
        const char **warnings;
        size_t n_warnings;
} Report;

/*
 * Judges the whole. `outcomes` are those of the plan's steps, or NULL; strings live in `arena`.
 * Returns 0 or -ENOMEM.
 */
int report_build(const char *config_path, bool stale_initrd, const Host *host, const Plan *plan,
        const Verdict *verdicts, const StepOutcome *outcomes, Arena *arena,
        Report *ret) _must_check_;

/* "ok", "degraded", "failed", "disabled"; "initrd", "system". */
const char *overall_word(Overall overall);
const char *stage_word(Stage stage);

ExitStatus report_exit_status(const Report *report);

/* The first errno of a step that failed, or 0. */
int report_error(const Report *report);

/* One sentence about the claim with index `index`: card, cause, remedy. NULL: out of memory. */
const char *report_sentence(const Report *report, size_t index, Arena *arena);

/* What a step does, in words: "hold 0000:01:00.0 (driver_override = vfio-gpu-hold)". */
const char *report_step(const Step *step, Arena *arena);
