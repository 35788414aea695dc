/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/report.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/report-scene.h"
#include "report/report-text.h"

#define HOST    "0000:00:02.0 8086:4680 030000 group=9\n"
#define READY   " driver=vfio-pci vfio=vfio0\n"
#define CARD(n) "0000:0" n ":00.0 10de:26b1 030000 group=" n
#define ALL(n)  "{ name = 'pool'; id = '10de:26b1'; count = " n "; }"

#define OTHER_CONFIG "the initramfs of this boot holds another config"
#define COMMAND      "(`dracut -f`, or what this host has in its place)"

/* What `check` would say. */
static Report make_report(Scene *scene)
{
        return report_of_scene(scene, true);
}

Test(report, status_line_result_and_exit_status)
{
        static const struct {
                const char *machine, *config, *cmdline, *status;
                Overall overall;
                ExitStatus exit;
        } runs[] = {
                {CARD("1") "\n" HOST, "{ name = 'rtx'; address = '01:00'; }", "",
                        "1 of 1 GPU would be ready: rtx", OVERALL_OK, EXIT_STATUS_OK},
                {CARD("1") "\n" CARD("2") "\n" HOST,
                        "{ name = 'rtx'; address = '01:00'; }, { name = 'two'; address = '02:00'; "
                        "}",
                        "", "2 of 2 GPUs would be ready: rtx, two", OVERALL_OK, EXIT_STATUS_OK},
                {CARD("1") "\n" CARD("2") "\n" CARD("3") "\n" HOST, ALL("3"), "",
                        "3 of 3 GPUs would be ready: pool (3)", OVERALL_OK, EXIT_STATUS_OK},
                /* of one pool some */
                {CARD("1") "\n" CARD("2") " driver=nouveau\n" CARD("3") "\n" HOST, ALL("'all'"), "",
                        "2 of 3 GPUs would be ready: pool (2); pool refused (driver-busy)",
                        OVERALL_FAILED, EXIT_STATUS_UNSATISFIED},
                {HOST, "{ name = 'rtx'; address = '01:00'; }", "", "0 of 1 GPU ready; rtx absent",
                        OVERALL_FAILED, EXIT_STATUS_UNSATISFIED},
                {HOST, "{ name = 'rtx'; address = '01:00'; optional = true; }", "",
                        "0 of 1 GPU ready; rtx absent", OVERALL_DEGRADED, EXIT_STATUS_OK},
                {CARD("1") "\n" CARD("2") "\n" HOST,
                        "{ name = 'rtx'; address = '01:00'; }, " ALL("1"), "",
                        "1 of 2 GPUs would be ready: rtx; pool refused (ambiguous)", OVERALL_FAILED,
                        EXIT_STATUS_UNSATISFIED},
                {CARD("1") "\n" HOST,
                        "{ name = 'rtx'; address = '01:00'; }, { name = 'x'; vendor = '1111';"
                        "  optional = true; }",
                        "", "1 of 2 GPUs would be ready: rtx; x absent", OVERALL_DEGRADED,
                        EXIT_STATUS_OK},
                /* one that must be there outweighs one that may be missing */
                {HOST,
                        "{ name = 'x'; vendor = '1111'; optional = true; }, { name = 'y'; vendor "
                        "= '2222'; }",
                        "", "0 of 2 GPUs ready; x absent; y absent", OVERALL_FAILED,
                        EXIT_STATUS_UNSATISFIED},
                {CARD("1") "\n" HOST,
                        "{ name = 'rtx'; address = '01:00'; }, { name = 'x'; vendor = '1111'; }",
                        "vfio_gpu.skip=x", "1 of 1 GPU would be ready: rtx; x skipped", OVERALL_OK,
                        EXIT_STATUS_OK},
                {CARD("1") "\n" HOST, "{ name = 'rtx'; address = '01:00'; }", "vfio_gpu.skip=rtx",
                        "0 of 0 GPUs ready; rtx skipped", OVERALL_OK, EXIT_STATUS_OK},
                {HOST, "", "", "no GPU is listed in /etc/vfio-gpu.conf", OVERALL_OK,
                        EXIT_STATUS_OK},
                {HOST, "{ vendor = 'amd'; }", "vfio_gpu=0",
                        "disabled by vfio_gpu=0 on the kernel command line", OVERALL_DISABLED,
                        EXIT_STATUS_OK},
                {"stage initrd\n" HOST, "{ vendor = 'amd'; }", "rd.vfio_gpu=0",
                        "disabled in the initrd by rd.vfio_gpu=0 on the kernel command line",
                        OVERALL_DISABLED, EXIT_STATUS_OK},
                {"crash\n" HOST, "{ vendor = 'amd'; }", "",
                        "disabled: this kernel was started to save a crash dump", OVERALL_DISABLED,
                        EXIT_STATUS_OK},
        };

        for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
                _cleanup_(scene_done) Scene scene = {0};

                scene_set(&scene, runs[i].machine, runs[i].config, runs[i].cmdline);
                Report report = make_report(&scene);
                cr_expect_str_eq(report.status, runs[i].status, "\"%s\", not \"%s\"", report.status,
                        runs[i].status);
                cr_expect_str_eq(overall_word(report.overall), overall_word(runs[i].overall), "%s",
                        runs[i].status);
                cr_expect_eq(report_exit_status(&report), runs[i].exit, "%s", runs[i].status);
        }
}

