/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Reports for people, as text. All results are to be freed; NULL when memory is out. */

#include "report/list.h"
#include "report/report.h"

/* One sentence a GPU, the warnings, and the status line: `apply`, `check`, `status`. */
char *report_text(const Report *report);

/* The steps of a plan, numbered. */
char *report_text_plan(const Plan *plan);

/* The GPUs of a host and what they share. */
char *report_text_list(const GpuList *list);
