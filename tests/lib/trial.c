/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/trial.h"

#include <err.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/apply.h"
#include "lib/invariants.h"
#include "lib/sim-bus.h"
#include "lib/trial-control.h"
#include "report/report-json.h"
#include "verbs/change.h"

/* For a step that hangs, and for one that does not, however slow this machine is. */
#define SHORT_MS 60
#define LONG_MS  10000

typedef struct Trial {
        Scene scene;
        Sim *sim;
        Mishaps *mishaps;      /* of the latest run */
        SimBus before;         /* it */
        StepOutcome *outcomes; /* of it; shared with the process that takes the steps */
        size_t outcomes_size;
        bool killed; /* it did not come to its end */
        Verdict *verdicts;
        Report report;
} Trial;

static void trial_done(Trial *t)
{
        mishaps_free(t->mishaps);
        if (t->outcomes)
                (void)munmap(t->outcomes, t->outcomes_size);
        sim_free(t->sim);
        scene_done(&t->scene);
        *t = (Trial){0};
}

static void trial_set(Trial *t, const TrialSource *source)
{
        source->make(&t->scene, source->context);
        t->sim = sim_new(t->scene.host);
        /* what the one cannot be, the other is not: a card on a driver that is not loaded */
        sim_scan(t->sim, t->scene.host);
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

static void judge(Trial *t)
{
        const Plan *plan = t->scene.plan;
        const Ops *ops = sim_ops(t->sim);
        Arena *arena = t->scene.arena;

        t->verdicts = arena_array(arena, plan->claims.n_items, sizeof(Verdict));
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                const Claim *claim = &plan->claims.items[i];
                Binding *now = arena_array(arena, claim->n_functions, sizeof(Binding));

                for (size_t k = 0; k < claim->n_functions; k++) {
                        (void)ops->read_binding(
                                ops->context, claim->functions[k]->address, arena, &now[k]);
                        if (trial_control == TRIAL_BELIEVES)
                                trial_believe(t->scene.plan, t->outcomes,
                                        claim->functions[k]->address, &now[k]);
                }
                t->verdicts[i] = verify_claim(plan, i, now, t->outcomes, arena);
        }
        verify_groups(plan, t->verdicts, arena);
        if (trial_control != TRIAL_NO_REPAIR)
                change_restore_modes(&(Change){.ops = *ops}, plan);

        const ReportInput input = {.config_path = "/etc/vfio-gpu.conf",
                .config = t->scene.config,
                .host = t->scene.host,
                .plan = plan,
                .verdicts = t->verdicts,
                .outcomes = t->outcomes};
        if (report_build(&input, arena, &t->report) < 0)
                errx(1, "out of memory");
}

