/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How all that the config lists stands now: read from the machine, and not from what was meant. */

#include "report/history.h"
#include "report/record.h"
#include "verbs/session.h"

/* What each stage left, the earlier one first, and the last run. That may have been another than
 * these: one that failed does not replace what its stage did before. */
typedef struct Stages {
        Record *records[2];
        Record *last;
        char *config;    /* that the system stage worked with, or NULL */
        History history; /* lives in the arena that stages_read() was given */
} Stages;

/* Memory that runs out is left to `arena`, also by standing_history(). */
void stages_read(const Root *root, Arena *arena, Stages *ret);
void stages_done(Stages *stages);

/* The history of this boot, and the name of its file in RUN_DIR. */
#define HISTORY_FILE "history"
History standing_history(const Root *root, Arena *arena);

/* The report of a session that has planned. */
ExitStatus standing_report(Session *session, const Stages *stages, Report *ret) _must_check_;