Test(report, sentences)
{
        static const struct {
                const char *machine, *config, *cmdline, *sentence;
        } cards[] = {
                {CARD("1") "\n0000:01:00.1 10de:22ba 040300 group=1\n" HOST,
                        "{ name = 'rtx'; address = '01:00'; }", "",
                        "rtx (0000:01:00.0, 10de:26b1) would be ready: nothing stands against it, "
                        "IOMMU group 1, with "
                        "0000:01:00.1"},
                {HOST, "{ name = 'rtx'; address = '01:00'; }", "",
                        "rtx is absent: there is no device at 0000:01:00.0; see "
                        "`vfio-gpu list`"},
                {CARD("1") " driver=nouveau\n" HOST, "{ name = 'rtx'; address = '01:00'; }", "",
                        "rtx (0000:01:00.0, 10de:26b1) is refused (driver-busy): nouveau took "
                        "0000:01:00.0 first"},
                {CARD("1") "\n" HOST, "{ name = 'rtx'; address = '01:00'; }", "vfio_gpu.skip=rtx",
                        "rtx (0000:01:00.0, 10de:26b1) is skipped: left alone"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cards); i++) {
                _cleanup_(scene_done) Scene scene = {0};

                scene_set(&scene, cards[i].machine, cards[i].config, cards[i].cmdline);
                Report report = make_report(&scene);
                const char *sentence = report_sentence(&report, 0, scene.arena);
                cr_expect(strstr(sentence, cards[i].sentence), "\"%s\" lacks \"%s\"", sentence,
                        cards[i].sentence);
        }
}

static bool warns(const Report *report, const char *text)
{
        for (size_t i = 0; i < report->n_warnings; i++)
                if (strstr(report->warnings[i], text))
                        return true;
        return false;
}

/* None of these is a failure. */
Test(report, warnings)
{
        SCENE(scene, CARD("1") READY HOST, "{ name = 'rtx'; address = '01:00'; }");
        const Plan *plan = scene_plan(&scene);
        Verdict verdict = verify_expected(&plan->claims.items[0], scene.arena);
        Report report = {0};
        const char *host_warning = "0000:05:00.0 is left out: class";
        static const struct {
                StepOutcome outcome;
                const char *says;
        } policies[] = {
                {{.state = STEP_FAILED, .error = EROFS},
                        "could not write /run/modprobe.d/vfio-gpu.conf (Read-only "
                        "file system): drivers"},
                {{.state = STEP_TIMED_OUT},
                        "could not write /run/modprobe.d/vfio-gpu.conf (not in time)"},
                {{.state = STEP_DONE}, NULL},
        };

        cr_assert_eq(plan->steps[0].type, STEP_POLICY);
        scene.host->warnings = &host_warning;
        scene.host->n_warnings = 1;
        for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
                StepOutcome outcomes[16] = {policies[i].outcome};

                cr_assert_eq(report_build(&(ReportInput){.config_path = "/c",
                                                  .image = IMAGE_OTHER_CONFIG,
                                                  .host = scene.host,
                                                  .plan = plan,
                                                  .verdicts = &verdict,
                                                  .outcomes = outcomes},
                                     scene.arena, &report),
                        0);
                cr_expect_eq(report.overall, OVERALL_OK);
                cr_expect_str_eq(report.status, "1 of 1 GPU ready: rtx; " OTHER_CONFIG " " COMMAND);
                cr_expect(warns(&report, host_warning));
                cr_expect(warns(&report, OTHER_CONFIG ": rebuild it " COMMAND " and reboot"));
                cr_expect_eq(warns(&report, "modprobe.d"), policies[i].says != NULL);
                cr_expect(!policies[i].says || warns(&report, policies[i].says));
        }
}

