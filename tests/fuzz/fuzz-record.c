/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A status file of an earlier run, or of another machine. */
#include "fuzz.h"

#include "report/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_(record_freep) Record *record = NULL;
        const PciAddress address = {0, 1, 0, 0};
        const char *driver = NULL;
        int r = record_parse(text, &record);

        must(r == 0 || r == -EINVAL);
        must((r == 0) == (record != NULL));
        if (!record)
                return 0;

        const char *status = record_status(record);
        must(!status || strlen(status) <= size * 4);
        must(record_driver_before(record, address, &driver) || !driver);
        must(!record_had_ready(record, address) || strstr(text, "ready"));
        return 0;
}
