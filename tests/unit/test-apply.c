/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-apply.h"

#include "host/capabilities.h"
#include "report/report.h"

Test(apply, whole_flow_and_a_second_plan_that_is_empty)
{
        for (size_t n = 0; n < scene_n_samples; n++) {
                const SceneSample *sample = &scene_samples[n];
                RUN(run, sample->machine, sample->config);
                const Claims *claims = &run.scene.plan->claims;
                bool never = strcmp(sample->name, "linked and not registered") == 0;

                /* what VFIO will never know of is waited for as long as one step may take */
                apply(&run, never ? 300 : 3000);
                expect_truth(&run, sample->name);
                expect_own_functions_only(&run, sample->name);
                for (size_t i = 0; i < claims->n_items; i++) {
                        bool wanted = claim_is_accepted(&claims->items[i]) && !never;

                        cr_expect_eq(run.verdicts[i].result == RESULT_READY, wanted, "%s: %s",
                                sample->name, run.verdicts[i].message);
                }
                cr_expect_eq(sim_probed_in_load(run.sim), 0, "%s", sample->name);
                if (never)
                        continue;
                sim_scan(run.sim, run.scene.host);
                scene_plan(&run.scene);
                cr_expect_str_empty(scene_steps_text(&run.scene), "%s: %s", sample->name,
                        scene_steps_text(&run.scene));
        }
}

/* The policy file is a convenience. */
static bool needs(const Run *run, size_t claim, const Step *step)
{
        const Plan *plan = run->scene.plan;

        return step->type != STEP_POLICY &&
               step_serves(plan->steps, plan->n_steps, (size_t)(step - plan->steps), (int)claim);
}

static void expect_others_ready(const Run *run, const Step *broken, const char *what)
{
        for (size_t i = 0; i < run->scene.plan->claims.n_items; i++)
                if (!needs(run, i, broken))
                        cr_expect_eq(run->verdicts[i].result, RESULT_READY, "%s: %s", what,
                                run->verdicts[i].message);
}

/* A step that failed, hung or died is seen: only the policy file may go wrong unpunished. */
static void expect_broken_not_ready(const Run *run, const Step *broken, const char *what)
{
        for (size_t i = 0; i < run->scene.plan->claims.n_items; i++)
                if (needs(run, i, broken))
                        cr_expect_neq(run->verdicts[i].result, RESULT_READY, "%s", what);
}

/* What comes after it, for each card that needs it, is not even tried. */
static void expect_left_alone(const Run *run, const Step *broken, const char *what)
{
        const Plan *plan = run->scene.plan;

        for (size_t i = (size_t)(broken - plan->steps) + 1; i < plan->n_steps; i++)
                if (plan->steps[i].claim >= 0 && needs(run, (size_t)plan->steps[i].claim, broken))
                        cr_expect_eq(run->outcomes[i].state, STEP_NOT_TAKEN, "%s: then %s", what,
                                step_describe(&plan->steps[i], run->scene.arena));
}

/* A plan with a step of each type. */
static const char broken_machine[] =
        "0000:01:00.0 10de:26b1 038000 group=1 reset_method=flr,bus d3cold=1 framebuffer\n"
        "framebuffer efi-framebuffer.0 efi-framebuffer\n"
        "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel d3cold=0\n" VARIANT HOST;
static const char broken_config[] = "{ address = '01:00'; reset_method = ['bus']; d3cold = false; "
                                    "allow_boot_display = true; }, "
                                    "{ address = '02:00'; }";

/* Only behind one that hangs might others wait. */
static void expect_readable(const Run *run, const char *what)
{
        const Plan *plan = run->scene.plan;

        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].claim >= 0)
                        cr_expect(sim_is_readable(run->sim, plan->steps[i].address), "%s: %s", what,
                                PCI_ADDRESS(plan->steps[i].address));
}

