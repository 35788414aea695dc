/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "unit/no-memory.h"

#define CARD "0000:01:00.0 10de:26b1 030000 group=1\n0000:01:00.1 10de:22ba 040300 group=1\n"
#define BUSY                                                                                       \
        "0000:01:00.0 10de:26b1 030000 group=1\n"                                                  \
        "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n"
#define HOST "0000:00:02.0 8086:4680 030000 group=9\n"
#define ONE  "{ name = 'a'; address = '01:00'; }"

/* versions of clang-format differ about these */
/* clang-format off */
#define READY {"vfio-pci", "vfio0", false}
#define LINKED {"vfio-pci", NULL, false}
#define NONE {NULL, NULL, false}
/* clang-format on */

#define TAKEN "on vfio-pci, IOMMU group 1, with 0000:01:00.1"

/* A step that did not succeed, what is read back of both functions, and what comes out of it. */
typedef struct Trial {
        const char *machine;
        StepType type;
        const char *address;
        StepOutcome outcome; /* STEP_DONE: all went well */
        Binding now[2];
        Result result;
        Reason reason;
        int error;
        const char *says;
} Trial;

static void expect_verdict(const Trial *trial, const Verdict *verdict)
{
        cr_expect_str_eq(
                result_word(verdict->result), result_word(trial->result), "%s", trial->says);
        cr_expect_eq(verdict->reason, trial->reason, "%s: %s", trial->says,
                reason_word(verdict->reason));
        cr_expect_eq(verdict->error, trial->error, "%s: %d", trial->says, verdict->error);
        cr_expect(verdict->message && strstr(verdict->message, trial->says), "\"%s\" lacks \"%s\"",
                verdict->message, trial->says);
}

typedef struct Looking {
        const Plan *plan;
        const Binding *now;
        const StepOutcome *outcomes;
} Looking;

/* The arena remembers; what was not said is left out. */
static int verify_without_memory(const void *context, Arena *arena)
{
        const Looking *looking = context;

        (void)verify_claim(looking->plan, 0, looking->now, looking->outcomes, arena);
        return arena_failed(arena) ? -ENOMEM : 0;
}

static int expect_without_memory(const void *context, Arena *arena)
{
        const Looking *looking = context;

        (void)verify_expected(&looking->plan->claims.items[0], arena);
        return arena_failed(arena) ? -ENOMEM : 0;
}

static void expect_trial(const Trial *trial)
{
        SCENE(scene, trial->machine, ONE);
        const Plan *plan = scene_plan(&scene);
        StepOutcome *outcomes = arena_array(scene.arena, plan->n_steps, sizeof(StepOutcome));

        for (size_t i = 0; i < plan->n_steps; i++)
                outcomes[i].state = STEP_DONE;
        if (trial->outcome.state != STEP_DONE) {
                const Step *step = scene_find_step(&scene, trial->type, trial->address);

                cr_assert(step, "%s", trial->says);
                outcomes[step - plan->steps] = trial->outcome;
        }
        Verdict verdict = verify_claim(plan, 0, trial->now, outcomes, scene.arena);
        expect_verdict(trial, &verdict);
        const Looking looking = {plan, trial->now, outcomes};
        cr_expect_gt(no_memory(verify_without_memory, &looking), 0);
}

/* clang-format off */
#define FAILED(e) {.state = STEP_FAILED, .error = e}
#define TIMEOUT   {.state = STEP_TIMED_OUT}
/* clang-format on */

