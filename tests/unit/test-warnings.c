/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "unit/no-memory.h"

#define CARD "0000:01:00.0 10de:26b1 030000 group=1\n"
#define HOST "0000:00:02.0 8086:4680 030000 group=9\n"
#define ONE  "{ name = 'a'; address = '01:00'; }"

Test(warnings, words_that_name_no_entry)
{
        static const struct {
                const char *config, *cmdline, *warning;
        } trials[] = {
                {ONE ", { name = 'b'; vendor = 'amd'; }", "vfio_gpu.skip=a,c",
                        "vfio_gpu.skip= names \"c\", which is no entry; the entries are: a, b"},
                {ONE, "vfio_gpu.skip=A",
                        "vfio_gpu.skip= names \"A\", which is no entry; the entries are: a"},
                {"", "vfio_gpu.skip=a",
                        "vfio_gpu.skip= names \"a\", which is no entry; the entries are: none"},
                {ONE, "vfio_gpu.skip=\x1b[2J",
                        "vfio_gpu.skip= names \"\\x1b[2J\", which is no entry; the entries are: a"},
                {ONE, "vfio_gpu.skip=a", NULL},
                {ONE, "quiet", NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(scene_done) Scene scene = {0};

                scene_set(&scene, CARD HOST, trials[i].config, trials[i].cmdline);
                const Plan *plan = scene_plan(&scene);
                cr_assert_eq(plan->n_warnings, trials[i].warning ? 1 : 0, "%zu", i);
                if (trials[i].warning)
                        cr_expect_str_eq(plan->warnings[0], trials[i].warning);
                cr_expect_gt(no_memory_plan(&scene), 0);
        }
}

Test(warnings, commands_in_place_of_modules)
{
        static const char warning[] = "modprobe.d has `install vfio_pci \"/bin/sh x\"`: vfio-gpu "
                                      "loads the module itself and "
                                      "does not run that; remove the line";
        static const struct {
                const char *machine, *config;
                bool warned;
        } trials[] = {
                {"", ONE, true},
                {"vfio present\nbackend present\n", ONE, false}, /* nothing is loaded */
                {"", "", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(scene_done) Scene scene = {0};
                _cleanup_free_ char *machine = NULL;

                cr_assert(asprintf(&machine, CARD HOST "install vfio_pci \"/bin/sh x\"\n%s",
                                  trials[i].machine) > 0);
                scene_set(&scene, machine, trials[i].config, NULL);
                const Plan *plan = scene_plan(&scene);
                cr_assert_eq(plan->n_warnings, trials[i].warned ? 1 : 0, "%zu", i);
                if (trials[i].warned)
                        cr_expect_str_eq(plan->warnings[0], warning, "%s", plan->warnings[0]);
        }
}