static void break_step(size_t n, SimFaultType type, int value, unsigned step_ms)
{
        SCENE(scene, broken_machine, broken_config);
        const Step *planned = &scene_plan(&scene)->steps[n];
        const char *what = step_describe(planned, scene.arena);
        _cleanup_(run_done) Run run = {0};

        apply_with(&run, broken_machine, broken_config, fault_at(planned, type, value, scene.arena),
                step_ms);
        const Step *step = &run.scene.plan->steps[n];
        expect_truth(&run, what);
        expect_own_functions_only(&run, what);
        if (type != SIM_HANG)
                expect_readable(&run, what);
        if (type == SIM_NOTHING)
                return;
        expect_others_ready(&run, step, what);
        expect_broken_not_ready(&run, step, what);
        expect_left_alone(&run, step, what);
}

/* Every step of the plan meets the fault, one run each. */
static void break_each_step(SimFaultType type, int value, unsigned step_ms)
{
        SCENE(scene, broken_machine, broken_config);
        size_t n_steps = scene_plan(&scene)->n_steps;

        cr_assert_gt(n_steps, 10);
        for (size_t n = 0; n < n_steps; n++)
                break_step(n, type, value, step_ms);
}

Test(apply, each_step_failing)
{
        break_each_step(SIM_FAIL, EIO, 2000);
}

Test(apply, each_step_with_its_worker_dying)
{
        break_each_step(SIM_DIE, 0, 2000);
}

Test(apply, each_step_hanging)
{
        break_each_step(SIM_HANG, 0, 100);
}

Test(apply, each_step_accepted_without_effect)
{
        break_each_step(SIM_NOTHING, 0, 100);
}

Test(apply, a_hang_costs_one_step_and_one_card)
{
        _cleanup_(run_done) Run run = {0};

        apply_with(&run, A B HOST, TWO, (SimFault){SIM_BIND, "0000:01:00.0", "", SIM_HANG, 0}, 100);
        cr_expect_geq(run.ms, run.step_ms);
        cr_expect_leq(run.ms, run.step_ms * 2, "%ld ms", (long)run.ms);
        cr_expect_eq(run.verdicts[0].reason, REASON_TIMEOUT);
        cr_expect_eq(run.verdicts[0].error, ETIMEDOUT);
        cr_expect_eq(run.verdicts[1].result, RESULT_READY, "%s", run.verdicts[1].message);
        /* and the card is left alone after that */
        cr_expect_str_empty(sim_driver(run.sim, (PciAddress){.bus = 1, .function = 1}));
        for (size_t i = 0; i < run.scene.plan->n_steps; i++)
                cr_expect_eq(run.outcomes[i].worker > 0, run.outcomes[i].state == STEP_TIMED_OUT);
        /* by everybody: who read what waits for its lock would never come back either */
        cr_expect_not(sim_is_readable(run.sim, (PciAddress){.bus = 1}));
        cr_expect(sim_is_readable(run.sim, (PciAddress){.bus = 1, .function = 1}));
        cr_expect(sim_is_readable(run.sim, (PciAddress){.bus = 2}));
}

#define EIGHT                                                                                      \
        "0000:0a:00.0 10de:2330 030200 group=1\n0000:1a:00.0 10de:2330 030200 group=2\n"           \
        "0000:2a:00.0 10de:2330 030200 group=3\n0000:3a:00.0 10de:2330 030200 group=4\n"           \
        "0000:4a:00.0 10de:2330 030200 group=5\n0000:5a:00.0 10de:2330 030200 group=6\n"           \
        "0000:6a:00.0 10de:2330 030200 group=7\n0000:7a:00.0 10de:2330 030200 group=8\n"

static int64_t time_slow_cards(const char *config)
{
        RUN(run, EIGHT, config);

        sim_set_fault(run.sim, (SimFault){SIM_BIND, "", "", SIM_SLOW, 100});
        apply(&run, 3000);
        for (size_t i = 0; i < run.scene.plan->claims.n_items; i++)
                cr_expect_eq(run.verdicts[i].result, RESULT_READY, "%s", run.verdicts[i].message);
        return run.ms;
}

