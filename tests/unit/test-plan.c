/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "host/ops.h"
#include "lib/scene.h"

#define CARD  "0000:01:00.0 10de:26b1 030000 group=1\n0000:01:00.1 10de:22ba 040300 group=1\n"
#define TWIN  "0000:02:00.0 10de:26b1 030000 group=2\n"
#define HOST  "0000:00:02.0 8086:4680 030000 group=9\n"
#define ONE   "{ name = 'a'; address = '01:00'; }"
#define READY " driver=vfio-pci vfio=vfio0\n"

static void expect_steps(const char *machine, const char *config, const char *expected)
{
        SCENE(scene, machine, config);

        scene_plan(&scene);
        const char *steps = scene_steps_text(&scene);
        cr_expect_str_eq(steps, expected, "%s%s:\n%s\nnot\n%s", machine, config, steps, expected);
}

#define TAKE(a) "; override " a " vfio-pci; bind " a " vfio-pci"

Test(plan, steps_of_a_card)
{
        static const char both[] = "; hold 0000:01:00.0; hold 0000:01:00.1";
        static const struct {
                const char *machine, *loads, *unbinds;
        } cards[] = {
                {CARD HOST, "; load vfio_pci ids=; load vfio_iommu_type1", ""},
                {CARD HOST "vfio present\n", "; load vfio_iommu_type1", ""},
                {CARD HOST "backend present\n", "; load vfio_pci ids=", ""},
                {CARD HOST "vfio present\nbackend present\n", "", ""},
                {"0000:01:00.0 10de:26b1 030000 group=1\n"
                 "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n" HOST
                 "vfio present\nbackend present\n",
                        "", "; unbind 0000:01:00.1 snd_hda_intel"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cards); i++) {
                char expected[512];

                snprintf(expected, sizeof(expected), "policy%s%s%s%s", both, cards[i].loads,
                        cards[i].unbinds, TAKE("0000:01:00.0") TAKE("0000:01:00.1"));
                expect_steps(cards[i].machine, ONE, expected);
        }
}

/* Both holds stand before the load, and each card's own steps are together. */
Test(plan, steps_of_two_cards)
{
        expect_steps(CARD TWIN HOST, ONE ", { name = 'b'; address = '02:00'; }",
                "policy; hold 0000:01:00.0; hold 0000:01:00.1; hold 0000:02:00.0; "
                "load vfio_pci ids=; load vfio_iommu_type1" TAKE("0000:01:00.0")
                        TAKE("0000:01:00.1") TAKE("0000:02:00.0"));
}

