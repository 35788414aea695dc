/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/claim.h"

#include <criterion/criterion.h>

Test(claim, ready_is_on_the_wanted_driver_and_known_to_vfio)
{
        static const struct {
                Binding binding;
                const char *wanted;
                bool ready;
        } cases[] = {
                {{.driver = "vfio-pci", .vfio_device = "vfio0"}, "vfio-pci", true},
                {{.driver = "vfio-pci"}, "vfio-pci", false},
                {{.vfio_device = "vfio0"}, "vfio-pci", false},
                {{.driver = "x-vfio-pci", .vfio_device = "vfio0"}, "vfio-pci", false},
                {{.driver = "vfio-pci", .vfio_device = "vfio0"}, "x_vfio_pci", false},
                {{.driver = "x_vfio_pci", .vfio_device = "vfio0"}, "x-vfio-pci", true},
                {{0}, "vfio-pci", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                cr_expect_eq(claim_binding_is_ready(&cases[i].binding, cases[i].wanted),
                        cases[i].ready, "%zu", i);
}

/* All of nothing is not enough: a claim that holds no function has handed nothing over. */
Test(claim, all_functions_and_at_least_one)
{
        const Binding ready = {.driver = "vfio-pci", .vfio_device = "vfio0"}, none = {0};
        static const struct {
                size_t n;
                int lacking; /* index of the function that is not ready, or -1 */
                bool ready;
        } cases[] = {{0, -1, false}, {1, -1, true}, {2, -1, true}, {2, 0, false}, {2, 1, false}};

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Function functions[2] = {{.iommu_group = -1}};
                const Function *pointers[2] = {&functions[0], &functions[1]};
                Binding bindings[2] = {none, none};
                const char *drivers[2] = {"vfio-pci", "vfio-pci"};
                const Claim claim = {
                        .functions = pointers, .drivers = drivers, .n_functions = cases[i].n};

                for (int k = 0; k < 2; k++)
                        functions[k].binding = bindings[k] = k == cases[i].lacking ? none : ready;
                cr_expect_eq(claim_is_ready(&claim), cases[i].ready, "%zu", i);
                cr_expect_eq(claim_bindings_are_ready(&claim, bindings), cases[i].ready, "%zu", i);
        }
}

Test(claim, what_is_skipped_is_not_accepted)
{
        Claim claim = {0};

        cr_expect(claim_is_accepted(&claim));
        claim.skipped = true;
        cr_expect_not(claim_is_accepted(&claim));
        claim = (Claim){0};
        claim_refuse(&claim, REASON_LOST, "second");
        claim_refuse(&claim, REASON_LOST, "third");
        cr_expect_str_eq(claim.findings[REASON_LOST].cause, "second");
        claim_refuse(&claim, REASON_CONFLICT, "first");
        cr_expect_eq(claim_reason(&claim), REASON_CONFLICT);
        cr_expect_not(claim_is_accepted(&claim));
}

/* The display's, wherever it stands; the first function's where the display itself is not taken. */
Test(claim, driver_of_the_display)
{
        const Function functions[2] = {{.iommu_group = 1}, {.iommu_group = 1}};
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Claim claim = {.display = &functions[1]};

        cr_expect_null(claim_display_driver(&claim));
        cr_assert_eq(claim_add_function(&claim, arena, &functions[0], "vfio-pci"), 0);
        cr_expect_str_eq(claim_display_driver(&claim), "vfio-pci");
        cr_assert_eq(claim_add_function(&claim, arena, &functions[1], "x_vfio_pci"), 0);
        cr_expect_str_eq(claim_display_driver(&claim), "x_vfio_pci");
        cr_expect_eq(claim.n_functions, 2);
}
