/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test-release.h"

#define HOST  "0000:00:02.0 8086:4680 030000 group=90 driver=i915\nvfio present\nbackend present\n"
#define VFIO  " driver=vfio-pci vfio=vfio0"
#define CARD  "0000:01:00.0 10de:26b1 030000 group=1 modules=nouveau,nvidiafb"
#define AUDIO "0000:01:00.1 10de:22ba 040300 group=1"
#define ONE   "{ name = 'a'; address = '01:00'; }"
#define TWIN  "0000:02:00.0 10de:26b1 030000 group=2 modules=nouveau" VFIO "\n"
#define GIVEN                                                                                      \
        "clear 0000:01:00.0; probe 0000:01:00.0; announce 0000:01:00.0 nouveau, nvidiafb; "        \
        "settle 0000:01:00.0"
#define FORGOT "policy; forget 10de:26b1; "
#define BACK   "unbind 0000:01:00.0 vfio-pci; " GIVEN

typedef struct Looking {
        const Plan *plan;
        const Binding *now;
        const StepOutcome *outcomes;
} Looking;

/* The arena remembers; what was not said is left out. */
static int verify_without_memory(const void *context, Arena *arena)
{
        const Looking *looking = context;

        (void)release_verify(looking->plan, 0, looking->now, looking->outcomes, arena);
        return arena_failed(arena) ? -ENOMEM : 0;
}

static Verdict judge(
        const Plan *plan, const Binding *now, const StepOutcome *outcomes, Arena *arena)
{
        cr_expect_gt(no_memory(verify_without_memory, &(const Looking){plan, now, outcomes}), 0);
        return release_verify(plan, 0, now, outcomes, arena);
}

Test(release, steps)
{
        static const struct {
                const char *machine, *config, *names, *steps;
        } trials[] = {
                {HOST CARD VFIO "\npolicy x\n", ONE, "", FORGOT BACK},
                /* all of the card is taken from VFIO first */
                {HOST CARD VFIO "\n" AUDIO VFIO "\npolicy x\n", ONE, "a",
                        "policy; forget 10de:26b1; forget 10de:22ba; "
                        "unbind 0000:01:00.0 vfio-pci; unbind 0000:01:00.1 vfio-pci; "
                        "clear 0000:01:00.0; clear 0000:01:00.1; "
                        "probe 0000:01:00.0; announce 0000:01:00.0 nouveau, nvidiafb; settle "
                        "0000:01:00.0; "
                        "probe 0000:01:00.1; announce 0000:01:00.1"},
                /* a variant; on hold; half of it with the host's driver */
                {HOST CARD " driver=nvgrace_gpu_vfio_pci vfio=vfio0\npolicy x\n", ONE, "a",
                        FORGOT "unbind 0000:01:00.0 nvgrace_gpu_vfio_pci; " GIVEN},
                {HOST CARD " driver=vfio-pci\npolicy x\n", ONE, "a", FORGOT BACK},
                {HOST CARD "\npolicy x\n", ONE, "a", FORGOT GIVEN},
                {HOST CARD "\n" AUDIO " driver=snd_hda_intel\npolicy x\n", ONE, "a",
                        "policy; forget 10de:26b1; forget 10de:22ba; "
                        "clear 0000:01:00.0; clear 0000:01:00.1; "
                        "probe 0000:01:00.0; announce 0000:01:00.0 nouveau, nvidiafb; settle "
                        "0000:01:00.0"},
                /* there is no vfio-pci to forget anything */
                {"0000:00:02.0 8086:4680 030000 group=90\n" CARD "\npolicy x\n", ONE, "a",
                        "policy; " GIVEN},
                /* no entry lists it: the blacklist is another card's affair */
                {HOST CARD VFIO "\n", "", "01:00", "forget 10de:26b1; " BACK},
                /* one of two, of one model */
                {HOST CARD VFIO "\n" TWIN, "{ id = '10de:26b1'; count = 'all'; }", "01:00",
                        FORGOT BACK},
                /* refused: nothing at all is done to it */
                {HOST CARD VFIO " in_use=qemu\n" TWIN "policy x\n",
                        ONE ", { name = 'b'; address = '02:00'; }", "",
                        "policy; forget 10de:26b1; unbind 0000:02:00.0 vfio-pci; "
                        "clear 0000:02:00.0; probe 0000:02:00.0; announce 0000:02:00.0 nouveau; "
                        "settle 0000:02:00.0"},
                {HOST CARD VFIO " in_use=qemu\npolicy x\n", ONE, "a", ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, trials[i].config);

                give_back(&scene, trials[i].names);
                cr_expect_str_eq(scene_steps_text(&scene), trials[i].steps, "%zu: %s", i,
                        scene_steps_text(&scene));
        }
}

