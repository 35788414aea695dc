/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/framebuffer.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/scene.h"
#include "report/report.h"

#define HOST    "0000:00:02.0 8086:4680 030000 group=9\n"
#define ALLOWED "{ address = '01:00'; allow_boot_display = true; }"
#define PLAIN   "{ address = '01:00'; }"
#define EFI     "framebuffer efi-framebuffer.0 efi-framebuffer\n"
#define SIMPLE  "framebuffer simple-framebuffer.0 simple-framebuffer\n"
#define VESA    "framebuffer vesa-framebuffer.0\n"

static const char left[] = "the firmware's framebuffer (%s) lies in the memory of 0000:01:00.0, "
                           "which no virtual machine can map then: boot with "
                           "`initcall_blacklist=sysfb_init`";

/* The first warning of the report, "" when there is none. */
static const char *warning(Scene *scene, Result result, bool expected)
{
        Verdict verdict = {.result = result, .message = ""};
        const ReportInput input = {.config_path = "x",
                .host = scene->host,
                .plan = scene->plan,
                .verdicts = &verdict,
                .expected = expected};
        Report report = {0};

        cr_assert_eq(report_build(&input, scene->arena, &report), 0);
        cr_expect_leq(report.n_warnings, 1);
        return report.n_warnings ? report.warnings[0] : "";
}

Test(framebuffer, who_frees_it)
{
        static const struct {
                const char *card, *holder, *config;
                bool step;
                const char *stays; /* whose it is, when it will stay; or NULL */
        } rows[] = {
                {"038000", EFI, ALLOWED, true, NULL},
                /* the kernel does it by itself */
                {"030000", EFI, ALLOWED, false, NULL},
                {"030000", SIMPLE, ALLOWED, false, NULL},
                /* nobody but the kernel can, and it does not */
                {"038000", SIMPLE, ALLOWED, false, "simple-framebuffer.0"},
                {"038000", VESA, ALLOWED, false, "vesa-framebuffer.0"},
                /* a 3D controller is no boot display, and loses it with leave only */
                {"030200", EFI, ALLOWED, true, NULL},
                {"030200", EFI, PLAIN, false, "efi-framebuffer.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char machine[256], stays[256] = "";

                snprintf(machine, sizeof(machine),
                        HOST "%s0000:01:00.0 10de:26b1 %s group=1 framebuffer\n", rows[i].holder,
                        rows[i].card);
                if (rows[i].stays)
                        snprintf(stays, sizeof(stays), left, rows[i].stays);
                SCENE(scene, machine, rows[i].config);
                const Plan *plan = scene_plan(&scene);
                const Step *step = scene_find_step(&scene, STEP_FREE, "0000:01:00.0");

                cr_assert(claim_is_accepted(&plan->claims.items[0]), "%s", machine);
                cr_expect_eq(!!step, rows[i].step, "%s", machine);
                if (step) {
                        cr_expect_str_eq(step->target, "efi-framebuffer");
                        cr_expect_str_eq(step->text, "efi-framebuffer.0");
                        cr_expect_lt(step, scene_find_step(&scene, STEP_BIND, ""));
                        cr_expect_gt(step, scene_find_step(&scene, STEP_HOLD, ""));
                }
                cr_expect_str_eq(warning(&scene, RESULT_READY, true), stays, "%s", machine);
        }
}

/* Whatever was to be done: what is there afterwards counts. */
Test(framebuffer, that_is_still_there)
{
        static const char on_vfio[] = HOST EFI "0000:01:00.0 10de:26b1 038000 group=1 framebuffer "
                                               "driver=vfio-pci vfio=vfio0\n";
        SCENE(scene, on_vfio, ALLOWED);
        char stays[256] = "";

        scene_plan(&scene);
        snprintf(stays, sizeof(stays), left, "efi-framebuffer.0");
        cr_expect_null(scene_find_step(&scene, STEP_FREE, ""));
        cr_expect_str_eq(warning(&scene, RESULT_READY, false), stays);
        cr_expect_str_eq(warning(&scene, RESULT_READY, true), stays);
        cr_expect_str_empty(warning(&scene, RESULT_FAILED, false));
        scene_function(&scene, "0000:01:00.0")->boot_framebuffer = false;
        cr_expect_str_empty(warning(&scene, RESULT_READY, false));
}
