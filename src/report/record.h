/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What an earlier run wrote into its status.json, as far as it is needed again. */

#include "base/macro.h"

typedef struct Record Record;

/* Reads the text of a status.json. Returns 0, -EINVAL when it is not one, or -ENOMEM. */
int record_parse(const char *text, Record **ret) _must_check_;
void record_free(Record *record);
DEFINE_CLEANUP(Record *, record_free);

/* Its STATUS= line and its result ("ok"), which live as long as the record; NULL when it has none.
 */
const char *record_status(const Record *record);
const char *record_result(const Record *record);