/* What udev and modprobe obey is as if the released claims were skipped. */
Test(release, modprobe_d)
{
        static const struct {
                const char *machine, *config, *names, *contains, *lacks;
        } trials[] = {
                {HOST CARD VFIO "\npolicy x\n", ONE, "a", "options vfio-pci ids=\n", "blacklist"},
                {HOST CARD VFIO "\n" TWIN, "{ id = '10de:26b1'; count = 'all'; }", "01:00",
                        "options vfio-pci ids=\n", "blacklist nouveau"},
                {HOST CARD VFIO "\n0000:02:00.0 1002:744c 030000 group=2 modules=amdgpu" VFIO "\n",
                        ONE ", { name = 'b'; address = '02:00'; }", "a", "blacklist amdgpu\n",
                        "blacklist nouveau"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, trials[i].config);
                const Step *step = NULL;

                give_back(&scene, trials[i].names);
                step = scene_find_step(&scene, STEP_POLICY, "");
                cr_assert(step, "%zu", i);
                cr_expect(strstr(step->text, trials[i].contains), "%zu: %s", i, step->text);
                cr_expect(!strstr(step->text, trials[i].lacks), "%zu: %s", i, step->text);
        }
}

/* A module that the config keeps away by name is not waited for. */
Test(release, what_may_take_it)
{
        SCENE(scene, HOST CARD VFIO "\n" TWIN,
                "gpus = ( " ONE
                ", { name = 'b'; address = '02:00'; } ); blacklist = [ 'nouveau' ];");

        give_back(&scene, "a");
        cr_expect_str_eq(
                scene_find_step(&scene, STEP_ANNOUNCE, "0000:01:00.0")->target, "nvidiafb");
        give_back(&scene, "b");
        cr_expect_str_eq(scene_find_step(&scene, STEP_ANNOUNCE, "0000:02:00.0")->target, "nouveau",
                "nobody is left whom it is kept away from");
}

Test(release, refusals)
{
        static const struct {
                const char *machine, *claims, *sentence;
                Result result;
        } trials[] = {
                {CARD VFIO " in_use=qemu-system-x86\n", "a:0000:01:00.0{0}!driver-busy",
                        "0000:01:00.0 is on vfio-pci and in use: qemu-system-x86; shut that down "
                        "first",
                        RESULT_REFUSED},
                {CARD VFIO " doubt=closed\n", "a:0000:01:00.0{0}!driver-busy",
                        "0000:01:00.0 is on vfio-pci and may be in use: closed", RESULT_REFUSED},
                /* the whole card, whichever function it is */
                {CARD VFIO "\n" AUDIO VFIO " in_use=qemu\n", "a:0000:01:00.0{0,1}!driver-busy",
                        "0000:01:00.1 is on vfio-pci and in use: qemu", RESULT_REFUSED},
                {CARD VFIO " numvfs=2\n", "a:0000:01:00.0{0}!virtual-function",
                        "0000:01:00.0 has 2 SR-IOV virtual functions", RESULT_REFUSED},
                {CARD VFIO " stuck=worker\n", "a:0000:01:00.0{0}!timeout",
                        "a step on 0000:01:00.0 never came back: worker is still", RESULT_FAILED},
                {CARD " silent=ones\n", "a:0000:01:00.0{0}!unreadable",
                        "0000:01:00.0 could not be read: ones", RESULT_REFUSED},
                {CARD VFIO "\n0000:01:00.1 10de:22ba 040300 group=1 unreadable=why\n",
                        "a:0000:01:00.0{0,1}!unreadable", "0000:01:00.1 could not be read: why",
                        RESULT_REFUSED},
                /* what select found is told with what to do, too */
                {HOST, "a:-!absent", "there is no device at 0000:01:00.0", RESULT_ABSENT},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, ONE);
                const Plan *plan = give_back(&scene, "a");
                Verdict verdict = {0};

                cr_expect_str_eq(scene_claims_text(&scene, &plan->claims), trials[i].claims,
                        "%zu: %s", i, scene_claims_text(&scene, &plan->claims));
                verdict = judge(plan, NULL, NULL, scene.arena);
                cr_expect_eq(verdict.result, trials[i].result, "%zu", i);
                cr_expect_neq(verdict.error, 0, "%zu", i);
                cr_expect(verdict.remedy && strstr(verdict.message, verdict.remedy), "%zu", i);
                cr_expect(
                        strstr(verdict.message, trials[i].sentence), "%zu: %s", i, verdict.message);
        }
}

