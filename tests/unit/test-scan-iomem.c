/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "host/scan-iomem.h"

#define GPU "    80000000-8fffffff : 0000:01:00.0\n"

static const struct {
        const char *name;
        const char *text;
        int marked; /* index into functions, or -1 */
} cases[] = {
        {"none", "80000000-8fffffff : PCI Bus 0000:01\n  80000000-8fffffff : 0000:01:00.0\n", -1},
        {"empty", "", -1},
        {"nested",
                "80000000-afffffff : PCI Bus 0000:00\n"
                "  80000000-8fffffff : PCI Bus 0000:01\n" GPU "      80000000-807e8fff : BOOTFB\n"
                "    90000000-9fffffff : 0000:02:00.0\n",
                0},
        {"the second card",
                "  80000000-8fffffff : 0000:01:00.0\n"
                "  90000000-9fffffff : 0000:02:00.0\n"
                "    90000000-907e8fff : efifb\n",
                1},
        {"reserved twice",
                "  80000000-8fffffff : 0000:01:00.0\n"
                "    80000000-807e8fff : BOOTFB\n"
                "      80000000-807e8fff : simpledrm\n",
                0},
        {"zeros for those without rights",
                "00000000-00000000 : PCI Bus 0000:00\n"
                "  00000000-00000000 : 0000:01:00.0\n"
                "  00000000-00000000 : 0000:02:00.0\n"
                "    00000000-00000000 : BOOTFB\n",
                1},
        {"zeros, after the card",
                "  00000000-00000000 : 0000:01:00.0\n"
                "    00000000-00000000 : nouveau\n"
                "  00000000-00000000 : BOOTFB\n",
                -1},
        {"zeros, beside the card",
                "00000000-00000000 : PCI Bus 0000:00\n"
                "  00000000-00000000 : 0000:01:00.0\n"
                "00000000-00000000 : PCI Bus 0000:01\n"
                "  00000000-00000000 : efifb\n",
                -1},
        {"indented no more below the fifth level",
                "          80000000-8fffffff : 0000:01:00.0\n"
                "          80000000-807e8fff : BOOTFB\n",
                0},
        {"zeros, indented no more below the fifth level",
                "          00000000-00000000 : 0000:01:00.0\n"
                "          00000000-00000000 : BOOTFB\n",
                0},
        {"zeros, deeper than that, as newer kernels indent",
                "            00000000-00000000 : 0000:01:00.0\n"
                "            00000000-00000000 : BOOTFB\n",
                0},
        {"zeros, at that depth behind the second card",
                "          00000000-00000000 : 0000:01:00.0\n"
                "          00000000-00000000 : 0000:02:00.0\n"
                "          00000000-00000000 : efifb\n",
                1},
        {"zeros, at that depth behind what lies in the card",
                "          00000000-00000000 : 0000:01:00.0\n"
                "          00000000-00000000 : nouveau\n"
                "          00000000-00000000 : BOOTFB\n",
                0},
        {"zeros, one level above that the nesting shows",
                "        00000000-00000000 : 0000:01:00.0\n"
                "        00000000-00000000 : BOOTFB\n",
                -1},
        {"zeros, back from that depth",
                "          00000000-00000000 : 0000:01:00.0\n"
                "        00000000-00000000 : BOOTFB\n",
                -1},
        {"larger than the BAR: it overlaps",
                "80000000-bfffffff : BOOTFB\n"
                "  80000000-8fffffff : 0000:01:00.0\n",
                0},
        {"in memory",
                "  80000000-8fffffff : 0000:01:00.0\n"
                "c0000000-c07e8fff : BOOTFB\n",
                -1},
        {"a device tree's name",
                "  80000000-8fffffff : 0000:01:00.0\n"
                "    80000000-807e8fff : framebuffer@80000000\n",
                0},
        {"vesafb",
                "  80000000-8fffffff : 0000:01:00.0\n"
                "    80000000-807e8fff : vesafb\n",
                0},
        {"another driver's memory",
                "  80000000-8fffffff : 0000:01:00.0\n"
                "    80000000-807e8fff : amdgpu\n",
                -1},
        {"a card that is not there",
                "  80000000-8fffffff : 0000:09:00.0\n"
                "    80000000-807e8fff : BOOTFB\n",
                -1},
        {"lines that are none",
                "\nnothing\n-\n  80000000-8fffffff : 0000:01:00.0\ngarbage : BOOTFB\n"
                "    80000000-807e8fff : BOOTFB",
                0},
        {"64 bits",
                "  3800000000000-380ffffffffff : 0000:01:00.0\n"
                "    3800000000000-38000007e8fff : BOOTFB\n",
                0},
};

Test(iomem, finds_the_card_of_the_framebuffer)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Function functions[] = {{.address = {0, 1, 0, 0}}, {.address = {0, 2, 0, 0}}};

                iomem_mark_framebuffers(cases[i].text, functions, ARRAY_SIZE(functions));
                for (int f = 0; f < 2; f++)
                        cr_assert_eq(functions[f].boot_framebuffer, f == cases[i].marked, "%s: %d",
                                cases[i].name, f);
        }
}
