/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Telling systemd: the journal and sd_notify. The one place that knows libsystemd. */

#include "config/config.h"
#include "report/report.h"

/* True when what is written to `fd`, stdout or stderr, goes to the journal: it would stand there
 * twice. */
bool systemd_is_journal(int fd);

/* One journal record a GPU, one a warning, and one summary. Without a journal they are lost, as
 * sd_journal_send() has it: print them as well. Returns 0 or -ENOMEM. */
int systemd_journal_report(const Report *report) _must_check_;

/* The one record of a run that did not come to a report; `error` is its ERRNO=. */
void systemd_journal_trouble(const Report *report, int error);

/* One journal record for a mistake in the config: PRIORITY=3, with CONFIG_FILE= and CONFIG_LINE=.
 */
void systemd_journal_problem(const char *path, unsigned line, const char *sentence);

/* STATUS=, and ERRNO= unless `error` (positive) is 0. Nothing without $NOTIFY_SOCKET. */
void systemd_notify_status(const char *status, int error);