/* Whoever names an address has no entry to mend. */
Test(release, remedies_for_addresses)
{
        static const struct {
                const char *machine, *remedy;
        } trials[] = {
                {HOST, "see `vfio-gpu list` for what is there"},
                {HOST "0000:05:00.0 144d:a80a 010802 group=5\n",
                        "see `vfio-gpu list` for what is there"},
                {HOST "0000:05:00.0 10de:26b8 030200 group=100 vf=0000:01:00.0\n",
                        "name the card that it belongs to"},
                {HOST "0000:05:00.0 0000:0000 000000 unreadable=class\n",
                        "look at the kernel's messages"},
                {HOST "0000:05:00.0 10de:26b1 030000 group=5 driver=nouveau\n",
                        "there is nothing to give back"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, ONE);
                const Plan *plan = give_back(&scene, "05:00");
                Verdict verdict = judge(plan, NULL, NULL, scene.arena);

                cr_expect(verdict.remedy && strstr(verdict.remedy, trials[i].remedy), "%zu: %s", i,
                        verdict.message);
        }
}

/* What the host's own driver has is nobody's but the host's. */
Test(release, users_of_the_host_do_not_matter)
{
        SCENE(scene, HOST CARD " driver=nouveau in_use=Xorg numvfs=2\n", ONE);
        const Plan *plan = give_back(&scene, "a");

        cr_expect_str_eq(scene_claims_text(&scene, &plan->claims), "a:0000:01:00.0{0}");
        cr_expect_str_eq(scene_steps_text(&scene), "forget 10de:26b1; clear 0000:01:00.0");
        cr_expect_not(release_takes(&plan->claims, scene_function(&scene, "0000:01:00.0")));
}

Test(release, whose_users_are_asked_for)
{
        SCENE(scene, HOST CARD VFIO "\n" AUDIO "\n" TWIN, ONE);
        Claims claims = {0};
        const char *unknown = NULL;

        cr_assert_eq(select_targets(&scene, "", &claims, &unknown), 0);
        cr_expect(release_takes(&claims, scene_function(&scene, "0000:01:00.0")));
        cr_expect_not(release_takes(&claims, scene_function(&scene, "0000:01:00.1")));
        cr_expect_not(release_takes(&claims, scene_function(&scene, "0000:02:00.0")));
}

/* What the machine shows afterwards. */
Test(release, verdicts)
{
        static const struct {
                StepType type;
                StepState state;
                int error;
                const char *driver, *vfio; /* that the card has then */
                Result result;
                Reason reason;
                const char *sentence;
        } trials[] = {
                {STEP_POLICY, STEP_DONE, 0, "nouveau", NULL, RESULT_SKIPPED, REASON_NONE,
                        "0000:01:00.0 is on nouveau"},
                {STEP_POLICY, STEP_DONE, 0, NULL, NULL, RESULT_SKIPPED, REASON_NONE,
                        "0000:01:00.0 has no driver"},
                /* told or not: it is off VFIO */
                {STEP_ANNOUNCE, STEP_FAILED, EIO, NULL, NULL, RESULT_SKIPPED, REASON_NONE,
                        "0000:01:00.0 has no driver"},
                {STEP_PROBE, STEP_FAILED, EIO, NULL, NULL, RESULT_SKIPPED, REASON_NONE,
                        "0000:01:00.0 has no driver"},
                /* what probes has the link already */
                {STEP_PROBE, STEP_TIMED_OUT, 0, "nouveau", NULL, RESULT_FAILED, REASON_TIMEOUT,
                        "not in time; now 0000:01:00.0 is on nouveau; the driver of the host does "
                        "not come back from taking it"},
                {STEP_SETTLE, STEP_TIMED_OUT, 0, "nouveau", NULL, RESULT_FAILED, REASON_TIMEOUT,
                        "the driver of the host does not come back from taking it"},
                {STEP_UNBIND, STEP_TIMED_OUT, 0, NULL, NULL, RESULT_FAILED, REASON_TIMEOUT,
                        "could not take 0000:01:00.0 from vfio-pci: not in time; now 0000:01:00.0 "
                        "has no driver; power the machine off and on"},
                {STEP_UNBIND, STEP_FAILED, ENODEV, "vfio-pci", "vfio0", RESULT_FAILED,
                        REASON_BIND_FAILED,
                        "could not take 0000:01:00.0 from vfio-pci: No such device; now "
                        "0000:01:00.0 is on vfio-pci"},
                {STEP_CLEAR, STEP_FAILED, EACCES, NULL, NULL, RESULT_FAILED, REASON_BIND_FAILED,
                        "could not clear the driver_override of 0000:01:00.0: Permission denied"},
                /* something else hands it over */
                {STEP_POLICY, STEP_DONE, 0, "vfio-pci", "vfio0", RESULT_FAILED, REASON_BIND_FAILED,
                        "it came back to VFIO: 0000:01:00.0 is on vfio-pci; find what else"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, HOST CARD VFIO "\n" TWIN "policy x\n",
                        "{ name = 'b'; address = '02:00'; }, " ONE);
                const Plan *plan = give_back(&scene, "a");
                StepOutcome *outcomes =
                        arena_array(scene.arena, plan->n_steps, sizeof(StepOutcome));
                const Binding now = {.driver = trials[i].driver, .vfio_device = trials[i].vfio};
                Verdict verdict = {0};

                for (size_t k = 0; k < plan->n_steps; k++) {
                        outcomes[k].state = STEP_DONE;
                        if (plan->steps[k].type == trials[i].type)
                                outcomes[k] = (StepOutcome){
                                        .state = trials[i].state, .error = trials[i].error};
                }
                verdict = judge(plan, &now, outcomes, scene.arena);
                cr_expect_eq(verdict.result, trials[i].result, "%zu", i);
                cr_expect_eq(verdict.reason, trials[i].reason, "%zu", i);
                cr_expect(
                        strstr(verdict.message, trials[i].sentence), "%zu: %s", i, verdict.message);
                cr_expect_eq(verdict.bindings, &now);
                cr_expect_str_eq(verdict.drivers_before[0], "vfio-pci");
                cr_expect_eq(!!verdict.error, verdict.result == RESULT_FAILED);
        }
}

