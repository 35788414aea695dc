/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/record.h"

#include <criterion/criterion.h>
#include <string.h>

static const char whole[] =
        "{ \"status\": \"1 of 1 GPU ready: a\", \"gpus\": [ { \"functions\": ["
        "  { \"address\": \"0000:01:00.0\", \"driver_before\": null },"
        "  { \"address\": \"0000:01:00.1\", \"driver_before\": \"snd_hda_intel\" } ] },"
        "  { \"address\": null, \"functions\": [ ] } ] }";

Test(record, what_an_earlier_run_wrote)
{
        _cleanup_(record_freep) Record *record = NULL;

        cr_assert_eq(record_parse(whole, &record), 0);
        cr_expect_str_eq(record_status(record), "1 of 1 GPU ready: a");
        const char *driver = "untouched";
        cr_expect_not(record_driver_before(record, (PciAddress){0, 2, 0, 0}, &driver));
        cr_expect_str_eq(driver, "untouched");
        cr_expect(record_driver_before(record, (PciAddress){0, 1, 0, 0}, &driver));
        cr_expect_null(driver, "had none, which is not the same as not to be told of");
        cr_expect(record_driver_before(record, (PciAddress){0, 1, 0, 1}, &driver));
        cr_expect_str_eq(driver, "snd_hda_intel");
}

Test(record, other_json_gives_nothing)
{
        static const char *const texts[] = {
                "{ }",
                "{ \"status\": 7, \"gpus\": { } }",
                "{ \"status\": null, \"gpus\": [ null, 1, \"x\", [ ], { \"functions\": 1 } ] }",
                "{ \"gpus\": [ { \"functions\": [ 1, null, \"x\", { \"address\": 7 } ] } ] }",
                ("{ \"gpus\": [ { \"functions\": [ { \"address\": \"0000:01:00.0\","
                 "  \"driver_before\": 7 } ] } ] }"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_(record_freep) Record *record = NULL;

                cr_assert_eq(record_parse(texts[i], &record), 0, "%s", texts[i]);
                cr_expect_null(record_status(record), "%s", texts[i]);
                const char *driver = NULL;
                (void)record_driver_before(record, (PciAddress){0, 1, 0, 0}, &driver);
                cr_expect_null(driver, "%s", texts[i]);
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

Test(record, which_card_was_ready)
{
        static const char text[] = "{ \"gpus\": [ 7, { \"address\": null, \"result\": \"ready\" },"
                                   "  { \"address\": \"0000:01:00.0\", \"result\": \"ready\" },"
                                   "  { \"address\": \"0000:02:00.0\", \"result\": \"failed\" },"
                                   "  { \"address\": \"0000:03:00.0\" },"
                                   "  { \"address\": \"0000:04:00.0\", \"result\": 1 } ] }";
        _cleanup_(record_freep) Record *record = NULL;
        _cleanup_(record_freep) Record *empty = NULL;

        cr_assert_eq(record_parse(text, &record), 0);
        for (uint8_t bus = 0; bus < 6; bus++)
                cr_expect_eq(
                        record_had_ready(record, (PciAddress){0, bus, 0, 0}), bus == 1, "%u", bus);
        cr_assert_eq(record_parse("{ }", &empty), 0);
        cr_expect_not(record_had_ready(empty, (PciAddress){0, 1, 0, 0}));
}
