/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What an earlier run wrote into its status.json, as far as it is needed again. */

#include <stdbool.h>

#include "base/pci-address.h"

typedef struct Record Record;

/* Reads the text of a status.json. Returns 0, -EINVAL when it is not one, or -ENOMEM. */
int record_parse(const char *text, Record **ret) _must_check_;
void record_free(Record *record);
DEFINE_CLEANUP(Record *, record_free);

/* Its STATUS= line; NULL when it has none. Both strings live as long as the record. */
const char *record_status(const Record *record);

/* Whether it tells of `address` at all; then `*ret` is the driver that it had before that run, or
 * NULL. */
bool record_driver_before(const Record *record, PciAddress address, const char **ret);

/* Whether that run ended with the GPU at `address` ready. */
bool record_had_ready(const Record *record, PciAddress address);
