/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Reports for people, as tables on a terminal. All results are to be freed; NULL when memory is
 * out. */

#include "report/list.h"
#include "report/report.h"
#include "report/table.h"

/* A row a GPU, and below it what belongs to it or shares its IOMMU group. */
char *report_table_list(const GpuList *list, const Look *look);

/* A row a GPU, then why those that are not ready are not, and what to do; the warnings and the
 * status line: `apply`, `check`, `status`. */
char *report_table(const Report *report, const Look *look);

/* A row a step. */
char *report_table_plan(const Plan *plan, const Look *look);
