/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/trial-run.h"

#include <err.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/apply.h"
#include "lib/trial-control.h"
#include "verbs/change.h"

void trial_done(Trial *t)
{
        mishaps_free(t->mishaps);
        if (t->outcomes)
                (void)munmap(t->outcomes, t->outcomes_size);
        sim_free(t->sim);
        scene_done(&t->scene);
        *t = (Trial){0};
}

void trial_set(Trial *t, const TrialSource *source)
{
        source->make(&t->scene, source->context);
        t->sim = sim_new(t->scene.host);
        /* what the one cannot be, the other is not: a card on a driver that is not loaded */
        sim_scan(t->sim, t->scene.host);
}

bool trial_has_taker(Trial *t, PciAddress address, const char *module)
{
        SimBus bus = *sim_bus(t->sim);
        const SimDevice *device = sim_bus_device(&bus, address);
        const SimDriver *driver = sim_bus_driver_of(&bus, module);

        return device && driver && sim_bus_has_in_table(driver, device);
}

static void make_outcomes(Trial *t)
{
        if (t->outcomes)
                (void)munmap(t->outcomes, t->outcomes_size);
        t->outcomes_size = (t->scene.plan->n_steps + 1) * sizeof(StepOutcome);
        t->outcomes = mmap(
                NULL, t->outcomes_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (t->outcomes == MAP_FAILED)
                err(1, "mmap");
}

static int take_steps(Trial *t, unsigned step_ms)
{
        const Plan *plan = t->scene.plan;
        const WorkerLimits limits = {.step_ms = step_ms, .total_ms = 6 * step_ms};

        t->mishaps->program = getpid();
        return apply_steps(plan->steps, plan->n_steps, plan->claims.n_items, &t->mishaps->ops,
                &limits, t->outcomes);
}

/* In a process of its own, which may be killed; whatever it started goes with it. */
static bool take_steps_apart(Trial *t, unsigned step_ms)
{
        int status = 0;
        pid_t pid = fork();

        if (pid < 0)
                err(1, "fork");
        if (pid == 0)
                _exit(take_steps(t, step_ms) < 0);
        if (waitpid(pid, &status, 0) < 0)
                err(1, "waitpid");
        return WIFSIGNALED(status);
}

/* What each function of each claim is read back as. */
static Binding **read_back(Trial *t)
{
        const Claims *claims = &t->scene.plan->claims;
        const Ops *ops = sim_ops(t->sim);
        Binding **now = arena_array(t->scene.arena, claims->n_items, sizeof(Binding *));

        for (size_t i = 0; i < claims->n_items; i++) {
                const Claim *claim = &claims->items[i];

                now[i] = arena_array(t->scene.arena, claim->n_functions, sizeof(Binding));
                for (size_t k = 0; k < claim->n_functions; k++) {
                        (void)ops->read_binding(ops->context, claim->functions[k]->address,
                                t->scene.arena, &now[i][k]);
                        trial_believe(t->scene.plan, t->outcomes, claim->functions[k]->address,
                                &now[i][k]);
                }
        }
        return now;
}

static void judge(Trial *t)
{
        const Plan *plan = t->scene.plan;
        Arena *arena = t->scene.arena;
        Binding *const *now = read_back(t);

        t->verdicts = arena_array(arena, plan->claims.n_items, sizeof(Verdict));
        t->verb->verify(t, now);
        if (trial_control != TRIAL_NO_REPAIR)
                change_restore_modes(&(Change){.ops = *sim_ops(t->sim)}, plan);

        const ReportInput input = {.config_path = "/etc/vfio-gpu.conf",
                .config = t->scene.config,
                .release = t->verb->gives_back,
                .host = t->scene.host,
                .plan = plan,
                .verdicts = t->verdicts,
                .outcomes = t->outcomes};
        if (report_build(&input, arena, &t->report) < 0)
                errx(1, "out of memory");
}

/* Where it is the only thing that goes wrong, it has to come to pass, or nothing was tried; unless
 * this machine is so slow that the time was over before. */
static bool is_missed(const Trial *t)
{
        const Accident *accident = &t->mishaps->accident;

        for (size_t i = 0; i < t->scene.plan->n_steps; i++)
                if (t->outcomes[i].state == STEP_TIMED_OUT)
                        return false;
        return accident->mishaps[1].type == MISHAP_NONE && accident->others.type == OTHERS_REST &&
               !mishaps_happened(t->mishaps);
}

const char *trial_run(Trial *t, const Accident *accident, unsigned step_ms)
{
        const char *broken = t->verb->plan(t);

        if (broken)
                return broken;
        trial_spoil(t->scene.plan, t->scene.host);
        make_outcomes(t);
        t->before = *sim_bus(t->sim);
        mishaps_free(t->mishaps);
        t->mishaps = mishaps_new(t->sim, t->scene.plan->steps, t->scene.plan->n_steps, accident);
        if (accident_has(accident, MISHAP_KILLED) || accident_has(accident, MISHAP_KILLED_LATE))
                t->killed = take_steps_apart(t, step_ms);
        else if (t->killed = false, take_steps(t, step_ms) < 0)
                return "memory was out";
        while (waitpid(-1, NULL, 0) > 0)
                ;
        if (!t->killed)
                judge(t);
        return is_missed(t) ? "the accident never happened" : NULL;
}

static const char hung[] = "process 412 of the initrd stage";

/* Nobody knows which of its workers it was that hung when the program was killed. */
static void mark_all(Trial *t)
{
        for (size_t i = 0; i < t->scene.plan->n_steps; i++)
                if (t->scene.plan->steps[i].claim >= 0)
                        scene_function(&t->scene, PCI_ADDRESS(t->scene.plan->steps[i].address))
                                ->stuck = hung;
}

void trial_scan(Trial *t, bool stuck)
{
        const Ops *ops = sim_ops(t->sim);
        Host *host = t->scene.host;

        for (size_t i = 0; i < host->n_functions; i++)
                if (host->functions[i].stuck == hung && !stuck) {
                        (void)ops->set_readable(ops->context, host->functions[i].address, true);
                        host->functions[i].stuck = NULL;
                }
        if (t->killed && stuck)
                mark_all(t);
        for (size_t i = 0; !t->killed && i < t->scene.plan->n_steps; i++) {
                const Step *step = &t->scene.plan->steps[i];

                if (t->outcomes[i].worker <= 0 || step->claim < 0)
                        continue;
                if (stuck)
                        scene_function(&t->scene, PCI_ADDRESS(step->address))->stuck = hung;
                else
                        (void)ops->set_readable(ops->context, step->address, true);
        }
        sim_scan(t->sim, host);
}

void trial_keep_steps(const Trial *t, Arena *arena, TrialNormal *ret)
{
        const Plan *plan = t->scene.plan;

        ret->n_steps = plan->n_steps;
        ret->steps = arena_array(arena, plan->n_steps, sizeof(Step));
        for (size_t i = 0; i < plan->n_steps; i++) {
                Step *step = &ret->steps[i];

                *step = plan->steps[i];
                step->target = step->target ? arena_strdup(arena, step->target) : NULL;
                step->text = step->text ? arena_strdup(arena, step->text) : NULL;
        }
        ret->n_functions = t->scene.host->n_functions;
        ret->functions = arena_array(arena, ret->n_functions, sizeof(PciAddress));
        for (size_t i = 0; i < ret->n_functions; i++)
                ret->functions[i] = t->scene.host->functions[i].address;
}

static TrialResult result_of(const Trial *t, size_t index)
{
        const Claim *claim = &t->scene.plan->claims.items[index];

        return (TrialResult){.entry = claim->entry->name,
                .address = claim->display ? claim->display->address : (PciAddress){0},
                .result = t->verdicts[index].result};
}

void trial_keep_results(const Trial *t, Arena *arena, TrialNormal *ret)
{
        ret->n_results = t->scene.plan->claims.n_items;
        ret->results = arena_array(arena, ret->n_results, sizeof(TrialResult));
        for (size_t i = 0; i < ret->n_results; i++) {
                ret->results[i] = result_of(t, i);
                ret->results[i].entry = arena_strdup(arena, ret->results[i].entry);
        }
}

static bool is_the_same(const TrialResult *a, const TrialResult *b)
{
        return strcmp(a->entry, b->entry) == 0 && pci_address_compare(a->address, b->address) == 0;
}

bool trial_find_again(const Trial *t, const TrialResult *was, size_t *ret)
{
        for (size_t i = 0; i < t->scene.plan->claims.n_items; i++) {
                const TrialResult is = result_of(t, i);

                if (!is_the_same(was, &is))
                        continue;
                *ret = i;
                return true;
        }
        return false;
}