/* One run, as `apply` has it. */
static const char *run(Trial *t, const Accident *accident, unsigned step_ms)
{
        scene_plan(&t->scene);
        const char *broken = invariants_of_steps(&t->scene);

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
        return NULL;
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

/* What a run left is read anew. What hung has come back by then, or it is stuck. */
static void scan(Trial *t, bool stuck)
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

static bool is_own(const Trial *t, PciAddress address)
{
        const Function *f = host_find(t->scene.host, address);

        return f && claims_find_accepted(&t->scene.plan->claims, f);
}

static const char *check_calls(const Trial *t)
{
        Arena *arena = t->scene.arena;

        for (size_t i = 0; i < t->mishaps->n_calls && i < ARRAY_SIZE(t->mishaps->calls); i++) {
                const MishapCall *call = &t->mishaps->calls[i];

                if (call->step == SIZE_MAX)
                        return arena_printf(arena, "call %zu is no step of the plan", i);
                if (t->scene.plan->steps[call->step].claim < 0 ||
                        t->scene.plan->steps[call->step].type == STEP_FREE)
                        continue;
                if (!is_own(t, call->address))
                        return arena_printf(arena, "%s was touched", PCI_ADDRESS(call->address));
                if (call->readable)
                        return arena_printf(
                                arena, "others could wait behind %s", PCI_ADDRESS(call->address));
        }
        return NULL;
}

static bool is_vfio(const SimBus *bus, const SimDevice *device)
{
        for (size_t i = 0; i < bus->n_drivers; i++)
                if (strcmp(bus->drivers[i].name, device->driver) == 0)
                        return bus->drivers[i].vfio;
        return false;
}

/* What no accepted claim holds: as before, or as others made it. */
static const char *check_foreign(const Trial *t)
{
        const SimBus *now = sim_bus(t->sim);

        for (size_t i = 0; i < now->n_devices; i++) {
                const SimDevice *was = &t->before.devices[i], *is = &now->devices[i];
                const Meddling *others = &t->mishaps->accident.others;
                bool meddled = others->type != OTHERS_REST &&
                               (others->type == OTHERS_LOAD ||
                                       pci_address_compare(others->address, is->address) == 0);

                if (is_own(t, is->address))
                        continue;
                if (strcmp(was->override, is->override) != 0 && (!meddled || *is->override))
                        return arena_printf(t->scene.arena, "%s has the override %s",
                                PCI_ADDRESS(is->address), is->override);
                if (strcmp(was->driver, is->driver) == 0)
                        continue;
                if (others->type == OTHERS_REST || is_vfio(now, is))
                        return arena_printf(t->scene.arena, "%s is on %s now",
                                PCI_ADDRESS(is->address), is->driver);
        }
        return NULL;
}

static bool is_ready_in_truth(const Trial *t, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                Binding now = {.driver = sim_driver(t->sim, claim->functions[i]->address)};

                if (!sim_is_ready(t->sim, claim->functions[i]->address) ||
                        !binding_is_on(&now, claim->drivers[i]))
                        return false;
        }
        return claim->n_functions > 0;
}

static bool has_trouble(const Trial *t, size_t claim)
{
        const Plan *plan = t->scene.plan;

        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type != STEP_POLICY &&
                        (t->outcomes[i].state == STEP_FAILED ||
                                t->outcomes[i].state == STEP_TIMED_OUT) &&
                        step_serves(plan->steps, plan->n_steps, i, (int)claim))
                        return true;
        return false;
}

static const char *check_verdict(const Trial *t, size_t index)
{
        const Claim *claim = &t->scene.plan->claims.items[index];
        const Verdict *verdict = &t->verdicts[index];
        const char *sentence = report_sentence(&t->report, index, t->scene.arena);

        if (!verdict->message || !*verdict->message || !sentence || !*sentence)
                return "nothing is said of it";
        if (verdict->result == RESULT_READY && !is_ready_in_truth(t, claim))
                return "it is called ready, and is not";
        if (verdict->result == RESULT_READY && has_trouble(t, index))
                return "it is called ready, and a step for it did not succeed";
        if (verdict->result == RESULT_READY || verdict->result == RESULT_SKIPPED)
                return NULL;
        if (verdict->reason == REASON_NONE || !verdict->cause || !verdict->remedy)
                return "it is not ready, and reason, cause or remedy is missing";
        return verdict->error > 0 ? NULL : "it is not ready, and there is no errno";
}

static size_t count(const char *text, const char *what)
{
        size_t n = 0;

        for (; (text = strstr(text, what)); text++)
                n++;
        return n;
}

/* The exit status and the JSON, counted once more. */
static const char *check_report(const Trial *t)
{
        const Claims *claims = &t->scene.plan->claims;
        size_t n_ready = 0, n_short = 0;

        for (size_t i = 0; i < claims->n_items; i++) {
                const char *broken = check_verdict(t, i);

                if (broken)
                        return arena_printf(t->scene.arena, "%s: %s (%s)",
                                claims->items[i].entry->name, broken, t->verdicts[i].message);
                n_ready += t->verdicts[i].result == RESULT_READY;
                n_short += t->verdicts[i].result != RESULT_READY &&
                           t->verdicts[i].result != RESULT_SKIPPED &&
                           !claims->items[i].entry->optional;
        }
        if (report_exit_status(&t->report) !=
                (n_short > 0 ? EXIT_STATUS_UNSATISFIED : EXIT_STATUS_OK))
                return "the exit status is not what the report says";

        _cleanup_free_ char *json = report_json(&t->report, false);
        return json && count(json, "\"result\": \"ready\"") == n_ready
                       ? NULL
                       : "the JSON is not what the report says";
}