/* What `apply` takes for a card that has just appeared. */
Test(plan, steps_for_one_slot)
{
        static const char two[] = ONE ", { name = 'b'; address = '02:00'; }";
        static const struct {
                const char *machine, *address;
                bool claimed;
                const char *steps;
        } slots[] = {
                {CARD TWIN HOST, "0000:02:00.0", true,
                        "policy; hold 0000:02:00.0; load vfio_pci ids=; load vfio_iommu_type1" TAKE(
                                "0000:02:00.0")},
                /* whichever of its functions appeared */
                {CARD TWIN HOST, "0000:01:00.1", true,
                        "policy; hold 0000:01:00.0; hold 0000:01:00.1; load vfio_pci ids=; "
                        "load vfio_iommu_type1" TAKE("0000:01:00.0") TAKE("0000:01:00.1")},
                {CARD TWIN HOST, "0000:00:02.0", false, ""},
                {CARD TWIN HOST, "0000:07:00.0", false, ""},
                /* the other entry has no card at all */
                {TWIN HOST, "0000:02:00.0", true,
                        "policy; hold 0000:02:00.0; load vfio_pci ids=; load vfio_iommu_type1" TAKE(
                                "0000:02:00.0")},
                {CARD HOST "0000:02:00.0 10de:26b1 030000 group=2 driver=nouveau\n", "0000:02:00.0",
                        true, "policy; load vfio_pci ids=; load vfio_iommu_type1"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
                SCENE(scene, slots[i].machine, two);
                PciAddress address = {0};

                cr_assert_eq(pci_address_parse(slots[i].address, &address, NULL), 0);
                cr_expect_eq(scene_plan_slot(&scene, &address)->picked, slots[i].claimed, "%zu", i);
                cr_expect_str_eq(scene_steps_text(&scene), slots[i].steps, "%zu", i);
        }
}

/* Of these it matters who uses them. */
Test(plan, what_is_taken_from_its_driver)
{
        static const struct {
                const char *address;
                bool taken;
        } rows[] = {{"0000:01:00.0", false}, {"0000:01:00.1", true}, {"0000:00:02.0", false}};
        SCENE(scene,
                "0000:01:00.0 10de:26b1 030000 group=1\n"
                "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n"
                "0000:00:02.0 8086:4680 030000 group=9 driver=i915\n",
                ONE);
        const Plan *plan = scene_plan(&scene);

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect_eq(plan_takes(plan, scene_function(&scene, rows[i].address)),
                        rows[i].taken, "%s", rows[i].address);
}

#define GRACE(bus, group, words) "0000:" bus ":00.0 10de:2342 030200 group=" group " " words "\n"

/* Each driver that somebody wants is loaded, once; vfio-pci's options are its own. */
Test(plan, steps_of_variants)
{
        static const char x[] = "; override 0000:01:00.0 x_vfio_pci; bind 0000:01:00.0 x_vfio_pci";
        static const struct {
                const char *machine, *config, *loads, *binds;
        } rows[] = {
                {GRACE("01", "1", "variants=x_vfio_pci") HOST, ONE, "; load x_vfio_pci", x},
                {GRACE("01", "1", "variants=x_vfio_pci") HOST,
                        "gpus = ( " ONE " ); vfio_pci = { disable_vga = true; };",
                        "; load x_vfio_pci; load vfio_pci ids= disable_vga=1", x},
                {GRACE("01", "1", "variants=x_vfio_pci:present") HOST, ONE, "", x},
                {GRACE("01", "1", "variants=x_vfio_pci") HOST "vfio present\n",
                        "gpus = ( " ONE " ); vfio_pci = { disable_vga = true; };",
                        "; load x_vfio_pci", x},
                {GRACE("01", "1", "variants=x_vfio_pci") HOST,
                        "{ name = 'a'; address = '01:00'; driver = 'vfio-pci'; }",
                        "; load vfio_pci ids=", TAKE("0000:01:00.0")},
                /* vfio-pci is not needed, and so not missed */
                {GRACE("01", "1", "variants=x_vfio_pci") HOST "vfio missing\n", ONE,
                        "; load x_vfio_pci", x},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char expected[512];

                snprintf(expected, sizeof(expected),
                        "policy; hold 0000:01:00.0%s; load vfio_iommu_type1%s", rows[i].loads,
                        rows[i].binds);
                expect_steps(rows[i].machine, rows[i].config, expected);
        }
        expect_steps(GRACE("01", "1", "variants=x_vfio_pci") GRACE("02", "2",
                             "variants=x_vfio_pci") "0000:02:00.1 10de:22ba 040300 group=2\n" HOST,
                "{ id = '10de:2342'; count = 2; }",
                "policy; hold 0000:01:00.0; hold 0000:02:00.0; hold 0000:02:00.1; load x_vfio_pci; "
                "load vfio_pci ids=; load vfio_iommu_type1; override 0000:01:00.0 x_vfio_pci; bind "
                "0000:01:00.0 x_vfio_pci; override 0000:02:00.0 x_vfio_pci; bind 0000:02:00.0 "
                "x_vfio_pci; override 0000:02:00.1 vfio-pci; bind 0000:02:00.1 vfio-pci");
}

/* What is right already is not touched, what is missing is added. */
Test(plan, steps_of_what_is_partly_right)
{
        static const char present[] = "vfio present\nbackend present\n";
        static const struct {
                const char *functions, *steps;
        } cards[] = {
                {"0000:01:00.0 10de:26b1 030000 group=1" READY
                 "0000:01:00.1 10de:22ba 040300 group=1\n",
                        "policy; hold 0000:01:00.1" TAKE("0000:01:00.1")},
                /* linked but not registered: VFIO never got it */
                {"0000:01:00.0 10de:26b1 030000 group=1 driver=vfio-pci\n",
                        "policy; hold 0000:01:00.0" TAKE("0000:01:00.0")},
                {"0000:01:00.0 10de:26b1 030000 group=1" READY, "policy"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cards); i++) {
                char machine[512];

                snprintf(machine, sizeof(machine), "%s%s%s", cards[i].functions, HOST, present);
                expect_steps(machine, ONE, cards[i].steps);
        }
}

Test(plan, nothing_is_written_for_what_is_refused)
{
        expect_steps("0000:01:00.0 10de:26b1 030000\n" HOST, ONE, "");
        expect_steps(HOST, ONE, "");
        expect_steps(HOST CARD, "", "");
        /* a policy that is in force and no longer wanted goes */
        expect_steps(HOST CARD "policy blacklist nouveau\n", "", "policy");
        /* without a card even a blacklist of the user's own is not written */
        expect_steps(HOST, "gpus = ( ); blacklist = [ 'nouveau' ];", "");
        expect_steps(HOST, "gpus = ( { address = '01:00'; } ); blacklist = [ 'nouveau' ];", "");
}

static int phase(StepType type)
{
        static const int phases[_STEP_TYPE_MAX] = {
                [STEP_POLICY] = 0,
                [STEP_HOLD] = 1,
                [STEP_LOAD] = 2,
                [STEP_FREE] = 3,
                [STEP_UNBIND] = 3,
                [STEP_OVERRIDE] = 3,
                [STEP_RESET_METHOD] = 3,
                [STEP_D3COLD] = 3,
                [STEP_BIND] = 3,
        };

        return phases[type];
}

/* True when an earlier step of that type is about the same function. */
static bool comes_after(const Plan *plan, size_t index, StepType type)
{
        for (size_t i = 0; i < index; i++)
                if (plan->steps[i].type == type && pci_address_compare(plan->steps[i].address,
                                                           plan->steps[index].address) == 0)
                        return true;
        return false;
}

static bool is_setting(StepType type)
{
        return type == STEP_RESET_METHOD || type == STEP_D3COLD;
}

static void expect_step_in_order(const SceneSample *sample, const Plan *plan, size_t i)
{
        const Step *step = &plan->steps[i];

        if (i > 0)
                cr_expect_leq(phase(plan->steps[i - 1].type), phase(step->type), "%s: step %zu",
                        sample->name, i);
        cr_expect(!comes_after(plan, i, step->type) || step->claim < 0, "%s: step %zu stands twice",
                sample->name, i);
        if (step->type == STEP_UNBIND)
                cr_expect(comes_after(plan, i, STEP_HOLD) && !comes_after(plan, i, STEP_OVERRIDE),
                        "%s", sample->name);
        if (step->type == STEP_OVERRIDE)
                cr_expect(comes_after(plan, i, STEP_HOLD), "%s", sample->name);
        if (is_setting(step->type) || step->type == STEP_BIND)
                cr_expect((is_setting(plan->steps[i - 1].type) ||
                                  plan->steps[i - 1].type == STEP_OVERRIDE) &&
                                  comes_after(plan, i, STEP_OVERRIDE),
                        "%s", sample->name);
}

static const char *wanted_driver(const Claim *claim, const Function *f)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (claim->functions[i] == f)
                        return claim->drivers[i];
        cr_assert_fail("%s is not claimed", PCI_ADDRESS(f->address));
        return "";
}

