/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the tests of apply share: a run from a machine and a config to verdicts, with a fault. */

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "host/apply.h"
#include "lib/scene.h"
#include "lib/sim.h"

/* From a machine and a config to verdicts, on the simulated kernel. */
typedef struct Run {
        Scene scene;
        Sim *sim;
        StepOutcome *outcomes;
        Verdict *verdicts;
        unsigned step_ms; /* the limit for one step */
        int64_t ms;       /* that apply took */
} Run;

static inline void run_done(Run *run)
{
        sim_free(run->sim);
        scene_done(&run->scene);
        *run = (Run){0};
}

static inline void run_set(Run *run, const char *machine, const char *config)
{
        scene_set(&run->scene, machine, config, NULL);
        run->sim = sim_new(run->scene.host);
        scene_plan(&run->scene);
}

#define RUN(name, machine, config)                                                                 \
        _cleanup_(run_done) Run name = {0};                                                        \
        run_set(&(name), machine, config)

static inline int64_t now_ms(void)
{
        struct timespec ts = {0};

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static inline Verdict verdict_of(Run *run, size_t index)
{
        const Claim *claim = &run->scene.plan->claims.items[index];
        const Ops *ops = sim_ops(run->sim);
        Binding *now = arena_array(run->scene.arena, claim->n_functions, sizeof(Binding));

        for (size_t i = 0; i < claim->n_functions; i++)
                (void)ops->read_binding(
                        ops->context, claim->functions[i]->address, run->scene.arena, &now[i]);
        return verify_claim(run->scene.plan, index, now, run->outcomes, run->scene.arena);
}

static inline void apply(Run *run, unsigned step_ms)
{
        const Plan *plan = run->scene.plan;
        const WorkerLimits limits = {.step_ms = step_ms, .total_ms = 4 * step_ms};
        int64_t start = now_ms();

        run->step_ms = step_ms;
        run->outcomes = arena_array(run->scene.arena, plan->n_steps, sizeof(StepOutcome));
        run->verdicts = arena_array(run->scene.arena, plan->claims.n_items, sizeof(Verdict));
        cr_assert_eq(apply_steps(plan->steps, plan->n_steps, plan->claims.n_items,
                             sim_ops(run->sim), &limits, run->outcomes),
                0);
        run->ms = now_ms() - start;
        for (size_t i = 0; i < plan->claims.n_items; i++)
                run->verdicts[i] = verdict_of(run, i);
}

static inline bool is_ready_in_truth(const Run *run, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (!sim_is_ready(run->sim, claim->functions[i]->address))
                        return false;
        return claim->n_functions > 0;
}

/* Whatever happened: no card is called ready that is not. */
static inline void expect_truth(const Run *run, const char *what)
{
        for (size_t i = 0; i < run->scene.plan->claims.n_items; i++)
                if (run->verdicts[i].result == RESULT_READY)
                        cr_expect(is_ready_in_truth(run, &run->scene.plan->claims.items[i]),
                                "%s: claim %zu is called ready", what, i);
}

/* Every operation was about a function of an accepted claim, or about all of them. */
static inline void expect_own_functions_only(const Run *run, const char *what)
{
        for (size_t i = 0; i < sim_n_log(run->sim); i++) {
                const SimLog *log = sim_log(run->sim, i);
                const Function *f = host_find(run->scene.host, log->address);

                if (log->operation == SIM_POLICY || log->operation == SIM_LOAD ||
                        log->operation == SIM_FREE)
                        continue;
                cr_expect_not(log->readable, "%s: others could wait behind %s", what,
                        PCI_ADDRESS(log->address));
                cr_expect(f && claims_find_accepted(&run->scene.plan->claims, f),
                        "%s: %s was touched", what, PCI_ADDRESS(log->address));
        }
}

#define HOST "0000:00:02.0 8086:4680 030000 group=90\n"
#define A    "0000:01:00.0 10de:26b1 030000 group=1\n0000:01:00.1 10de:22ba 040300 group=1\n"
#define B    "0000:02:00.0 10de:26b1 030000 group=2\n"
#define BUSY                                                                                       \
        "0000:01:00.0 10de:26b1 030000 group=1\n"                                                  \
        "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n"
#define VARIANT "0000:02:00.0 10de:2342 030200 group=2 variants=x_vfio_pci\n"
#define TWO     "{ address = '01:00'; }, { address = '02:00'; }"

static inline SimOperation operation_of(const Step *step)
{
        static const SimOperation operations[_STEP_TYPE_MAX] = {
                [STEP_POLICY] = SIM_POLICY,
                [STEP_HOLD] = SIM_OVERRIDE,
                [STEP_LOAD] = SIM_LOAD,
                [STEP_FREE] = SIM_FREE,
                [STEP_UNBIND] = SIM_UNBIND,
                [STEP_OVERRIDE] = SIM_OVERRIDE,
                [STEP_RESET_METHOD] = SIM_RESET_METHOD,
                [STEP_D3COLD] = SIM_D3COLD,
                [STEP_BIND] = SIM_BIND,
        };

        return operations[step->type];
}

static inline SimFault fault_at(const Step *step, SimFaultType type, int value, Arena *arena)
{
        bool common = step->claim < 0 || step->type == STEP_FREE;

        return (SimFault){.operation = operation_of(step),
                .address = common ? "" : arena_strdup(arena, PCI_ADDRESS(step->address)),
                .name = step->target ? step->target : "",
                .type = type,
                .value = value};
}

/* True when this machine was too slow for more than what was to go wrong. */
static inline bool was_too_slow(const Run *run, const SimFault *fault)
{
        for (size_t i = 0; i < run->scene.plan->n_steps; i++) {
                const Step *step = &run->scene.plan->steps[i];
                bool at_fault = operation_of(step) == fault->operation &&
                                (!*fault->address ||
                                        strcmp(PCI_ADDRESS(step->address), fault->address) == 0) &&
                                (!*fault->name || strcmp(step->target, fault->name) == 0);

                if (!at_fault && run->outcomes[i].state == STEP_TIMED_OUT)
                        return true;
        }
        return run->ms > run->step_ms * 2;
}

/* Applies with `fault`; anew, with more time, where this machine was too slow. */
static inline void apply_with(
        Run *run, const char *machine, const char *config, SimFault fault, unsigned step_ms)
{
        for (;; step_ms *= 3) {
                run_done(run);
                run_set(run, machine, config);
                sim_set_fault(run->sim, fault);
                apply(run, step_ms);
                if (step_ms > 3000 || !was_too_slow(run, &fault))
                        return;
        }
}
