/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/record.h"

#include <criterion/criterion.h>

Test(record, what_an_earlier_run_wrote)
{
        _cleanup_(record_freep) Record *record = NULL;

        cr_assert_eq(record_parse("{ \"result\": \"ok\", \"status\": \"1 of 1 GPU ready: a\", "
                                  "\"gpus\": [ ] }",
                             &record),
                0);
        cr_expect_str_eq(record_status(record), "1 of 1 GPU ready: a");
        cr_expect_str_eq(record_result(record), "ok");
}

Test(record, other_json_gives_nothing)
{
        static const char *const texts[] = {
                "{ }",
                "{ \"status\": 7, \"gpus\": { } }",
                "{ \"status\": null }",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_(record_freep) Record *record = NULL;

                cr_assert_eq(record_parse(texts[i], &record), 0, "%s", texts[i]);
                cr_expect_null(record_status(record), "%s", texts[i]);
        }
}

Test(record, no_json_is_an_error)
{
        static const char *const texts[] = {"", "x", "[ ]", "null", "{", "{ \"status\": ", "7"};

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                Record *record = NULL;

                cr_expect_eq(record_parse(texts[i], &record), -EINVAL, "%s", texts[i]);
                cr_expect_null(record);
        }
}
