/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Apply, release and apply again, on the simulated kernel. */

#include "lib/sim-core.h"
#include "unit/test-apply.h"
#include "unit/test-release.h"

#define HOST "0000:00:02.0 8086:4680 030000 group=90\n"
#define CARD(bus, group)                                                                           \
        "0000:" bus ":00.0 10de:26b1 030000 group=" group " modules=nouveau\n"                     \
        "0000:" bus ":00.1 10de:22ba 040300 group=" group "\n"
#define TWINS HOST CARD("01", "1") CARD("02", "2")
#define POOL  "{ name = 'pool'; id = '10de:26b1'; count = 'all'; }"

static PciAddress at(unsigned bus, unsigned function)
{
        return (PciAddress){.bus = (uint8_t)bus, .function = (uint8_t)function};
}

/* The cards of a pool have been handed over. */
static void hand_over(Run *run)
{
        apply(run, 2000);
        cr_assert_eq(run->verdicts[0].result, RESULT_READY, "%s", run->verdicts[0].message);
        sim_scan(run->sim, run->scene.host);
}

/* Gives back what `names` says, as the verb does. */
static void release(Run *run, const char *names, unsigned step_ms)
{
        const Plan *plan = give_back(&run->scene, names);

        apply(run, step_ms);
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                const Claim *claim = &plan->claims.items[i];
                Binding *now = arena_array(run->scene.arena, claim->n_functions, sizeof(Binding));
                const Ops *ops = sim_ops(run->sim);

                for (size_t k = 0; k < claim->n_functions; k++)
                        (void)ops->read_binding(ops->context, claim->functions[k]->address,
                                run->scene.arena, &now[k]);
                run->verdicts[i] = release_verify(plan, i, now, run->outcomes, run->scene.arena);
        }
        sim_scan(run->sim, run->scene.host);
}

static void expect_driver(Run *run, unsigned bus, unsigned function, const char *driver)
{
        const char *now = sim_driver(run->sim, at(bus, function));

        cr_expect_str_eq(now, driver, "%u.%u: %s", bus, function, now);
}

/* The one goes to the host's drivers, which udev loads: nothing keeps them away any more. The other
 * stays, and nothing else on the machine changes. */
Test(release_sim, one_of_two_twins)
{
        RUN(run, TWINS, POOL);

        hand_over(&run);
        release(&run, "01:00", 2000);
        cr_expect_eq(run.verdicts[0].result, RESULT_SKIPPED, "%s", run.verdicts[0].message);
        expect_driver(&run, 1, 0, "nouveau");
        expect_driver(&run, 1, 1, "snd_hda_intel");
        cr_expect(sim_is_ready(run.sim, at(2, 0)) && sim_is_ready(run.sim, at(2, 1)));

        /* it is skipped, and then there is nothing to do */
        scene_plan(&run.scene);
        cr_expect_str_eq(scene_claims_text(&run.scene, &run.scene.plan->claims),
                "pool:0000:01:00.0{0,1}!skipped pool:0000:02:00.0{0,1}");
        cr_expect_str_empty(scene_steps_text(&run.scene));

        /* a second release neither */
        release(&run, "01:00", 2000);
        cr_expect_eq(run.verdicts[0].result, RESULT_SKIPPED);
        expect_driver(&run, 1, 0, "nouveau");
}

/* The drivers of the host are there already: nobody has to load them. */
Test(release_sim, loaded_drivers_have_it_again)
{
        RUN(run, TWINS "0000:03:00.0 10de:1eb8 030000 group=3 modules=nouveau driver=nouveau\n",
                POOL);

        hand_over(&run);
        sim_set_fault(run.sim, (SimFault){SIM_ANNOUNCE, "", "", SIM_NOTHING, 0});
        release(&run, "", 2000);
        expect_driver(&run, 1, 0, "nouveau");
        expect_driver(&run, 2, 0, "nouveau");
        /* nobody waited for it to be loaded */
        cr_expect_lt(run.ms, 1500);
}

/* Where vfio-pci still knew the model, it would have the card again. */
Test(release_sim, vfio_pci_forgets_the_model)
{
        RUN(run, TWINS, POOL);

        hand_over(&run);
        sim_set_fault(run.sim, (SimFault){SIM_FORGET, "", "", SIM_NOTHING, 0});
        release(&run, "01:00", 2000);
        cr_expect_eq(run.verdicts[0].result, RESULT_FAILED);
        cr_expect(strstr(run.verdicts[0].message, "it came back to VFIO: 0000:01:00.0 is on "),
                "%s", run.verdicts[0].message);
}

/* A card that failed half-way is on hold: nobody gets it, until it is given back. */
Test(release_sim, from_hold)
{
        RUN(run, TWINS, POOL);

        sim_set_fault(run.sim, (SimFault){SIM_BIND, "0000:01:00.1", "", SIM_FAIL, EINVAL});
        apply(&run, 2000);
        cr_assert_eq(run.verdicts[0].result, RESULT_FAILED);
        sim_load(run.sim, "snd_hda_intel");
        expect_driver(&run, 1, 1, "");
        sim_scan(run.sim, run.scene.host);
        release(&run, "01:00", 2000);
        cr_expect_eq(run.verdicts[0].result, RESULT_SKIPPED, "%s", run.verdicts[0].message);
        expect_driver(&run, 1, 0, "nouveau");
        expect_driver(&run, 1, 1, "snd_hda_intel");
}

