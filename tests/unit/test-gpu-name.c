/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/gpu-name.h"

#include <criterion/criterion.h>

#include "unit/no-memory.h"

static int name_without_memory(const void *context, Arena *arena)
{
        return gpu_name(context, arena) ? 0 : -ENOMEM;
}

Test(gpu_name, of_what_pci_ids_says)
{
        static const struct {
                const char *name, *word;
        } names[] = {
                {"TU104GL [Tesla T4]", "tesla-t4"},
                {"GH100[H100 SXM5 80GB]", "h100-sxm5-80gb"},
                {"Alder Lake-S GT1 [UHD Graphics 770]", "uhd-graphics-770"},
                {"ASPEED Graphics Family", "aspeed-graphics-family"},
                /* several products have that id: which, it does not tell */
                {"Navi 31 [Radeon RX 7900 XT/7900 XTX]", "navi-31"},
                {"AD102GL [L6000 / RTX 6000 Ada Generation]", "ad102gl"},
                {"MGA G200e [Pilot] ServerEngines (SEP1)", "pilot"},
                {"One/Two", "one"},
                {"Open [bracket", "open"},
                {"]Backwards[", "backwards"},
                /* a long one ends after a whole word, or where there is none */
                {"[A Name That Is Longer Than Anybody Would Like]", "a-name-that-is-longer-than"},
                {"[12345678901234567890123456789012]", "12345678901234567890123456789012"},
                {"[12345678901234567890123456789012345]", "12345678901234567890123456789012"},
                {"[1234567890123456789012345678901 23]", "1234567890123456789012345678901"},
                {"[ -- Odd  (\"x\"); } \n#\x80 -- ]", "odd-x"},
                /* nothing to make a word of */
                {"[\"\"]", "nvidia-26b1"},
                {"", "nvidia-26b1"},
                {NULL, "nvidia-26b1"},
        };

        SCENE(scene, "0000:01:00.0 10de:26b1 030000\n", "");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                Function *f = scene_function(&scene, "0000:01:00.0");

                f->name = names[i].name;
                const char *word = gpu_name(f, scene.arena);
                cr_expect_str_eq(word, names[i].word, "%s: %s", names[i].name, word);
                cr_expect_gt(no_memory(name_without_memory, f), 0);
        }
}

Test(gpu_name, of_what_has_no_name)
{
        static const struct {
                const char *function, *word;
        } functions[] = {
                {"1002:744c 030000", "amd-744c"},
                {"8086:4680 030000", "intel-4680"},
                {"1a03:2000 030000", "gpu-1a03-2000"},
                {"10de:22a3 068000", "nvswitch"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
                char machine[64];

                snprintf(machine, sizeof(machine), "0000:01:00.0 %s\n", functions[i].function);
                SCENE(scene, machine, "");
                cr_expect_str_eq(gpu_name(scene_function(&scene, "0000:01:00.0"), scene.arena),
                        functions[i].word);
        }
}
