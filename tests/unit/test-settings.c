/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/settings.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "lib/scene.h"

#define HOST "0000:00:02.0 8086:4680 030000 group=9\n"
#define CARD(words)                                                                                \
        "0000:01:00.0 10de:26b1 030000 group=1" words "\n"                                         \
        "0000:01:00.1 10de:22ba 040300 group=1 reset_method=pm d3cold=1\n" HOST
#define WANTS(keys) "{ name = 'a'; address = '01:00'; " keys " }"

typedef struct Trial {
        const char *machine, *config;
        const char
                *steps; /* of settings alone, in brackets "override ... bind" of their function */
        const char *refused, *warns;
} Trial;

/* The steps between override and bind of each function. */
static const char *settings_text(const Scene *scene)
{
        Text text = TEXT_IN(scene->arena);

        for (size_t i = 0; i < scene->plan->n_steps; i++) {
                const Step *step = &scene->plan->steps[i];

                if (step->type != STEP_RESET_METHOD && step->type != STEP_D3COLD)
                        continue;
                text_separate(&text, "; ");
                text_add(&text, "%s", step_describe(step, scene->arena));
                cr_expect_eq(step->claim, 0);
                cr_expect_lt(
                        scene_find_step(scene, STEP_OVERRIDE, PCI_ADDRESS(step->address)), step);
                cr_expect_gt(scene_find_step(scene, STEP_BIND, PCI_ADDRESS(step->address)), step);
        }
        return text.string;
}

static void expect_trial(const Trial *trial)
{
        SCENE(scene, trial->machine, trial->config);
        const Plan *plan = scene_plan(&scene);
        Verdict verdict = verify_expected(&plan->claims.items[0], scene.arena);

        cr_expect_str_eq(settings_text(&scene), trial->steps, "%s%s: %s", trial->machine,
                trial->config, settings_text(&scene));
        cr_expect_eq(verdict.result, trial->refused ? RESULT_REFUSED : RESULT_READY, "%s%s: %s",
                trial->machine, trial->config, verdict.message);
        if (trial->refused) {
                cr_expect_eq(verdict.reason, REASON_BIND_FAILED);
                cr_expect_str_eq(verdict.message, trial->refused, "%s", verdict.message);
        }
        cr_expect_eq(plan->n_warnings, trial->warns ? 1 : 0, "%s%s", trial->machine, trial->config);
        if (trial->warns && plan->n_warnings)
                cr_expect_str_eq(plan->warnings[0], trial->warns, "%s", plan->warnings[0]);
}

