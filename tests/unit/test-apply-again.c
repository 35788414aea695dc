/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A run that was killed at any point, and the next one. */
#include "test-apply.h"

/* As if the first run had been killed before step `n_taken`, whatever it had planned. */
static void kill_before(Run *run, size_t n_taken)
{
        Plan *plan = run->scene.plan;
        size_t n_steps = plan->n_steps;

        plan->n_steps = n_taken;
        apply(run, 3000);
        plan->n_steps = n_steps;
}

static void apply_anew(Run *run)
{
        sim_scan(run->sim, run->scene.host);
        scene_plan(&run->scene);
        apply(run, 3000);
}

static void expect_all_ready(const Run *run, const char *what)
{
        const Claims *claims = &run->scene.plan->claims;

        for (size_t i = 0; i < claims->n_items; i++)
                if (claim_is_accepted(&claims->items[i]))
                        cr_expect_eq(run->verdicts[i].result, RESULT_READY, "%s: %s", what,
                                run->verdicts[i].message);
}

static size_t count_accepted(const Plan *plan)
{
        size_t n = 0;

        for (size_t i = 0; i < plan->claims.n_items; i++)
                n += claim_is_accepted(&plan->claims.items[i]);
        return n;
}

static void kill_at_every_step(const SceneSample *sample)
{
        RUN(first, sample->machine, sample->config);
        size_t n_steps = first.scene.plan->n_steps, n_accepted = count_accepted(first.scene.plan);

        for (size_t n = 0; n < n_steps; n++) {
                RUN(run, sample->machine, sample->config);
                const char *what = arena_printf(run.scene.arena, "%s, killed before: %s",
                        sample->name, step_describe(&run.scene.plan->steps[n], run.scene.arena));

                kill_before(&run, n);
                apply_anew(&run);
                expect_truth(&run, what);
                expect_own_functions_only(&run, what);
                expect_all_ready(&run, what);
                cr_expect_eq(count_accepted(run.scene.plan), n_accepted, "%s", what);
                sim_scan(run.sim, run.scene.host);
                scene_plan(&run.scene);
                cr_expect_str_empty(
                        scene_steps_text(&run.scene), "%s: %s", what, scene_steps_text(&run.scene));
        }
}

/* What VFIO never registers, no run makes ready. */
Test(apply_again, killed_at_every_step, .timeout = 120)
{
        for (size_t n = 0; n < scene_n_samples; n++)
                if (strcmp(scene_samples[n].name, "linked and not registered") != 0)
                        kill_at_every_step(&scene_samples[n]);
}
