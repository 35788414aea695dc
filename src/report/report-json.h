/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Reports as JSON, in the stable form of the manual. */

#include "report/list.h"
#include "report/record.h"
#include "report/report.h"
#include "report/since.h"

/* `status`, `check` and status.json; with the plan's steps where `steps`. To be freed; NULL when
 * memory is out. */
char *report_json(const Report *report, bool steps);

/* What `status` prints: as above, and what the stages (by Stage) and the last run left, each of
 * which may be NULL, and what is otherwise since. To be freed; NULL when memory is out. */
char *report_json_status(const Report *report, const Record *const stages[static 2],
        const Record *last, const Since *since);

/* The array of `list`. To be freed; NULL when memory is out. */
char *report_json_list(const GpuList *list);