/* The best of several: what else runs on this machine is not what is measured. */
Test(apply, eight_slow_cards_side_by_side)
{
        int64_t one = time_slow_cards("{ address = '0a:00'; }"), eight = 60000;

        cr_expect_geq(one, 100);
        for (int i = 0; i < 20 && eight * 10 > one * 13; i++) {
                int64_t ms = time_slow_cards("{ id = '10de:2330'; count = 8; }");

                eight = ms < eight ? ms : eight;
        }
        cr_expect_leq(eight * 10, one * 13, "eight %ld ms, one %ld ms", (long)eight, (long)one);
}

/* driver_async_probe= lets bind come back before VFIO has the card. */
Test(apply, waits_until_vfio_knows)
{
        RUN(run, A B HOST, TWO);

        sim_set_fault(run.sim, (SimFault){SIM_BIND, "0000:02:00.0", "", SIM_LATE, 150});
        apply(&run, 3000);
        cr_expect_eq(run.verdicts[1].result, RESULT_READY, "%s", run.verdicts[1].message);
        cr_expect_lt(run.ms, 3000, "%ld ms", (long)run.ms);
}

Test(apply, but_not_for_ever)
{
        _cleanup_(run_done) Run run = {0};

        apply_with(&run, A B HOST, TWO, (SimFault){SIM_BIND, "0000:02:00.0", "", SIM_HALF, 0}, 100);
        cr_expect_leq(run.ms, run.step_ms * 2, "%ld ms", (long)run.ms);
        cr_expect_eq(run.verdicts[0].result, RESULT_READY, "%s", run.verdicts[0].message);
        cr_expect_eq(run.verdicts[1].reason, REASON_LOST);
        cr_expect(strstr(run.verdicts[1].message, "not yet known to VFIO"));
}