Test(verify, after_the_steps)
{
        static const Trial trials[] = {
                {CARD HOST, 0, "", {.state = STEP_DONE}, {READY, READY}, RESULT_READY, REASON_NONE,
                        0, TAKEN},
                /* all went well, and yet it is not there */
                {CARD HOST, 0, "", {.state = STEP_DONE}, {READY, LINKED}, RESULT_FAILED,
                        REASON_LOST, ENOLINK,
                        "0000:01:00.0 is on vfio-pci, 0000:01:00.1 is on vfio-pci, not yet known "
                        "to VFIO; hand it over again"},
                {CARD HOST, 0, "", {.state = STEP_DONE}, {NONE, READY}, RESULT_FAILED, REASON_LOST,
                        ENOLINK, "0000:01:00.0 has no driver, 0000:01:00.1 is on vfio-pci"},
                {CARD HOST, 0, "", {.state = STEP_DONE}, {READY, {"snd_hda_intel", NULL, false}},
                        RESULT_FAILED, REASON_LOST, ENOLINK, "0000:01:00.1 is on snd_hda_intel"},
                /* another driver that is known to VFIO is not the one that was wanted */
                {CARD HOST, 0, "", {.state = STEP_DONE}, {READY, {"x-vfio-pci", "vfio1", false}},
                        RESULT_FAILED, REASON_LOST, ENOLINK, "0000:01:00.1 is on x-vfio-pci"},
                /* the kernel said no */
                {CARD HOST, STEP_BIND, "0000:01:00.1", FAILED(EINVAL), {READY, NONE}, RESULT_FAILED,
                        REASON_BIND_FAILED, EINVAL,
                        "could not bind 0000:01:00.1 to vfio-pci: Invalid argument; now "
                        "0000:01:00.0 is on vfio-pci, 0000:01:00.1 has no driver; look at"},
                {CARD HOST, STEP_BIND, "0000:01:00.0", FAILED(EBUSY), {NONE, NONE}, RESULT_FAILED,
                        REASON_BIND_FAILED, EBUSY, "Device or resource busy"},
                {CARD HOST, STEP_HOLD, "0000:01:00.0", FAILED(EACCES), {NONE, NONE}, RESULT_FAILED,
                        REASON_BIND_FAILED, EACCES,
                        "could not hold 0000:01:00.0 (driver_override = vfio-gpu-hold): Permission "
                        "denied"},
                {CARD HOST, STEP_OVERRIDE, "0000:01:00.1", FAILED(ENODEV), {READY, NONE},
                        RESULT_FAILED, REASON_BIND_FAILED, ENODEV,
                        "could not override 0000:01:00.1 (driver_override = vfio-pci): No such "
                        "device"},
                {BUSY HOST, STEP_UNBIND, "0000:01:00.1", FAILED(EPERM),
                        {NONE, {"snd_hda_intel", NULL, false}}, RESULT_FAILED, REASON_BIND_FAILED,
                        EPERM,
                        "could not take 0000:01:00.1 from snd_hda_intel: Operation not permitted"},
                /* nor did it say yes */
                {BUSY HOST, STEP_UNBIND, "0000:01:00.1", TIMEOUT,
                        {NONE, {"snd_hda_intel", NULL, false}}, RESULT_FAILED, REASON_TIMEOUT,
                        ETIMEDOUT, "could not take 0000:01:00.1 from snd_hda_intel in time; now"},
                {CARD HOST, STEP_BIND, "0000:01:00.0", TIMEOUT, {LINKED, NONE}, RESULT_FAILED,
                        REASON_TIMEOUT, ETIMEDOUT,
                        "in time; now 0000:01:00.0 is on vfio-pci, not yet known"},
                /* a step outstanding is a step outstanding, whatever the links say */
                {CARD HOST, STEP_BIND, "0000:01:00.0", TIMEOUT, {READY, READY}, RESULT_FAILED,
                        REASON_TIMEOUT, ETIMEDOUT,
                        "could not bind 0000:01:00.0 to vfio-pci in time; now"},
                /* without the module nobody is ready */
                {CARD HOST, STEP_LOAD, "", FAILED(ENOENT), {NONE, NONE}, RESULT_FAILED,
                        REASON_NO_DRIVER, ENOENT,
                        "could not load vfio_pci ids= (none): No such file or directory; now"},
                {CARD HOST, STEP_LOAD, "", TIMEOUT, {NONE, NONE}, RESULT_FAILED, REASON_TIMEOUT,
                        ETIMEDOUT, "could not load vfio_pci ids= (none) in time"},
                /* the policy file is a convenience */
                {CARD HOST, STEP_POLICY, "", FAILED(EROFS), {READY, READY}, RESULT_READY,
                        REASON_NONE, 0, TAKEN},
                {CARD HOST, STEP_POLICY, "", TIMEOUT, {READY, READY}, RESULT_READY, REASON_NONE, 0,
                        TAKEN},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++)
                expect_trial(&trials[i]);
}

#define GRACE                                                                                      \
        "0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci\n"                              \
        "0000:01:00.1 10de:22ba 040300 group=1\n" HOST
