/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/driver-name.h"

#include <criterion/criterion.h>

#include "base/macro.h"

Test(driver_name, dash_and_underscore_are_the_same)
{
        static const struct {
                const char *a, *b;
                bool equal;
        } cases[] = {
                {"vfio-pci", "vfio-pci", true},
                {"vfio-pci", "vfio_pci", true},
                {"vfio_pci", "vfio-pci", true},
                {"nvgrace-gpu_vfio-pci", "nvgrace_gpu-vfio_pci", true},
                {"", "", true},
                {"vfio-pci", "vfio-pci2", false},
                {"vfio-pci2", "vfio-pci", false},
                {"", "-", false},
                {"-", "", false},
                {"vfio-pci", "vfio.pci", false},
                {"vfio-pci", "VFIO-PCI", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                cr_expect_eq(driver_name_equal(cases[i].a, cases[i].b), cases[i].equal, "%s %s",
                        cases[i].a, cases[i].b);
}

Test(driver_name, letters)
{
        static const struct {
                const char *name;
                bool sane;
        } cases[] = {
                {"vfio-pci", true},
                {"snd_hda_intel", true},
                {"ahci 2.0+x", true},
                {"", false},
                {"nv\033[31m", false},
                {"nouveau\n", false},
                {"n\xc3\xa4", false},
                {"a/b", false},
                {"..", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                cr_expect_eq(driver_name_is_clean(cases[i].name), cases[i].sane, "%zu", i);
}
