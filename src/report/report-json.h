/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Reports as JSON, in the stable form of the manual. */

#include "report/list.h"
#include "report/report.h"

/* `status`, `check` and status.json; with the plan's steps where `steps`. To be freed; NULL when
 * memory is out. */
char *report_json(const Report *report, bool steps);

/* The array of `list`. To be freed; NULL when memory is out. */
char *report_json_list(const GpuList *list);
