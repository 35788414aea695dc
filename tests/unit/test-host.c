/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "host/host.h"

Test(host, finds_by_address)
{
        Function functions[] = {
                {.address = {0, 0, 2, 0}},
                {.address = {0, 1, 0, 0}},
                {.address = {0, 1, 0, 1}},
                {.address = {0x10000, 0, 0, 0}},
        };
        Host host = {.functions = functions, .n_functions = ARRAY_SIZE(functions)};

        for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
                cr_assert_eq(host_find(&host, functions[i].address), &functions[i]);
        cr_assert_null(host_find(&host, (PciAddress){0, 1, 0, 2}));
        cr_assert_null(host_find(&(Host){0}, (PciAddress){0}));
}

Test(host, display_is_base_class_3_and_readable)
{
        static const struct {
                Function function;
                bool display;
        } cases[] = {
                {{.class = 0x030000}, true},
                {{.class = 0x030200}, true},
                {{.class = 0x038000}, true},
                {{.class = 0x040300}, false},
                {{.class = 0}, false},
                {{.class = 0x030000, .unreadable = "gone"}, false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                cr_assert_eq(function_is_display(&cases[i].function), cases[i].display, "%zu", i);
}

Test(host, is_freed_whole)
{
        _cleanup_(host_freep) Host *host = host_new();

        cr_assert(host);
        cr_assert(arena_strdup(host->arena, "text"));
        host_free(NULL);
}