/* vfio-pci is loaded for its options alone: no card fails for it, and they are missed. */
Test(report, a_load_that_no_card_needs)
{
        SCENE(scene, "0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci\n" HOST,
                "gpus = ( { address = '01:00'; } ); vfio_pci = { disable_vga = true; };");
        const Plan *plan = scene_plan(&scene);
        const Verdict verdict = {.result = RESULT_READY};
        StepOutcome outcomes[16] = {{.state = STEP_DONE}};

        for (size_t i = 0; i < plan->n_steps; i++) {
                const Step *step = &plan->steps[i];
                Report report = {0};
                bool missed = step->type == STEP_LOAD && strcmp(step->target, "vfio_pci") == 0;

                for (size_t k = 0; k < plan->n_steps; k++)
                        outcomes[k] = (StepOutcome){.state = STEP_DONE};
                outcomes[i] = (StepOutcome){.state = STEP_FAILED, .error = ENOENT};
                cr_assert_eq(report_build(&(ReportInput){.config_path = "/c",
                                                  .config = scene.config,
                                                  .host = scene.host,
                                                  .plan = plan,
                                                  .verdicts = &verdict,
                                                  .outcomes = outcomes},
                                     scene.arena, &report),
                        0);
                cr_expect_eq(
                        warns(&report, "could not load vfio_pci ids= (none) disable_vga=1 (No such "
                                       "file or "
                                       "directory): what the config says in `vfio_pci` is not in "
                                       "force"),
                        missed, "%s", step_describe(step, scene.arena));
        }
}

Test(report, errno_is_that_of_the_first_card_that_has_one)
{
        SCENE(scene, CARD("1") "\n" CARD("2") "\n" HOST, ALL("2"));
        const Plan *plan = scene_plan(&scene);
        Verdict verdicts[2] = {{.result = RESULT_READY},
                {.result = RESULT_FAILED, .reason = REASON_BIND_FAILED, .error = EBUSY}};
        Report report = {0};

        cr_assert_eq(report_build(&(ReportInput){.config_path = "/c",
                                          .image = IMAGE_FITS,
                                          .host = scene.host,
                                          .plan = plan,
                                          .verdicts = verdicts,
                                          .outcomes = NULL},
                             scene.arena, &report),
                0);
        cr_expect_eq(report_error(&report), EBUSY);
        cr_expect_str_eq(report.status, "1 of 2 GPUs ready: pool; pool failed (bind-failed)");
        verdicts[1] = (Verdict){.result = RESULT_READY};
        cr_expect_eq(report_error(&report), 0);
}

/* systemd shows it as the error of the service: a card that may be missing gives none. */
Test(report, errno_is_that_of_a_failure)
{
        SCENE(scene, CARD("1") READY HOST,
                "{ name = 'x'; address = '02:00'; optional = true; }, { name = 'a'; address = "
                "'01:00'; }");
        const Plan *plan = scene_plan(&scene);
        static const struct {
                Verdict now;
                Overall overall;
                int error;
        } trials[] = {
                {{.result = RESULT_READY}, OVERALL_DEGRADED, 0},
                {{.result = RESULT_FAILED, .reason = REASON_BIND_FAILED, .error = EBUSY},
                        OVERALL_FAILED, EBUSY},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                Verdict verdicts[2] = {
                        {.result = RESULT_ABSENT, .reason = REASON_ABSENT, .error = ENODEV},
                        trials[i].now};
                Report report = {0};

                cr_assert_eq(report_build(&(ReportInput){.config_path = "/c",
                                                  .host = scene.host,
                                                  .plan = plan,
                                                  .verdicts = verdicts},
                                     scene.arena, &report),
                        0);
                cr_expect_eq(report.overall, trials[i].overall, "%zu", i);
                cr_expect_eq(report_error(&report), trials[i].error, "%zu", i);
        }
}

