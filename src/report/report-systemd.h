/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Telling systemd: the journal and sd_notify. The one place that knows libsystemd. */

#include "config/config.h"
#include "report/report.h"

/* True when stderr already goes to the journal: text printed there too would stand there twice. */
bool systemd_stderr_is_journal(void);

/* One journal record a GPU, one a warning, and one summary. Without a journal they are lost, as
 * sd_journal_send() has it: print them as well. Returns 0 or -ENOMEM. */
int systemd_journal_report(const Report *report) _must_check_;

/* One journal record for a mistake in the config: PRIORITY=3, with CONFIG_FILE= and CONFIG_LINE=.
 */
void systemd_journal_problem(const char *path, unsigned line, const char *sentence);

/* STATUS=, and ERRNO= unless `error` (positive) is 0. Nothing without $NOTIFY_SOCKET. */
void systemd_notify_status(const char *status, int error);
