/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Reports for people, as text. All results are to be freed; NULL when memory is out. */

#include "base/text.h"
#include "report/list.h"
#include "report/report.h"

/* One sentence a GPU, the warnings, and the status line: `apply`, `check`, `status`. */
char *report_text(const Report *report);

/* Appends each of `lines` behind `indent` blanks. */
void report_text_indent(Text *text, int indent, const char *lines);

/* The steps of a plan, numbered. */
char *report_text_plan(const Plan *plan);

/* The GPUs of a host and what they share. */
char *report_text_list(const GpuList *list);