static void expect_target(
        const SceneSample *sample, const Claim *claim, const Step *step, const Function *f)
{
        switch (step->type) {
        case STEP_HOLD:
                cr_expect_str_eq(step->target, OPS_HOLD, "%s", sample->name);
                break;
        case STEP_FREE:
                cr_expect(f->boot_framebuffer && function_class(f) != PCI_CLASS_VGA, "%s",
                        sample->name);
                break;
        case STEP_UNBIND:
                cr_expect_str_eq(step->target, f->binding.driver, "%s", sample->name);
                cr_expect(!f->binding.vfio_device, "%s: %s is taken from VFIO", sample->name,
                        PCI_ADDRESS(f->address));
                break;
        case STEP_OVERRIDE:
        case STEP_BIND:
                cr_expect_str_eq(step->target, wanted_driver(claim, f), "%s", sample->name);
                break;
        case STEP_FORGET:
        case STEP_CLEAR:
        case STEP_PROBE:
        case STEP_ANNOUNCE:
        case STEP_SETTLE:
                cr_assert_fail(
                        "%s: %s is what release does", sample->name, step_type_name(step->type));
                break;
        case STEP_RESET_METHOD:
                cr_expect_str_eq(step->target, claim->entry->reset_method, "%s", sample->name);
                cr_expect_eq(f, claim->display, "%s", sample->name);
                break;
        case STEP_D3COLD:
                cr_expect_str_eq(
                        step->target, claim->entry->d3cold ? "1" : "0", "%s", sample->name);
                break;
        case STEP_POLICY:
        case STEP_LOAD:
        case _STEP_TYPE_MAX:
                break;
        }
}