/* Memory that ran out before must not read as a card that is ready. */
Test(report, is_not_made_of_verdicts_that_memory_was_out_for)
{
        SCENE(scene, HOST, "");
        Report report = {0};

        arena_fail(scene.arena);
        cr_expect_eq(report_build(&(ReportInput){.config_path = "/c",
                                          .image = IMAGE_FITS,
                                          .host = scene.host,
                                          .plan = scene_plan(&scene),
                                          .verdicts = NULL,
                                          .outcomes = NULL},
                             scene.arena, &report),
                -ENOMEM);
        cr_expect_null(report.status);
}

Test(report, steps_in_words)
{
        const PciAddress address = {.bus = 1};
        const struct {
                Step step;
                const char *words;
        } steps[] = {
                {{.type = STEP_POLICY}, "write /run/modprobe.d/vfio-gpu.conf"},
                {{.type = STEP_HOLD, .address = address, .target = "vfio-gpu-hold"},
                        "hold 0000:01:00.0 (driver_override = vfio-gpu-hold)"},
                {{.type = STEP_LOAD, .target = "vfio_pci", .text = "ids="},
                        "load vfio_pci ids= (none)"},
                {{.type = STEP_LOAD, .target = "vfio_pci", .text = "ids= disable_vga=1"},
                        "load vfio_pci ids= (none) disable_vga=1"},
                {{.type = STEP_LOAD, .target = "vfio_pci", .text = "ids=10de:2330"},
                        "load vfio_pci ids=10de:2330"},
                {{.type = STEP_LOAD, .target = "iommufd", .text = ""}, "load iommufd"},
                {{.type = STEP_FREE,
                         .address = address,
                         .target = "efi-framebuffer",
                         .text = "efi-framebuffer.0"},
                        "free the memory of 0000:01:00.0 (take efi-framebuffer.0 from "
                        "efi-framebuffer)"},
                {{.type = STEP_UNBIND, .address = address, .target = "xhci_hcd"},
                        "take 0000:01:00.0 from xhci_hcd"},
                {{.type = STEP_OVERRIDE, .address = address, .target = "vfio-pci"},
                        "override 0000:01:00.0 (driver_override = vfio-pci)"},
                {{.type = STEP_RESET_METHOD, .address = address, .target = "flr bus"},
                        "set reset_method of 0000:01:00.0 to `flr bus`"},
                {{.type = STEP_D3COLD, .address = address, .target = "0"},
                        "set d3cold_allowed of 0000:01:00.0 to `0`"},
                {{.type = STEP_BIND, .address = address, .target = "vfio-pci"},
                        "bind 0000:01:00.0 to vfio-pci"},
                {{.type = STEP_FORGET, .target = "10de:26b1"},
                        "make vfio-pci forget the model 10de:26b1"},
                {{.type = STEP_CLEAR, .address = address},
                        "clear the driver_override of 0000:01:00.0"},
                {{.type = STEP_PROBE, .address = address},
                        "look for a driver of 0000:01:00.0 (drivers_probe)"},
                {{.type = STEP_ANNOUNCE, .address = address, .target = "nouveau, nova_core"},
                        "announce 0000:01:00.0 to udev (nouveau, nova_core)"},
                {{.type = STEP_ANNOUNCE, .address = address}, "announce 0000:01:00.0 to udev"},
                {{.type = STEP_SETTLE, .address = address}, "wait for the driver of 0000:01:00.0"},
        };
        static const char *const names[_STEP_TYPE_MAX] = {"policy", "hold", "load", "forget",
                "free", "unbind", "override", "reset-method", "d3cold", "bind", "clear", "probe",
                "announce", "settle"};
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                cr_expect_str_eq(step_describe(&steps[i].step, arena), steps[i].words);
        for (int i = 0; i < _STEP_TYPE_MAX; i++)
                cr_expect_str_eq(step_type_name((StepType)i), names[i]);
}