/* clang-format off */
#define X {"x_vfio_pci", "vfio0", false}
/* clang-format on */

/* Each function on the driver that it is to get, and only what it needs is its trouble. */
Test(verify, variants)
{
        static const Trial trials[] = {
                {GRACE, 0, "", {.state = STEP_DONE}, {X, READY}, RESULT_READY, REASON_NONE, 0,
                        "on x_vfio_pci, IOMMU group 1, with 0000:01:00.1 on vfio-pci"},
                {GRACE, 0, "", {.state = STEP_DONE}, {READY, READY}, RESULT_FAILED, REASON_LOST,
                        ENOLINK, "0000:01:00.0 is on vfio-pci, 0000:01:00.1 is on vfio-pci; hand"},
                {GRACE, 0, "", {.state = STEP_DONE}, {X, X}, RESULT_FAILED, REASON_LOST, ENOLINK,
                        "0000:01:00.0 is on x_vfio_pci, 0000:01:00.1 is on x_vfio_pci; hand"},
                {GRACE, 0, "", {.state = STEP_DONE}, {{"x_vfio_pci", NULL, false}, READY},
                        RESULT_FAILED, REASON_LOST, ENOLINK,
                        "is on x_vfio_pci, not yet known to VFIO"},
                /* the first load is the variant's */
                {GRACE, STEP_LOAD, "", FAILED(ENOENT), {NONE, NONE}, RESULT_FAILED,
                        REASON_NO_DRIVER, ENOENT, "could not load x_vfio_pci: No such file"},
                {GRACE, STEP_BIND, "0000:01:00.0", FAILED(ENODEV), {NONE, NONE}, RESULT_FAILED,
                        REASON_BIND_FAILED, ENODEV, "could not bind 0000:01:00.0 to x_vfio_pci"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++)
                expect_trial(&trials[i]);
}

/* `status` took no step: only what is read counts. */
Test(verify, without_steps)
{
        static const Trial trials[] = {
                {.machine = CARD HOST,
                        .now = {READY, READY},
                        .result = RESULT_READY,
                        .says = TAKEN},
                {.machine = CARD HOST,
                        .now = {READY, LINKED},
                        .result = RESULT_FAILED,
                        .reason = REASON_LOST,
                        .error = ENOLINK,
                        .says = "not yet known to VFIO"},
                {.machine = CARD HOST,
                        .now = {NONE, NONE},
                        .result = RESULT_FAILED,
                        .reason = REASON_LOST,
                        .error = ENOLINK,
                        .says = "0000:01:00.0 has no driver"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, ONE);
                const Plan *plan = scene_plan(&scene);
                Verdict verdict = verify_claim(plan, 0, trials[i].now, NULL, scene.arena);

                expect_verdict(&trials[i], &verdict);
        }
}

/* The trouble of one card is not the other's. */
Test(verify, each_card_for_itself)
{
        SCENE(scene,
                "0000:01:00.0 10de:26b1 030000 group=1\n0000:02:00.0 10de:26b1 030000 "
                "group=2\n" HOST,
                ONE ", { name = 'b'; address = '02:00'; }");
        const Plan *plan = scene_plan(&scene);
        StepOutcome outcomes[32] = {0};
        const Binding ready = READY, none = NONE;

        cr_assert_lt(plan->n_steps, ARRAY_SIZE(outcomes));
        for (size_t i = 0; i < plan->n_steps; i++)
                outcomes[i].state = STEP_DONE;
        outcomes[scene_find_step(&scene, STEP_BIND, "0000:02:00.0") - plan->steps] =
                (StepOutcome)FAILED(EIO);

        cr_expect_eq(verify_claim(plan, 0, &ready, outcomes, scene.arena).result, RESULT_READY);
        Verdict b = verify_claim(plan, 1, &none, outcomes, scene.arena);
        cr_expect_eq(b.reason, REASON_BIND_FAILED);
        cr_expect_eq(b.error, EIO);
}

/* Left alone because it was given back: who has it, and how it is handed over again. */
Test(verify, released)
{
        static const struct {
                const char *driver, *entry, *message;
        } trials[] = {
                {"driver=nouveau", "", "0000:01:00.0 is on nouveau; a reboot hands it over again"},
                {"driver=nouveau", "force_unbind = true;",
                        "0000:01:00.0 is on nouveau; `systemctl restart vfio-gpu` hands it over "
                        "again"},
                {"", "",
                        "0000:01:00.0 has no driver; `systemctl restart vfio-gpu` hands it over "
                        "again"},
                /* somebody else handed it over meanwhile */
                {"driver=vfio-pci vfio=vfio0", "",
                        "0000:01:00.0 is on vfio-pci; `systemctl restart vfio-gpu` hands it over "
                        "again"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                char machine[128], config[128];
                _cleanup_(scene_done) Scene scene = {0};
                Verdict verdict = {0};

                snprintf(machine, sizeof(machine),
                        "0000:01:00.0 10de:26b1 030000 group=1 %s released", trials[i].driver);
                snprintf(config, sizeof(config), "{ address = '01:00'; %s }", trials[i].entry);
                scene_set(&scene, machine, config, "vfio_gpu.skip=gpu1");
                verdict = verify_expected(&scene_plan(&scene)->claims.items[0], scene.arena);
                cr_expect_eq(verdict.result, RESULT_SKIPPED);
                cr_expect_eq(verdict.error, 0);
                cr_expect_str_eq(verdict.message, trials[i].message, "%zu: %s", i, verdict.message);
                cr_expect_eq(scene.plan->n_steps, 0);
                const Looking looking = {.plan = scene.plan};
                cr_expect_gt(no_memory(expect_without_memory, &looking), 0);
        }
}

/* What was refused, absent or skipped stays so, whatever the machine shows. */
Test(verify, what_was_not_taken)
{
        static const struct {
                const char *machine, *config, *cmdline;
                Result result;
                Reason reason;
                int error;
                const char *says;
        } trials[] = {
                {HOST, ONE, "", RESULT_ABSENT, REASON_ABSENT, ENODEV,
                        "there is no device at 0000:01:00.0"},
                {"0000:01:00.0 10de:26b1 030000 driver=vfio-pci vfio=vfio0\n" HOST, ONE, "",
                        RESULT_REFUSED, REASON_NO_IOMMU, EOPNOTSUPP, "is in no IOMMU group"},
                {"0000:01:00.0 144d:a80a 010802 group=1\n", ONE, "", RESULT_REFUSED,
                        REASON_NOT_A_GPU, EINVAL, "; mend the entry"},
                {CARD HOST, ONE, "vfio_gpu.skip=b", RESULT_READY, REASON_NONE, 0,
                        "nothing stands against it, IOMMU group 1, with 0000:01:00.1"},
                {CARD HOST, ONE, "vfio_gpu.skip=a", RESULT_SKIPPED, REASON_NONE, 0,
                        "left alone: vfio_gpu.skip="},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(scene_done) Scene scene = {0};

                scene_set(&scene, trials[i].machine, trials[i].config, trials[i].cmdline);
                const Plan *plan = scene_plan(&scene);
                const Claim *claim = &plan->claims.items[0];
                Verdict verdict = verify_expected(claim, scene.arena);

                expect_verdict(&(Trial){.result = trials[i].result,
                                       .reason = trials[i].reason,
                                       .error = trials[i].error,
                                       .says = trials[i].says},
                        &verdict);
                if (trials[i].result == RESULT_READY)
                        continue;
                verdict = verify_claim(plan, 0, scene_bindings(&scene, claim), NULL, scene.arena);
                cr_expect_eq(verdict.result, trials[i].result, "%zu", i);
        }
}

Test(verify, drivers_before_are_those_that_were_found)
{
        SCENE(scene, BUSY HOST, ONE);
        const Plan *plan = scene_plan(&scene);
        const Binding now[2] = {READY, READY};
        Verdict verdict = verify_claim(plan, 0, now, NULL, scene.arena);

        cr_expect_null(verdict.drivers_before[0]);
        cr_expect_str_eq(verdict.drivers_before[1], "snd_hda_intel");
        cr_expect_str_eq(verdict.bindings[1].driver, "vfio-pci");
}

/* A claim that holds no function is not ready because none of its functions is not. */
Test(verify, nothing_is_not_ready)
{
        SCENE(scene, CARD HOST, ONE);
        const Plan *plan = scene_plan(&scene);
        const Binding none = NONE;

        plan->claims.items[0].n_functions = 0;
        Verdict verdict = verify_claim(plan, 0, &none, NULL, scene.arena);
        cr_expect_eq(verdict.result, RESULT_FAILED);
        cr_expect_eq(verdict.reason, REASON_LOST);
}

/* What is on vfio-pci already is not told as if it were still to be done. */
Test(verify, expected_of_what_is_done)
{
        SCENE(scene, "0000:01:00.0 10de:26b1 030000 group=7 driver=vfio-pci vfio=vfio0\n" HOST,
                ONE);
        Verdict verdict = verify_expected(&scene_plan(&scene)->claims.items[0], scene.arena);

        cr_expect_eq(verdict.result, RESULT_READY);
        cr_expect_str_eq(verdict.message, "on vfio-pci, IOMMU group 7");
}

#define PAIR(a, b)                                                                                 \
        "0000:01:00.0 10de:26b1 030000 group=" a "\n0000:02:00.0 10de:26b2 030200 group=" b        \
        "\n" HOST
#define TWO ONE ", { name = 'b'; address = '02:00'; }"

/* What is read back of both cards, and what becomes of the first, which is ready by itself. */
Test(verify, one_group_is_as_good_as_its_worst_function)
{
        static const struct {
                const char *machine;
                Binding now[2];
                Reason reasons[2];
        } trials[] = {
                {PAIR("1", "1"), {READY, READY}, {REASON_NONE, REASON_NONE}},
                /* VFIO minds drivers of the host only */
                {PAIR("1", "1"), {READY, NONE}, {REASON_NONE, REASON_LOST}},
                {PAIR("1", "1"), {READY, {"nouveau", NULL, false}},
                        {REASON_SHARED_GROUP, REASON_LOST}},
                {PAIR("1", "1"), {{"nouveau", NULL, false}, READY},
                        {REASON_LOST, REASON_SHARED_GROUP}},
                /* one that VFIO does not know yet is on its way; another driver of VFIO is not ours
                 */
                {PAIR("1", "1"), {READY, LINKED}, {REASON_NONE, REASON_LOST}},
                {PAIR("1", "1"), {READY, {"x-vfio-pci", "vfio1", false}},
                        {REASON_SHARED_GROUP, REASON_LOST}},
                /* another group is another matter */
                {PAIR("1", "2"), {READY, {"nouveau", NULL, false}}, {REASON_NONE, REASON_LOST}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, TWO);
                const Plan *plan = scene_plan(&scene);
                Verdict verdicts[2];

                for (size_t k = 0; k < 2; k++) {
                        cr_assert(claim_is_accepted(&plan->claims.items[k]));
                        verdicts[k] = verify_claim(plan, k, &trials[i].now[k], NULL, scene.arena);
                }
                verify_groups(plan, verdicts, scene.arena);
                for (size_t k = 0; k < 2; k++) {
                        Reason reason = trials[i].reasons[k];

                        cr_expect_eq(verdicts[k].reason, reason, "%zu, %zu: %s", i, k,
                                reason_word(verdicts[k].reason));
                        cr_expect_eq(verdicts[k].result, reason ? RESULT_FAILED : RESULT_READY);
                        cr_expect_eq(verdicts[k].error, reason_errno(reason));
                        cr_expect(reason != REASON_SHARED_GROUP ||
                                          strstr(verdicts[k].message,
                                                  k ? "but 0000:01:00.0 of its IOMMU group 1 is "
                                                      "still with a driver of the host"
                                                    : "but 0000:02:00.0 of its IOMMU group 1"),
                                "%s", verdicts[k].message);
                }
        }
}

/* Memory that ran out leaves verdicts without bindings; the report is not made of them. */
Test(verify, out_of_memory)
{
        SCENE(scene, PAIR("1", "1"), TWO);
        const Plan *plan = scene_plan(&scene);
        Verdict verdicts[2] = {{.result = RESULT_READY}, {.result = RESULT_READY}};

        arena_fail(scene.arena);
        (void)verify_claim(plan, 0, NULL, NULL, scene.arena);
        verify_groups(plan, verdicts, scene.arena);
        cr_expect_eq(verdicts[0].result, RESULT_READY);
}