/* No VM can use another card of the group then, and somebody has to say so. */
Test(release, what_is_left_of_the_group)
{
#define OTHER "0000:02:00.0 10de:1eb8 030000 group=1"
        static const struct {
                const char *other, *names, *driver; /* that the card has then */
                const char *message;
        } trials[] = {
                {OTHER VFIO "\n", "a", "nouveau",
                        "0000:01:00.0 is on nouveau; 0000:02:00.0 of the same IOMMU group 1 stays "
                        "on vfio-pci, and no VM can use it until it is released, too, or this is "
                        "handed over again"},
                /* a group with nobody of the host in it; both go; it is on VFIO no more, or alone
                 */
                {OTHER VFIO "\n", "a", NULL, "0000:01:00.0 has no driver"},
                {OTHER VFIO "\n", "a 02:00", "nouveau", "0000:01:00.0 is on nouveau"},
                {OTHER " driver=nouveau\n", "a", "nouveau", "0000:01:00.0 is on nouveau"},
                {TWIN, "a", "nouveau", "0000:01:00.0 is on nouveau"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(scene_done) Scene scene = {0};
                char machine[512];

                snprintf(machine, sizeof(machine), "%s%s", HOST CARD VFIO "\n", trials[i].other);
                scene_set(&scene, machine, ONE, "");

                const Plan *plan = give_back(&scene, trials[i].names);
                const StepOutcome *outcomes =
                        arena_array(scene.arena, plan->n_steps, sizeof(StepOutcome));
                const Binding now = {.driver = trials[i].driver};
                Verdict verdict = judge(plan, &now, outcomes, scene.arena);

                cr_expect_str_eq(verdict.message, trials[i].message, "%zu: %s", i, verdict.message);
        }
}

/* Nothing tells vfio-pci of a model again that it was made to forget. */
Test(release, a_model_that_was_known)
{
        static const struct {
                const char *machine;
                bool said;
        } trials[] = {
                {HOST CARD VFIO "\npolicy options vfio-pci ids=1002:744c,10de:26b1\n", true},
                {HOST CARD VFIO "\npolicy options vfio-pci ids=10de:26b1:10de:16a1\n", true},
                {HOST CARD VFIO "\npolicy options vfio-pci ids=1002:744c\n", false},
                {HOST CARD VFIO "\npolicy options vfio-pci ids=\n", false},
                {HOST CARD VFIO "\n", false},
                {"0000:00:02.0 8086:4680 030000 group=90\n" CARD
                 "\npolicy options vfio-pci ids=10de:26b1\n",
                        false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, trials[i].machine, ONE);
                const Plan *plan = give_back(&scene, "a");
                const StepOutcome *outcomes =
                        arena_array(scene.arena, plan->n_steps, sizeof(StepOutcome));
                const Binding now = {.driver = "nouveau"};
                Verdict verdict = judge(plan, &now, outcomes, scene.arena);

                cr_expect_eq(strstr(verdict.message,
                                     "vfio-pci knows the model 10de:26b1 no more") != NULL,
                        trials[i].said, "%zu: %s", i, verdict.message);
        }
}

/* Elsewhere in that file it says nothing. */
Test(release, a_model_that_is_not_among_the_options)
{
        SCENE(scene, HOST CARD VFIO "\n", ONE);
        const Binding now = {.driver = "nouveau"};

        scene.host->policy = "options vfio-pci ids=\n# 10de:26b1\n";
        const Plan *plan = give_back(&scene, "a");
        const StepOutcome *outcomes = arena_array(scene.arena, plan->n_steps, sizeof(StepOutcome));
        Verdict verdict = judge(plan, &now, outcomes, scene.arena);
        cr_expect_str_eq(verdict.message, "0000:01:00.0 is on nouveau", "%s", verdict.message);
}