Test(release_sim, a_driver_that_does_not_let_go)
{
        RUN(run, TWINS, POOL);

        hand_over(&run);
        sim_set_fault(run.sim, (SimFault){SIM_UNBIND, "0000:01:00.0", "", SIM_HANG, 0});
        release(&run, "", 300);
        cr_expect_eq(run.verdicts[0].result, RESULT_FAILED);
        cr_expect_eq(run.verdicts[0].reason, REASON_TIMEOUT);
        cr_expect_eq(run.verdicts[1].result, RESULT_SKIPPED, "%s", run.verdicts[1].message);
        expect_driver(&run, 2, 0, "nouveau");
        /* it is not touched again */
        for (size_t i = 0, hung = 0; i < sim_n_log(run.sim); i++) {
                const SimLog *log = sim_log(run.sim, i);

                if (hung)
                        cr_expect_neq(pci_address_compare(log->address, at(1, 0)), 0);
                hung |= log->operation == SIM_UNBIND &&
                        pci_address_compare(log->address, at(1, 0)) == 0;
        }
}

/* The link is there before the probe of a driver ends that udev has just loaded: whether it keeps
 * the card is known afterwards. */
Test(release_sim, a_driver_that_is_slow_and_refuses)
{
        RUN(run, TWINS, POOL);
        SimCore *core = sim_core(run.sim);

        strcpy(core->module, "nouveau");
        strcpy(core->module_options, "slow_ms=700 fail=0000:01:00.0");
        hand_over(&run);
        release(&run, "01:00", 2000);
        cr_expect(strstr(run.verdicts[0].message, "0000:01:00.0 has no driver"), "%s",
                run.verdicts[0].message);
        cr_expect_gt(run.ms, 700);
}

/* It is said, and whatever else the card has gets its driver all the same. */
Test(release_sim, a_driver_that_does_not_come_back_from_taking_it)
{
        for (unsigned hangs = 0; hangs < 2; hangs++) {
                RUN(run, TWINS, POOL);

                hand_over(&run);
                sim_set_fault(
                        run.sim, (SimFault){SIM_PROBE, hangs ? "0000:01:00.1" : "0000:01:00.0", "",
                                         SIM_HANG, 0});
                release(&run, "01:00", 300);
                cr_expect_eq(run.verdicts[0].result, RESULT_FAILED, "%s", run.verdicts[0].message);
                cr_expect_eq(run.verdicts[0].reason, REASON_TIMEOUT);
                expect_driver(&run, 1, hangs, "");
                expect_driver(&run, 1, !hangs, hangs ? "nouveau" : "snd_hda_intel");
        }
}

/* Whatever fails: no card is called released that VFIO still has, and it can be handed over anew.
 */
Test(release_sim, truth_in_every_fault)
{
        static const SimOperation operations[] = {
                SIM_POLICY, SIM_OVERRIDE, SIM_UNBIND, SIM_FORGET, SIM_PROBE, SIM_ANNOUNCE};
        static const SimFaultType types[] = {SIM_FAIL, SIM_NOTHING, SIM_DIE, SIM_HANG};

        for (size_t i = 0; i < ARRAY_SIZE(operations) * ARRAY_SIZE(types); i++) {
                RUN(run, TWINS, POOL);
                SimFault fault = {operations[i / ARRAY_SIZE(types)], "", "",
                        types[i % ARRAY_SIZE(types)], EIO};

                hand_over(&run);
                sim_set_fault(run.sim, fault);
                release(&run, "01:00", 200);
                for (unsigned f = 0; f < 2; f++)
                        if (run.verdicts[0].result == RESULT_SKIPPED)
                                cr_expect_not(sim_is_ready(run.sim, at(1, f)), "%zu", i);
                cr_expect(sim_is_ready(run.sim, at(2, 0)), "%zu", i);
                for (size_t k = 0; k < sim_n_log(run.sim); k++)
                        if (sim_log(run.sim, k)->operation >= SIM_FORGET)
                                cr_expect_neq(sim_log(run.sim, k)->address.bus, 2, "%zu", i);
        }
}

/* A full apply takes it again: at once where no driver has it, or by force. */
Test(release_sim, and_apply_again)
{
        for (int forced = 0; forced < 2; forced++) {
                RUN(run, TWINS,
                        forced ? "{ id = '10de:26b1'; count = 'all'; force_unbind = true; }"
                               : POOL);

                hand_over(&run);
                release(&run, "01:00", 2000);
                for (size_t i = 0; i < run.scene.host->n_functions; i++)
                        run.scene.host->functions[i].released = false;
                scene_plan(&run.scene);
                apply(&run, 2000);
                cr_expect_eq(run.verdicts[0].result, forced ? RESULT_READY : RESULT_REFUSED, "%s",
                        run.verdicts[0].message);
                cr_expect_eq(sim_is_ready(run.sim, at(1, 0)), forced);
        }
}
