/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A status file of an earlier run, or of another machine. */
#include "fuzz.h"

#include "report/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_(record_freep) Record *record = NULL;
        int r = record_parse(text, &record);

        must(r == 0 || r == -EINVAL);
        must((r == 0) == (record != NULL));
        if (!record)
                return 0;

        const char *status = record_status(record);
        must(!status || strlen(status) <= size * 4);
        return 0;
}
