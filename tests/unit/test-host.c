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

Test(host, switches_of_a_fabric_count_as_gpus)
{
        static const struct {
                Function function;
                bool nvswitch;
        } cases[] = {
                {{.id = {0x10de, 0x22a3}, .class = 0x068000}, true},
                {{.id = {0x10de, 0x22a3}, .class = 0x068000, .bridge = true}, false},
                {{.id = {0x10de, 0x22a3}, .class = 0x068000, .unreadable = "gone"}, false},
                {{.id = {0x10de, 0x22a3}, .class = 0x060400}, false},
                {{.id = {0x1000, 0x22a3}, .class = 0x068000}, false},
        };
        const Function display = {.id = {0x8086, 0x4680}, .class = 0x030000};

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                cr_assert_eq(function_is_nvswitch(&cases[i].function), cases[i].nvswitch, "%zu", i);
                cr_assert_eq(function_is_gpu(&cases[i].function), cases[i].nvswitch, "%zu", i);
        }
        cr_assert_not(function_is_nvswitch(&display));
        cr_assert(function_is_gpu(&display));
}

/* Bus 1 behind a port, bus 3 behind a switch on bus 2, and what no tree should tell. */
Test(host, paths)
{
        Function functions[] = {
                {.address = {0, 0, 1, 0}},
                {.address = {0, 0, 2, 0}},
                {.address = {0, 1, 0, 0}, .parent = {0, 0, 1, 0}, .has_parent = true},
                {.address = {0, 2, 0, 0}, .parent = {0, 0, 2, 0}, .has_parent = true},
                {.address = {0, 3, 0x1f, 0}, .parent = {0, 2, 0, 0}, .has_parent = true},
                {.address = {0, 4, 0, 1}, .parent = {0, 3, 0x1f, 0}, .has_parent = true},
                {.address = {0, 5, 0, 0}, .parent = {0, 9, 0, 0}, .has_parent = true},
                {.address = {0, 6, 0, 0}, .parent = {0, 7, 0, 0}, .has_parent = true},
                {.address = {0, 7, 0, 0}, .parent = {0, 6, 0, 0}, .has_parent = true},
                {.address = {0, 8, 0, 0}, .parent = {0, 8, 0, 0}, .has_parent = true},
                {.address = {0x10000, 0xe1, 0, 0}},
        };
        static const char *const paths[ARRAY_SIZE(functions)] = {
                "0000:00:01.0",
                "0000:00:02.0",
                "0000:00:01.0/00.0",
                "0000:00:02.0/00.0",
                "0000:00:02.0/00.0/1f.0",
                "0000:00:02.0/00.0/1f.0/00.1",
                NULL, /* the bridge is not there */
                NULL, /* round and round */
                NULL,
                NULL,
                "10000:e1:00.0",
        };
        Host host = {.functions = functions, .n_functions = ARRAY_SIZE(functions)};
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
                PciPath path = {0};

                cr_assert_eq(host_path(&host, &functions[i], &path), paths[i] != NULL, "%zu", i);
                if (paths[i])
                        cr_expect_str_eq(pci_path_format(&path, arena), paths[i]);
        }
}

/* Every hop of the longest path, and one more. */
Test(host, paths_of_all_buses)
{
        Function *functions = calloc(PCI_PATH_HOPS_MAX + 2, sizeof(Function));
        Host host = {.functions = functions, .n_functions = PCI_PATH_HOPS_MAX + 2};
        PciPath path = {0};

        for (size_t i = 0; i < host.n_functions; i++) {
                functions[i].address.domain = (uint32_t)i;
                functions[i].parent.domain = (uint32_t)(i ? i - 1 : 0);
                functions[i].has_parent = i > 0;
        }
        cr_assert(host_path(&host, &functions[PCI_PATH_HOPS_MAX], &path));
        cr_assert_eq(path.n_hops, PCI_PATH_HOPS_MAX);
        cr_assert_not(host_path(&host, &functions[PCI_PATH_HOPS_MAX + 1], &path));
        free(functions);
}

Test(host, is_freed_whole)
{
        _cleanup_(host_freep) Host *host = host_new();

        cr_assert(host);
        cr_assert(arena_strdup(host->arena, "text"));
        host_free(NULL);
}