Test(report, text)
{
        SCENE(scene, CARD("1") READY HOST,
                "{ name = 'rtx'; address = '01:00'; }, { vendor = '1111'; }");
        Report report = make_report(&scene);
        _cleanup_free_ char *text = report_text(&report);
        _cleanup_free_ char *plan = report_text_plan(report.plan);
        size_t length = strlen(text), status = strlen(report.status);

        cr_expect_eq(strncmp(text, "rtx (0000:01:00.0", 17), 0, "%s", text);
        cr_expect(strstr(text, "\ngpu2 is absent"));
        cr_assert_gt(length, status + 1);
        cr_expect_eq(strncmp(text + length - status - 1, report.status, status), 0);
        cr_expect_eq(strncmp(plan, "  1. write /run/modprobe.d/vfio-gpu.conf\n       #", 49), 0,
                "%s", plan);
        cr_expect(strstr(plan, "\n       options vfio-pci ids=\n"));
}

/* Once for all cards of the same cause and remedy, at the place of the first of them. */
Test(report, text_of_equal_cards)
{
#define TOOK  ": nouveau took it first, before vfio-gpu could hold it; "
#define TWO   CARD("1") " driver=nouveau\n" CARD("2") " driver=nouveau\n"
#define OTHER "0000:03:00.0 10de:26b1 030000 group=3 driver=nvidia\n"
        static const struct {
                const char *machine, *config, *first, *second;
        } trials[] = {
                {TWO HOST, ALL("'all'"),
                        "each of pool (0000:01:00.0, 0000:02:00.0) is refused (driver-busy)" TOOK,
                        "0 of 2 GPUs"},
                {TWO HOST, "{ name = 'a'; address = '01:00'; }, { name = 'b'; address = '02:00'; }",
                        "each of a (0000:01:00.0), b (0000:02:00.0) is refused (driver-busy)" TOOK,
                        "0 of 2 GPUs"},
                {TWO OTHER HOST, ALL("'all'"),
                        "each of pool (0000:01:00.0, 0000:02:00.0) is refused (driver-busy)" TOOK,
                        "pool (0000:03:00.0, 10de:26b1) is refused (driver-busy): nvidia took "
                        "0000:03:00.0 first, before vfio-gpu could hold it; "},
                /* what else stands in the way is another */
                {CARD("1") " driver=nouveau boot_vga=1\n" CARD("2") " driver=nouveau\n" HOST,
                        ALL("'all'"), "pool (0000:01:00.0, 10de:26b1) is refused (boot-display): ",
                        "pool (0000:02:00.0, 10de:26b1) is refused (driver-busy): nouveau took "},
                {CARD("1") "\n" CARD("2") "\n" HOST, ALL("'all'"),
                        "pool (0000:01:00.0, 10de:26b1) would be ready: ",
                        "pool (0000:02:00.0, 10de:26b1) would be ready: "},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(scene_done) Scene scene = {0};

                scene_set(&scene, trials[i].machine, trials[i].config, "");
                Report report = make_report(&scene);
                _cleanup_free_ char *text = report_text(&report);
                const char *second = strchr(text, '\n') + 1;

                cr_expect_eq(strncmp(text, trials[i].first, strlen(trials[i].first)), 0, "%zu: %s",
                        i, text);
                cr_expect_eq(strncmp(second, trials[i].second, strlen(trials[i].second)), 0,
                        "%zu: %s", i, text);
        }
}

Test(report, text_of_a_plan_without_steps)
{
        SCENE(scene, HOST, "");
        _cleanup_free_ char *text = report_text_plan(scene_plan(&scene));

        cr_expect_str_eq(text, "nothing to do\n");
}