/* What changed between reading and writing is told as the kernel tells it. */
Test(apply, errno_of_the_kernel)
{
        static const struct {
                Function change;
                int error;
                const char *says;
        } changes[] = {
                {{.iommu_group = 1, .enabled_vfs = 2}, EBUSY, "Device or resource busy"},
                {{.iommu_group = 1, .binding.driver = "nouveau"}, EBUSY, "is on nouveau"},
                {{.iommu_group = -1}, EINVAL, "Invalid argument; now 0000:01:00.0 has no driver"},
                {{.iommu_group = 1, .bridge = true}, EINVAL, "Invalid argument"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
                RUN(run, "0000:01:00.0 10de:26b1 030200 group=1\n", "{ address = '01:00'; }");
                Function *f = &run.scene.host->functions[0], before = *f;

                f->iommu_group = changes[i].change.iommu_group;
                f->enabled_vfs = changes[i].change.enabled_vfs;
                f->bridge = changes[i].change.bridge;
                f->binding = changes[i].change.binding;
                sim_free(run.sim);
                run.sim = sim_new(run.scene.host);
                *f = before;
                apply(&run, 3000);
                cr_expect_eq(run.verdicts[0].reason, REASON_BIND_FAILED, "%zu", i);
                cr_expect_eq(run.verdicts[0].error, changes[i].error, "%zu", i);
                cr_expect(strstr(run.verdicts[0].message, changes[i].says), "\"%s\" lacks \"%s\"",
                        run.verdicts[0].message, changes[i].says);
        }
}

/* A twin that nobody lists is what it was, with ids= of its model in force or not. */
Test(apply, a_twin_goes_to_its_own_driver)
{
        RUN(run, A B HOST, "{ address = '01:00'; }");
        const PciAddress twin = {.bus = 2}, card = {.bus = 1};

        apply(&run, 3000);
        cr_expect_str_empty(sim_driver(run.sim, twin));
        sim_load(run.sim, "nouveau");
        cr_expect_str_eq(sim_driver(run.sim, twin), "nouveau");
        cr_expect(sim_is_ready(run.sim, card));
}

/* The holds keep every card out of the load, where one bad card would take all with it. */
Test(apply, nothing_is_probed_inside_of_the_load)
{
        RUN(run, EIGHT, "{ id = '10de:2330'; count = 'all'; }");

        cr_assert(strstr(scene_find_step(&run.scene, STEP_LOAD, "")->text, "ids=10de:2330"));
        apply(&run, 3000);
        cr_expect_eq(sim_probed_in_load(run.sim), 0);
        cr_expect_eq(run.verdicts[7].result, RESULT_READY, "%s", run.verdicts[7].message);
}

/* The longest plan there is: how many operations it takes. */
static size_t count_operations(const char *machine, const char *config)
{
        RUN(run, machine, config);

        apply(&run, 3000);
        return sim_n_log(run.sim);
}

/* udev is not there yet, but the program may be run when it is: at every point, what it does to a
 * card that is not yet held is seen, and one that is held is safe from it. */
Test(apply, a_rival_at_every_point)
{
        size_t n = count_operations(A B HOST, TWO);
        const unsigned holds = 3;

        for (unsigned before = 0; before <= n; before++) {
                RUN(run, A B HOST, TWO);
                char what[32];

                snprintf(what, sizeof(what), "nouveau before %u", before);
                sim_set_event(run.sim, (SimEvent){.before = before, .load = "nouveau"});
                apply(&run, 3000);
                expect_truth(&run, what);
                for (size_t i = 0; i < 2 && before > holds; i++)
                        cr_expect_eq(run.verdicts[i].result, RESULT_READY, "%s: %s", what,
                                run.verdicts[i].message);
                if (before == 0)
                        cr_expect_eq(run.verdicts[0].error, EBUSY, "%s: %s", what,
                                run.verdicts[0].message);
        }
}

Test(apply, a_card_unplugged_at_every_point)
{
        size_t n = count_operations(A B HOST, TWO);

        for (unsigned before = 0; before < n; before++) {
                RUN(run, A B HOST, TWO);
                char what[32];

                snprintf(what, sizeof(what), "gone before %u", before);
                sim_set_event(run.sim, (SimEvent){.before = before, .gone = "0000:02:00.0"});
                apply(&run, 3000);
                expect_truth(&run, what);
                cr_expect_eq(run.verdicts[0].result, RESULT_READY, "%s: %s", what,
                        run.verdicts[0].message);
                cr_expect_neq(run.verdicts[1].result, RESULT_READY, "%s", what);
        }
}

/* A card that failed half-way keeps its hold: no driver of the host grabs it afterwards. */
Test(apply, a_failed_card_stays_held)
{
        RUN(run, A B HOST, TWO);

        sim_set_fault(run.sim, (SimFault){SIM_LOAD, "", "vfio_pci", SIM_FAIL, ENOENT});
        apply(&run, 3000);
        sim_load(run.sim, "nouveau");
        sim_load(run.sim, "snd_hda_intel");
        for (size_t i = 0; i < 3; i++)
                cr_expect_str_empty(sim_driver(run.sim, run.scene.host->functions[i + 1].address));
        cr_expect_eq(run.verdicts[0].reason, REASON_NO_DRIVER);
        cr_expect_eq(run.verdicts[1].error, ENOENT);
}

/* Each phase alone would have time enough: the limit is that of all of them. */
Test(apply, the_whole_run_has_one_limit)
{
        RUN(run, A HOST, "{ address = '01:00'; }");
        const Plan *plan = run.scene.plan;
        StepOutcome outcomes[16] = {0};
        const WorkerLimits limits = {.step_ms = 3000, .total_ms = 500};

        cr_assert_leq(plan->n_steps, ARRAY_SIZE(outcomes));
        sim_set_fault(run.sim, (SimFault){SIM_OVERRIDE, "", "", SIM_SLOW, 200});
        int64_t start = now_ms();
        cr_assert_eq(apply_steps(plan->steps, plan->n_steps, plan->claims.n_items, sim_ops(run.sim),
                             &limits, outcomes),
                0);
        int64_t ms = now_ms() - start;
        run.outcomes = outcomes;
        /* two holds of 200 ms, and then there is no time for two more */
        Verdict verdict = verdict_of(&run, 0);
        cr_expect_eq(verdict.reason, REASON_TIMEOUT, "%s", verdict.message);
        cr_expect_geq(ms, 490, "%ld ms", (long)ms);
        cr_expect_lt(ms, 780, "%ld ms", (long)ms);
        cr_expect_not(sim_is_ready(run.sim, (PciAddress){.bus = 1, .function = 1}));
}

/* A worker without any time might still write, and not be believed. */
Test(apply, without_time_no_step_is_taken)
{
        RUN(run, A B HOST, TWO);
        const Plan *plan = run.scene.plan;
        StepOutcome outcomes[32] = {0};
        const WorkerLimits limits = {.step_ms = 3000, .total_ms = 0};

        cr_assert_leq(plan->n_steps, ARRAY_SIZE(outcomes));
        cr_assert_eq(apply_steps(plan->steps, plan->n_steps, plan->claims.n_items, sim_ops(run.sim),
                             &limits, outcomes),
                0);
        cr_expect_eq(sim_n_log(run.sim), 0);
        for (size_t i = 0; i < plan->n_steps; i++) {
                const Step *step = &plan->steps[i], *before = i > 0 ? step - 1 : NULL;
                bool first = !before || step->type != before->type || step->claim != before->claim;
                bool tried = first && step->type <= STEP_LOAD;

                cr_expect_eq(outcomes[i].state, tried ? STEP_TIMED_OUT : STEP_NOT_TAKEN, "%zu: %s",
                        i, step_describe(step, run.scene.arena));
        }
        run.outcomes = outcomes;
        for (size_t i = 0; i < 2; i++)
                cr_expect_eq(verdict_of(&run, i).reason, REASON_TIMEOUT);
}

/* A card that is ready is of no use where its group still has a driver of the host. */
Test(apply, a_busy_neighbour_spoils_the_group)
{
        RUN(run,
                "0000:01:00.0 10de:26b1 030000 group=1\n"
                "0000:02:00.0 10de:26b1 030000 group=1\n"
                "0000:02:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n" HOST,
                TWO);

        sim_set_fault(run.sim, (SimFault){SIM_UNBIND, "0000:02:00.1", "", SIM_FAIL, EPERM});
        apply(&run, 3000);
        verify_groups(run.scene.plan, run.verdicts, run.scene.arena);
        cr_expect_eq(run.verdicts[0].reason, REASON_SHARED_GROUP, "%s", run.verdicts[0].message);
        cr_expect_eq(run.verdicts[1].reason, REASON_BIND_FAILED, "%s", run.verdicts[1].message);
}

/* What reaches a card's driver has no privilege at all, however it is led astray. */
Test(apply, only_the_load_has_a_capability)
{
        RUN(run, A HOST, "{ address = '01:00'; }");
        uint64_t ours = capabilities_now();
        size_t n_loads = 0, n_others = 0;

        apply(&run, 1000);
        for (size_t i = 0; i < sim_n_log(run.sim); i++) {
                const SimLog *log = sim_log(run.sim, i);
                bool load = log->operation == SIM_LOAD;
                uint64_t wanted = load ? CAPABILITY(CAP_SYS_MODULE) : 0;

                cr_expect_eq(log->capabilities, ours & wanted, "operation %d: %lx", log->operation,
                        (unsigned long)log->capabilities);
                n_loads += load;
                n_others += !load;
        }
        cr_expect_gt(n_loads, 0);
        cr_expect_gt(n_others, 0);
}