static const char *check_run(const Trial *t)
{
        const char *broken = check_calls(t);

        if (!broken)
                broken = check_foreign(t);
        return broken || t->killed ? broken : check_report(t);
}

/* VFIO never heard of it, and never will. */
static bool is_linked_only(const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++)
                if (binding_is_on(&claim->functions[i]->binding, claim->drivers[i]) &&
                        !claim->functions[i]->binding.vfio_device)
                        return true;
        return false;
}

/* Another card of its group is stuck, with a driver of the host. */
static bool is_spoilt(const Trial *t, size_t claim)
{
        for (size_t i = 0; i < t->scene.host->n_functions; i++)
                if (t->scene.host->functions[i].stuck &&
                        t->verdicts[claim].reason == REASON_SHARED_GROUP)
                        return true;
        return false;
}

/* In a run in which nothing goes wrong, what nothing stands against is ready. */
static const char *check_all_ready(const Trial *t)
{
        const Claims *claims = &t->scene.plan->claims;

        for (size_t i = 0; i < claims->n_items; i++)
                if (claim_is_accepted(&claims->items[i]) && !is_linked_only(&claims->items[i]) &&
                        t->verdicts[i].result != RESULT_READY && !is_spoilt(t, i))
                        return arena_printf(t->scene.arena,
                                "%s: nothing goes wrong any more, and it is not ready: %s",
                                claims->items[i].entry->name, t->verdicts[i].message);
        return NULL;
}

static const char *check_readable(const Trial *t)
{
        const SimBus *bus = sim_bus(t->sim);

        for (size_t i = 0; i < bus->n_devices; i++) {
                const Function *f = host_find(t->scene.host, bus->devices[i].address);

                if (f && !f->stuck && bus->devices[i].unreadable)
                        return arena_printf(t->scene.arena, "nobody may read the files of %s",
                                PCI_ADDRESS(f->address));
        }
        return NULL;
}

static bool has_linked_only(Trial *t)
{
        const Claims *claims = &scene_plan(&t->scene)->claims;

        for (size_t i = 0; i < claims->n_items; i++)
                if (claim_is_accepted(&claims->items[i]) && is_linked_only(&claims->items[i]))
                        return true;
        return false;
}

/* Nothing is left to do. */
static const char *check_still(Trial *t)
{
        scan(t, false);
        scene_plan(&t->scene);
        return t->scene.plan->n_steps && !has_linked_only(t)
                       ? arena_printf(t->scene.arena, "there is more to do: %s",
                                 scene_steps_text(&t->scene))
                       : NULL;
}

/* A run in which nothing goes wrong. What VFIO never hears of is waited for as long as one step may
 * take. */
static const char *run_well(Trial *t)
{
        const char *broken = run(t, &(Accident){0}, has_linked_only(t) ? 2 * SHORT_MS : LONG_MS);

        if (!broken)
                broken = check_run(t);
        if (!broken)
                broken = check_all_ready(t);
        return broken ? broken : check_readable(t);
}

static void keep_steps(const Trial *t, Arena *arena, TrialNormal *ret)
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

static void keep_results(const Trial *t, Arena *arena, TrialNormal *ret)
{
        ret->n_results = t->scene.plan->claims.n_items;
        ret->results = arena_array(arena, ret->n_results, sizeof(TrialResult));
        for (size_t i = 0; i < ret->n_results; i++) {
                ret->results[i] = result_of(t, i);
                ret->results[i].entry = arena_strdup(arena, ret->results[i].entry);
        }
}

const char *trial_normal(const TrialSource *source, Arena *arena, TrialNormal *ret)
{
        _cleanup_(trial_done) Trial t = {0};
        TrialNormal normal = {0};

        trial_set(&t, source);
        const char *broken = run_well(&t);
        if (!broken) {
                keep_steps(&t, arena, &normal);
                keep_results(&t, arena, &normal);
                broken = check_still(&t);
        }
        *ret = normal;
        return broken ? arena_strdup(arena, broken) : NULL;
}