/* Before the deed, and only where there is one to do, it is told as what would be. */
Test(report, what_would_be_and_what_is)
{
        static const struct {
                const char *machine;
                bool expected;
                const char *status, *sentence;
        } trials[] = {
                {CARD("1") "\n" CARD("2") "\n" HOST, true, "2 of 2 GPUs would be ready: pool (2)",
                        "pool (0000:01:00.0, 10de:26b1) would be ready: nothing stands against it, "
                        "IOMMU group 1"},
                {CARD("1") READY CARD("2") READY HOST, true, "2 of 2 GPUs ready: pool (2)",
                        "pool (0000:01:00.0, 10de:26b1) is ready: on vfio-pci, IOMMU group 1"},
                /* of two that one is there already */
                {CARD("1") READY CARD("2") "\n" HOST, true, "2 of 2 GPUs would be ready: pool (2)",
                        "pool (0000:01:00.0, 10de:26b1) is ready: on vfio-pci, IOMMU group 1"},
                {CARD("1") READY CARD("2") " driver=nouveau\n" HOST, true,
                        "1 of 2 GPUs ready: pool; pool refused (driver-busy)",
                        "pool (0000:01:00.0, 10de:26b1) is ready: on vfio-pci, IOMMU group 1"},
                {CARD("1") READY CARD("2") READY HOST, false, "2 of 2 GPUs ready: pool (2)",
                        "pool (0000:01:00.0, 10de:26b1) is ready: on vfio-pci, IOMMU group 1"},
                /* after the deed the picture from before it does not count */
                {CARD("1") "\n" CARD("2") "\n" HOST, false, "2 of 2 GPUs ready: pool (2)",
                        "pool (0000:01:00.0, 10de:26b1) is ready: "},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, ALL("'all'"));
                Report report = report_of_scene(&scene, trials[i].expected);
                const char *sentence = report_sentence(&report, 0, scene.arena);

                cr_expect_str_eq(report.status, trials[i].status, "%zu: %s", i, report.status);
                cr_expect_eq(strncmp(sentence, trials[i].sentence, strlen(trials[i].sentence)), 0,
                        "%zu: %s", i, sentence);
        }
}

Test(report, warnings_of_the_plan)
{
        _cleanup_(scene_done) Scene scene = {0};

        scene_set(&scene, HOST, "", "vfio_gpu.skip=x");
        Report report = make_report(&scene);
        cr_assert_eq(report.n_warnings, 1);
        cr_expect(warns(&report, "vfio_gpu.skip= names \"x\", which is no entry"));
}

/* In a boot whose image holds another config. */
static Report of_old_image(Scene *scene)
{
        Report report = {0};

        cr_assert_eq(report_build(&(ReportInput){.config_path = "/c",
                                          .image = IMAGE_OTHER_CONFIG,
                                          .host = scene->host,
                                          .plan = scene_plan(scene)},
                             scene->arena, &report),
                0);
        return report;
}

/* Who empties the config, or skips all, still has the cards of the old one taken in the initrd. */
Test(report, an_image_is_told_of_without_any_card)
{
        SCENE(scene, HOST, "");
        const Report report = of_old_image(&scene);

        cr_expect_str_eq(report.status, "no GPU is listed in /c; " OTHER_CONFIG " " COMMAND);
        cr_expect(warns(&report, OTHER_CONFIG ": rebuild it " COMMAND " and reboot"));
}

/* Until the reboot this boot's image is still the old one. */
Test(report, an_image_that_was_made_since)
{
        SCENE(scene, "images 20 30 5\n" HOST, "");
        const Report report = of_old_image(&scene);

        cr_expect_str_eq(report.status,
                "no GPU is listed in /c; " OTHER_CONFIG " (a reboot takes the new one)");
        cr_expect(warns(&report, OTHER_CONFIG ", and /boot/image of t30 is newer than /etc/part of "
                                              "t20: reboot"));
}

/* A run that ended before it could judge anything has failed, whatever the one before it said. */
Test(report, of_trouble)
{
        Report report = report_of_trouble("/c", IMAGE_OTHER_CONFIG, STAGE_INITRD, "out of memory");

        cr_expect_eq(report.overall, OVERALL_FAILED);
        cr_expect_eq(report_exit_status(&report), EXIT_STATUS_UNSATISFIED);
        cr_expect_str_eq(report.status, "out of memory");
        cr_expect_eq(report.stage, STAGE_INITRD);
        cr_expect_eq(report.image, IMAGE_OTHER_CONFIG);
        cr_expect_eq(report_error(&report), 0);
        _cleanup_free_ char *text = report_text(&report);
        cr_expect_str_eq(text, "out of memory\n");
}
