/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said about cards that were given back. */

#include "report/report-json.h"
#include "report/report-text.h"
#include "unit/test-release.h"

#define HOST "0000:00:02.0 8086:4680 030000 group=90 driver=i915\nvfio present\nbackend present\n"
#define VFIO " driver=vfio-pci vfio=vfio0"
#define A    "0000:01:00.0 10de:26b1 030000 group=1"
#define B    "0000:02:00.0 10de:26b1 030000 group=2"
#define TWO  "{ name = 'a'; address = '01:00'; }, { name = 'b'; address = '02:00'; }"

/* Of a release after which the cards are on nouveau. */
static Report make_report(Scene *scene, const char *names)
{
        const Plan *plan = give_back(scene, names);
        const Binding now = {.driver = "nouveau"};
        StepOutcome *outcomes = arena_array(scene->arena, plan->n_steps, sizeof(StepOutcome));
        Verdict *verdicts = arena_array(scene->arena, plan->claims.n_items, sizeof(Verdict));
        Binding *bindings = arena_array(scene->arena, plan->claims.n_items, sizeof(Binding));
        Report report = {0};

        for (size_t i = 0; i < plan->n_steps; i++)
                outcomes[i].state = STEP_DONE;
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                bindings[i] = now;
                verdicts[i] = release_verify(plan, i, &bindings[i], outcomes, scene->arena);
        }
        cr_assert_eq(report_build(&(ReportInput){.config_path = "/etc/vfio-gpu.conf",
                                          .config = scene->config,
                                          .release = true,
                                          .host = scene->host,
                                          .plan = plan,
                                          .verdicts = verdicts,
                                          .outcomes = outcomes},
                             scene->arena, &report),
                0);
        return report;
}

Test(report_release, status_line_and_exit_status)
{
        static const struct {
                const char *machine, *config, *names, *status;
                ExitStatus exit;
        } trials[] = {
                {HOST A VFIO "\n" B VFIO "\n", TWO, "", "2 of 2 GPUs released: a, b",
                        EXIT_STATUS_OK},
                {HOST A VFIO "\n" B VFIO "\n", TWO, "b", "1 of 1 GPU released: b", EXIT_STATUS_OK},
                {HOST A VFIO "\n" B VFIO " in_use=qemu\n", TWO, "",
                        "1 of 2 GPUs released: a; b refused (driver-busy)",
                        EXIT_STATUS_UNSATISFIED},
                {HOST A VFIO "\n" B VFIO "\n",
                        "{ name = 'pool'; id = '10de:26b1'; count = 'all'; }", "",
                        "2 of 2 GPUs released: pool (2)", EXIT_STATUS_OK},
                {HOST A VFIO "\n", "", "01:00", "1 of 1 GPU released: 0000:01:00.0",
                        EXIT_STATUS_OK},
                {HOST A VFIO "\n", TWO, "05:00", "0 of 1 GPU released; 0000:05:00.0 absent",
                        EXIT_STATUS_UNSATISFIED},
                {HOST, "", "", "no GPU is listed in /etc/vfio-gpu.conf", EXIT_STATUS_OK},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, trials[i].config);
                Report report = make_report(&scene, trials[i].names);

                cr_expect_str_eq(report.status, trials[i].status, "%zu: %s", i, report.status);
                cr_expect_eq(report_exit_status(&report), trials[i].exit, "%zu", i);
        }
}

Test(report_release, text_and_json)
{
        SCENE(scene, HOST A VFIO "\n" B VFIO " in_use=qemu\n", TWO);
        Report report = make_report(&scene, "");
        _cleanup_free_ char *text = report_text(&report);
        _cleanup_free_ char *json = report_json(&report, false);

        cr_expect_str_eq(text,
                "a (0000:01:00.0, 10de:26b1) is released: 0000:01:00.0 is on nouveau\n"
                "b (0000:02:00.0, 10de:26b1) is refused (driver-busy): 0000:02:00.0 is on vfio-pci "
                "and in use: qemu; shut that down first: a driver that is told to let go of a card "
                "in use waits for ever\n"
                "1 of 2 GPUs released: a; b refused (driver-busy)\n",
                "%s", text);
        /* the words of JSON are fixed */
        cr_expect(strstr(json, "\"result\": \"skipped\""), "%s", json);
        cr_expect(
                strstr(json, "\"driver\": \"nouveau\",\n          \"driver_before\": \"vfio-pci\""),
                "%s", json);
        cr_expect(!strstr(json, "\"result\": \"released\""));
}

/* The same card, when somebody asks later. */
Test(report_release, in_the_status_of_the_whole)
{
        SCENE(scene, HOST A " driver=nouveau released\n" B VFIO "\n", TWO);
        const Plan *plan = scene_plan(&scene);
        Verdict verdicts[2] = {0};
        Report report = {0};

        for (size_t i = 0; i < 2; i++)
                verdicts[i] = verify_expected(&plan->claims.items[i], scene.arena);
        cr_assert_eq(report_build(&(ReportInput){.config_path = "/etc/vfio-gpu.conf",
                                          .config = scene.config,
                                          .host = scene.host,
                                          .plan = plan,
                                          .verdicts = verdicts},
                             scene.arena, &report),
                0);
        cr_expect_str_eq(report.status, "1 of 1 GPU ready: b; a released");
        cr_expect_eq(report_exit_status(&report), EXIT_STATUS_OK);
}
