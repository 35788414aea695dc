/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that say how a card is handed over. */
#include "unit/test-config.h"

Test(config_handing_over, allow_group_members)
{
        static const struct {
                const char *text, *members; /* or what was found */
                bool wrong;
        } rows[] = {
                {"[ ]", "", false},
                {"[ \"0000:03:00.0\" ]", " 0000:03:00.0", false},
                {"( \"03:00\", \"10000:04:00.1\" )", " 0000:03:00.0+ 10000:04:00.1", false},
                /* a slot is something else than its first function */
                {"[ \"03:00\", \"03:00.0\" ]", " 0000:03:00.0+ 0000:03:00.0", false},
                {"[ \"03:00.0\", \"0000:03:00.0\" ]", "found \"0000:03:00.0\", expected addresses",
                        true},
                {"[ \"03\" ]", "found \"03\", expected addresses, each once", true},
                {"[ 3 ]", "found 3, expected", true},
                {"\"03:00.0\"", "found \"03:00.0\", expected", true},
                {"true", "found true, expected", true},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char text[160] = "", found[128] = "";
                snprintf(text, sizeof(text),
                        "gpus = ( { vendor = \"amd\";\nallow_group_members = %s; } );",
                        rows[i].text);
                if (rows[i].wrong) {
                        expect_one_problem(text, strlen(text),
                                (Expected){2, "allow_group_members", rows[i].members});
                        continue;
                }
                PARSED(text);
                cr_assert_eq(p.r, 0, "%s", text);
                const Entry *e = &p.config->entries[0];
                for (size_t k = 0, n = 0; k < e->n_members; k++)
                        n += (size_t)snprintf(found + n, sizeof(found) - n, " %s%s",
                                PCI_ADDRESS(e->members[k].address),
                                e->members[k].function ? "" : "+");
                cr_expect_str_eq(found, rows[i].members, "%s: %s", text, found);
        }
}

Test(config_handing_over, reset_method_and_d3cold)
{
        static const struct {
                const char *text, *reset_method;
                int d3cold;
                Expected wrong;
        } rows[] = {
                {"reset_method = [ \"bus\" ]", "bus", -1, {0}},
                {"reset_method = ( \"flr\", \"af_flr\", \"bus\" ); d3cold = false",
                        "flr af_flr bus", 0, {0}},
                {"d3cold = true", NULL, 1, {0}},
                {"reset_method = [ ]", NULL, 0,
                        {2, "reset_method",
                                "found an empty array [ ], expected the kernel's names"}},
                {"reset_method = \"bus\"", NULL, 0, {2, "reset_method", "found \"bus\", expected"}},
                {"reset_method = [ \"bus\", \"flr\", \"bus\" ]", NULL, 0,
                        {2, "reset_method", "found \"bus\", expected"}},
                {"reset_method = [ \"flr bus\" ]", NULL, 0,
                        {2, "reset_method", "found \"flr bus\""}},
                {"reset_method = [ \"default\" ]", NULL, 0,
                        {2, "reset_method", "found \"default\""}},
                {"reset_method = [ \"\" ]", NULL, 0, {2, "reset_method", "found \"\""}},
                {"reset_method = [ 1 ]", NULL, 0, {2, "reset_method", "found 1"}},
                {"reset_method = [ \"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", \"i\","
                 " \"j\", \"k\", \"l\", \"m\", \"n\", \"o\", \"p\", \"q\" ]",
                        NULL, 0, {2, "reset_method", "found an array [ ... ]"}},
                {"d3cold = 0", NULL, 0, {2, "d3cold", "found 0, expected true or false"}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char text[256] = "";
                snprintf(
                        text, sizeof(text), "gpus = ( { vendor = \"amd\";\n%s; } );", rows[i].text);
                if (rows[i].wrong.key) {
                        expect_one_problem(text, strlen(text), rows[i].wrong);
                        continue;
                }
                PARSED(text);
                cr_assert_eq(p.r, 0, "%s", text);
                const Entry *e = &p.config->entries[0];
                cr_expect_eq(e->d3cold, rows[i].d3cold, "%s", text);
                cr_expect_eq(!e->reset_method, !rows[i].reset_method, "%s", text);
                if (e->reset_method && rows[i].reset_method)
                        cr_expect_str_eq(e->reset_method, rows[i].reset_method, "%s", text);
        }
}

Test(config_handing_over, timeout)
{
        static const struct {
                const char *text;
                unsigned seconds;
                const char *found; /* or it is an error */
        } rows[] = {
                {"1", 1, NULL},
                {"20", 20, NULL},
                {"7L", 7, NULL},
                {"0", 0, "found 0, expected whole seconds, a number from 1 to 20"},
                {"21", 0, "found 21, expected"},
                {"-1", 0, "found -1, expected"},
                {"2.5", 0, "found 2.5, expected"},
                {"\"5s\"", 0, "found \"5s\", expected"},
                {"4294967301L", 0, "found a number beyond 31 bits, expected"},
                {"true", 0, "found true, expected"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char text[64] = "";
                snprintf(text, sizeof(text), "gpus = ( );\ntimeout = %s;", rows[i].text);
                if (rows[i].found) {
                        expect_one_problem(
                                text, strlen(text), (Expected){2, "timeout", rows[i].found});
                        continue;
                }
                PARSED(text);
                cr_assert_eq(p.r, 0, "%s", text);
                cr_expect_eq(p.config->timeout, rows[i].seconds, "%s", text);
        }
}