Test(settings, steps_and_refusals)
{
        static const Trial trials[] = {
                {CARD(" reset_method=flr,bus d3cold=1"), WANTS(""), "", NULL, NULL},
                {CARD(" reset_method=flr,bus d3cold=1"), WANTS("reset_method = ['bus'];"),
                        "set reset_method of 0000:01:00.0 to `bus`", NULL, NULL},
                {CARD(" reset_method=flr,bus d3cold=1"),
                        WANTS("reset_method = ['bus', 'flr']; d3cold = false;"),
                        "set reset_method of 0000:01:00.0 to `bus flr`; set d3cold_allowed of "
                        "0000:01:00.0 to `0`; set d3cold_allowed of 0000:01:00.1 to `0`",
                        NULL, NULL},
                /* what is right already is left alone */
                {CARD(" reset_method=flr,bus d3cold=0"),
                        WANTS("reset_method = ['flr', 'bus']; d3cold = true;"),
                        "set d3cold_allowed of 0000:01:00.0 to `1`", NULL, NULL},
                /* the companion is reset by other means, if at all */
                {CARD(" reset_method=pm"), WANTS("reset_method = ['bus'];"),
                        "set reset_method of 0000:01:00.0 to `bus`", NULL, NULL},
                {CARD(" d3cold=1"), WANTS("reset_method = ['bus'];"), "",
                        "the kernel has no reset_method for 0000:01:00.0: it knows no way to reset "
                        "this device, or is older than 5.15; leave out `reset_method`",
                        NULL},
                {CARD(" reset_method=flr"), WANTS("d3cold = false;"), "",
                        "the kernel has no d3cold_allowed for 0000:01:00.0: it was built without "
                        "power management or ACPI; leave out `d3cold`",
                        NULL},
                {CARD(""), WANTS(""), "", NULL, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++)
                expect_trial(&trials[i]);
}

#define ON_VFIO(words)                                                                             \
        "0000:01:00.0 10de:26b1 030000 group=1 driver=vfio-pci vfio=vfio0" words "\n" HOST

/* A virtual machine may run with it. */
Test(settings, nothing_is_written_to_what_vfio_has)
{
        static const Trial trials[] = {
                {ON_VFIO(" reset_method=flr d3cold=1"),
                        WANTS("reset_method = ['bus']; d3cold = false;"), "", NULL,
                        "0000:01:00.0 is with vfio-pci already, and a virtual machine may use it: "
                        "reset_method stays `flr`, not `bus`, d3cold_allowed stays `1`, not `0`; "
                        "reboot to change it"},
                {ON_VFIO(" reset_method=bus d3cold=0"),
                        WANTS("reset_method = ['bus']; d3cold = false;"), "", NULL, NULL},
                {ON_VFIO(""), WANTS("reset_method = ['bus']; d3cold = false;"), "", NULL, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++)
                expect_trial(&trials[i]);
}

/* Nobody has looked: there is nothing to be done yet, and nothing to be said. */
Test(settings, that_nobody_has_read)
{
        static const char wants_both[] = WANTS("reset_method = ['bus']; d3cold = false;");
        static const struct {
                const char *config;
                bool display, audio, host;
        } rows[] = {
                {wants_both, true, true, false},
                {WANTS("reset_method = ['bus'];"), true, false, false},
                {WANTS("d3cold = true;"), true, true, false},
                {WANTS(""), false, false, false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                SCENE(scene, CARD(" reset_method=flr d3cold=1"), rows[i].config);

                for (size_t k = 0; k < scene.host->n_functions; k++)
                        scene.host->functions[k].settings = (Settings){.known = false};
                const Plan *plan = scene_plan(&scene);
                cr_expect_str_empty(settings_text(&scene));
                cr_expect(claim_is_accepted(&plan->claims.items[0]));
                cr_expect_eq(plan_wants_settings(plan, scene_function(&scene, "0000:01:00.0")),
                        rows[i].display);
                cr_expect_eq(plan_wants_settings(plan, scene_function(&scene, "0000:01:00.1")),
                        rows[i].audio);
                cr_expect_eq(plan_wants_settings(plan, scene_function(&scene, "0000:00:02.0")),
                        rows[i].host);
        }
}

/* Nobody reads them of a card that is left alone. */
Test(settings, of_what_is_skipped_are_not_read)
{
        _cleanup_(scene_done) Scene scene = {0};

        scene_set(&scene, CARD(""), WANTS("d3cold = true;"), "vfio_gpu.skip=a");
        Function *f = scene_function(&scene, "0000:01:00.0");
        f->settings = (Settings){.known = false};
        cr_expect_not(plan_wants_settings(scene_plan(&scene), f));
}

/* A claim that falls for it takes its group along. */
Test(settings, and_the_group)
{
        SCENE(scene,
                "0000:01:00.0 10de:26b1 030000 group=1\n0000:02:00.0 10de:26b1 030000 "
                "group=1\n" HOST,
                WANTS("d3cold = false;") ", { name = 'b'; address = '02:00'; }");

        scene_plan(&scene);
        cr_expect_str_eq(scene_claims_text(&scene, &scene.plan->claims),
                "a:0000:01:00.0{0}!bind-failed b:0000:02:00.0{0}!shared-group", "%s",
                scene_claims_text(&scene, &scene.plan->claims));
}

Test(settings, what_the_kernel_offers_is_told)
{
        SCENE(scene, CARD(" reset_method=flr,pm d3cold=1"),
                WANTS("reset_method = ['acpi']; d3cold = false;"));
        const Plan *plan = scene_plan(&scene);
        StepOutcome outcomes[32] = {0};
        const Binding none[2] = {0};
        static const struct {
                StepType type;
                const char *says;
        } rows[] = {
                {STEP_RESET_METHOD,
                        "could not set reset_method of 0000:01:00.0 to `acpi`: Invalid argument "
                        "(the kernel offers `flr pm`); now 0000:01:00.0 has no driver"},
                {STEP_D3COLD,
                        "could not set d3cold_allowed of 0000:01:00.0 to `0`: Invalid argument; "
                        "now"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                size_t at = (size_t)(scene_find_step(&scene, rows[i].type, "") - plan->steps);

                cr_assert_lt(plan->n_steps, ARRAY_SIZE(outcomes));
                outcomes[at] = (StepOutcome){.state = STEP_FAILED, .error = EINVAL};
                Verdict verdict = verify_claim(plan, 0, none, outcomes, scene.arena);
                outcomes[at] = (StepOutcome){.state = STEP_DONE};
                cr_expect_eq(verdict.reason, REASON_BIND_FAILED);
                cr_expect_eq(verdict.error, EINVAL);
                cr_expect(strstr(verdict.message, rows[i].says), "%s", verdict.message);
        }
}
