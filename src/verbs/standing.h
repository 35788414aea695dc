/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How all that the config lists stands now: read from the machine, and not from what was meant. */

#include "report/record.h"
#include "verbs/session.h"

/* What each stage left, the earlier one first: it knows who had a card before anybody. The last run
 * may have been another than these: one that failed does not replace what its stage did before. */
typedef struct Stages {
        Record *records[2];
        Record *last;
} Stages;

void stages_read(const Root *root, Stages *ret);
void stages_done(Stages *stages);

/* The report of a session that has planned. */
ExitStatus standing_report(Session *session, const Stages *stages, Report *ret) _must_check_;