/* Only functions of accepted claims that are not ready. */
static void expect_own_function(const SceneSample *sample, const Scene *scene, const Step *step)
{
        const Function *f = host_find(scene->host, step->address);
        const Claim *claim = &scene->plan->claims.items[step->claim];

        cr_assert(f, "%s", sample->name);
        cr_expect(claim_is_accepted(claim) && claim_holds(claim, f), "%s: %s", sample->name,
                PCI_ADDRESS(step->address));
        cr_expect(
                !claim_binding_is_ready(&f->binding, wanted_driver(claim, f)), "%s", sample->name);
        expect_target(sample, claim, step, f);
}

/* Every function that an accepted claim lacks is held and bound. */
static void expect_complete(const SceneSample *sample, const Scene *scene)
{
        static const StepType types[] = {STEP_HOLD, STEP_OVERRIDE, STEP_BIND};

        for (size_t i = 0; i < scene->plan->claims.n_items; i++) {
                const Claim *claim = &scene->plan->claims.items[i];

                for (size_t k = 0; k < claim->n_functions; k++) {
                        const Function *f = claim->functions[k];
                        bool wanted = claim_is_accepted(claim) &&
                                      !claim_binding_is_ready(&f->binding, claim->drivers[k]);

                        for (size_t n = 0; n < ARRAY_SIZE(types); n++)
                                cr_expect_eq(
                                        !!scene_find_step(scene, types[n], PCI_ADDRESS(f->address)),
                                        wanted, "%s: %s %s", sample->name, step_type_name(types[n]),
                                        PCI_ADDRESS(f->address));
                }
        }
}

Test(plan, invariants)
{
        for (size_t n = 0; n < scene_n_samples; n++) {
                const SceneSample *sample = &scene_samples[n];
                SCENE(scene, sample->machine, sample->config);
                const Plan *plan = scene_plan(&scene);

                for (size_t i = 0; i < plan->n_steps; i++) {
                        expect_step_in_order(sample, plan, i);
                        if (plan->steps[i].claim >= 0)
                                expect_own_function(sample, &scene, &plan->steps[i]);
                }
                expect_complete(sample, &scene);
        }
}

Test(plan, second_plan_is_empty)
{
        for (size_t n = 0; n < scene_n_samples; n++) {
                SCENE(scene, scene_samples[n].machine, scene_samples[n].config);

                scene_plan(&scene);
                scene_take_all_steps(&scene);
                scene_plan(&scene);
                cr_expect_str_empty(scene_steps_text(&scene), "%s: %s", scene_samples[n].name,
                        scene_steps_text(&scene));
        }
}