static bool is_the_same(const TrialResult *a, const TrialResult *b)
{
        return strcmp(a->entry, b->entry) == 0 && pci_address_compare(a->address, b->address) == 0;
}

/* What would have been ready without the accident is. */
static const char *check_repaired(const Trial *t, const TrialNormal *normal)
{
        for (size_t n = 0; n < normal->n_results; n++) {
                const TrialResult *was = &normal->results[n];
                bool found = was->result != RESULT_READY;

                for (size_t i = 0; i < t->scene.plan->claims.n_items; i++) {
                        TrialResult is = result_of(t, i);

                        found |= is_the_same(was, &is) && is.result == RESULT_READY;
                }
                if (!found)
                        return arena_printf(t->scene.arena, "%s (%s) is not repaired", was->entry,
                                PCI_ADDRESS(was->address));
        }
        return NULL;
}

static const char *check_left_alone(const Trial *t)
{
        for (size_t i = 0; i < t->mishaps->n_calls && i < ARRAY_SIZE(t->mishaps->calls); i++) {
                const MishapCall *call = &t->mishaps->calls[i];
                const Function *f = host_find(t->scene.host, call->address);

                if (t->scene.plan->steps[call->step].claim >= 0 && f && f->stuck)
                        return arena_printf(t->scene.arena, "%s is stuck, and was touched",
                                PCI_ADDRESS(call->address));
        }
        return NULL;
}

/* All that happens is that drivers are loaded, and all cards are on hold by then. */
static bool is_safe(const TrialNormal *normal, const Accident *accident)
{
        for (size_t i = 0; i < MISHAPS; i++)
                if (accident->mishaps[i].type != MISHAP_NONE)
                        return false;
        return (accident->others.type == OTHERS_LOAD || accident->others.type == OTHERS_COLDPLUG) &&
               normal->steps[accident->others.step].type >= STEP_LOAD;
}

/* Something is waited for that never comes. */
static bool is_waited_for(const Accident *accident)
{
        static const MishapType types[] = {MISHAP_NO_EFFECT, MISHAP_HANGS, MISHAP_HANGS_LATE};

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (accident_has(accident, types[i]))
                        return true;
        return accident->others.type == OTHERS_UNBIND || accident->others.type == OTHERS_REPLUG;
}

/* The first run, in which things go wrong. */
static const char *run_badly(Trial *t, const TrialNormal *normal, const Accident *accident)
{
        bool brief = is_waited_for(accident) || has_linked_only(t);
        const char *broken = run(t, accident, brief ? SHORT_MS : LONG_MS);

        if (!broken && t->scene.plan->n_steps != normal->n_steps)
                return "the same machine and config give another plan";
        if (!broken)
                broken = check_run(t);
        return !broken && is_safe(normal, accident) ? check_all_ready(t) : broken;
}

/* What went wrong and what others did is over; what hung is over or not. */
static const char *run_after(
        Trial *t, const TrialNormal *normal, const Accident *accident, bool stuck)
{
        scan(t, stuck);
        const char *broken = run_well(t);

        if (!broken && stuck) {
                broken = check_left_alone(t);
                scan(t, false);
                if (!broken)
                        broken = run_well(t);
        }
        if (!broken && accident->others.type == OTHERS_REST)
                broken = check_repaired(t, normal);
        return broken;
}

const char *trial_accident(const TrialSource *source, const TrialNormal *normal,
        const Accident *accident, bool stuck, Arena *arena)
{
        _cleanup_(trial_done) Trial t = {0};
        const char *when = "the run";

        trial_set(&t, source);
        const char *broken = run_badly(&t, normal, accident);
        if (!broken) {
                when = "the run after it";
                broken = run_after(&t, normal, accident, stuck);
        }
        if (!broken) {
                when = "the third run";
                broken = check_still(&t);
        }
        return broken ? arena_printf(arena, "%s: %s", when, broken) : NULL;
}