Test(plan, off_in_three_ways)
{
        static const struct {
                const char *property, *cmdline;
                PlanOff off;
        } ways[] = {
                {"", "quiet", PLAN_ON},
                {"", "vfio_gpu=0", PLAN_OFF_WORD},
                {"stage initrd\n", "vfio_gpu=0", PLAN_OFF_WORD},
                {"stage initrd\n", "rd.vfio_gpu=0", PLAN_OFF_INITRD_WORD},
                {"", "rd.vfio_gpu=0", PLAN_ON},
                {"crash\n", "", PLAN_OFF_CRASH},
                {"crash\nstage initrd\n", "vfio_gpu=0 rd.vfio_gpu=0", PLAN_OFF_CRASH},
        };

        for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
                _cleanup_(scene_done) Scene scene = {0};
                char machine[512];

                snprintf(machine, sizeof(machine), "%s%s", ways[i].property, CARD HOST);
                scene_set(&scene, machine, ONE, ways[i].cmdline);
                const Plan *plan = scene_plan(&scene);
                bool on = ways[i].off == PLAN_ON;

                cr_expect_eq(plan->off, ways[i].off, "%zu", i);
                cr_expect_eq(plan->n_steps > 0, on, "%zu", i);
                cr_expect_eq(plan->claims.n_items, on ? 1 : 0, "%zu", i);
        }
}

Test(plan, skipped_entries_get_no_step)
{
        _cleanup_(scene_done) Scene scene = {0};

        scene_set(&scene, CARD TWIN HOST, ONE ", { name = 'b'; address = '02:00'; }",
                "vfio_gpu.skip=a");
        scene_plan(&scene);
        cr_expect(!scene_find_step(&scene, STEP_HOLD, "0000:01:00.0"));
        cr_expect(scene_find_step(&scene, STEP_BIND, "0000:02:00.0"));
}

/* The card that is left to the host needs its driver, whatever its twin is given to. */
Test(plan, a_skipped_twin_keeps_its_driver)
{
        _cleanup_(scene_done) Scene scene = {0};
        static const char machine[] =
                "0000:01:00.0 10de:26b1 030000 group=1 modules=nouveau\n"
                "0000:02:00.0 10de:26b1 030000 group=2 modules=nouveau\n" HOST;
        static const char both[] = "{ name = 'a'; address = '01:00'; },"
                                   "{ name = 'b'; id = '10de:26b1'; count = 'all'; }";

        scene_set(&scene, machine, both, "vfio_gpu.skip=a");
        const Plan *plan = scene_plan(&scene);
        cr_expect_str_eq(scene_steps_text(&scene),
                "policy; hold 0000:02:00.0; load vfio_pci ids=; load vfio_iommu_type1"
                "; override 0000:02:00.0 vfio-pci; bind 0000:02:00.0 vfio-pci");
        cr_expect_not(strstr(plan->steps[0].text, "blacklist nouveau"), "%s", plan->steps[0].text);

        scene_set(&scene, machine, both, "vfio_gpu.skip=b");
        scene_plan(&scene);
        cr_expect_str_empty(scene_steps_text(&scene), "both are picked by what is skipped");
}

/* What an earlier run wrote is taken back when no card is handed over any more: no driver is kept
 * away from a host that has all its cards itself. */
Test(plan, a_policy_for_nothing_keeps_no_driver_away)
{
        static const struct {
                const char *config, *cmdline;
        } trials[] = {
                {"", ""},
                {"gpus = ( ); blacklist = [ 'nouveau' ];", ""},
                {"gpus = ( { address = '07:00'; } ); blacklist = [ 'nouveau' ];", ""},
                {"gpus = ( { name = 'a'; address = '01:00'; } ); blacklist = [ 'nouveau' ];",
                        "vfio_gpu.skip=a"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(scene_done) Scene scene = {0};

                scene_set(&scene, CARD HOST "policy blacklist nouveau\n", trials[i].config,
                        trials[i].cmdline);
                const Plan *plan = scene_plan(&scene);
                cr_expect_str_eq(scene_steps_text(&scene), "policy", "%zu", i);
                const char *text = plan->steps[0].text;
                cr_expect_not(strstr(text, "blacklist"), "%zu: %s", i, text);
                cr_expect(strstr(text, "\noptions vfio-pci ids=\n"), "%zu: %s", i, text);
                scene.host->policy = arena_strdup(scene.host->arena, text);
                scene_plan(&scene);
                cr_expect_str_empty(scene_steps_text(&scene), "%zu: and that stands", i);
        }
}
