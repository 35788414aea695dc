/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/trial-check.h"

#include <string.h>

#include "report/report-json.h"

static bool is_own(const Trial *t, PciAddress address)
{
        const Function *f = host_find(t->scene.host, address);

        return f && claims_find_accepted(&t->scene.plan->claims, f);
}

/* Whoever gets a function from the host's drivers may read it meanwhile. */
bool trial_is_an_offer(StepType type)
{
        return type == STEP_PROBE || type == STEP_SETTLE || type == STEP_ANNOUNCE;
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
                if (call->readable && !trial_is_an_offer(t->scene.plan->steps[call->step].type))
                        return arena_printf(
                                arena, "others could wait behind %s", PCI_ADDRESS(call->address));
        }
        return NULL;
}

bool trial_is_vfio(const SimBus *bus, const SimDevice *device)
{
        for (size_t i = 0; i < bus->n_drivers; i++)
                if (strcmp(bus->drivers[i].name, device->driver) == 0)
                        return bus->drivers[i].vfio;
        return false;
}

/* What nobody has claimed and no driver has goes to one that is loaded for another card. */
static bool may_be_taken(const Trial *t, const SimDevice *was)
{
        const Function *f = host_find(t->scene.host, was->address);

        return t->verb->gives_back && f && !*was->driver && !*was->override;
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
                if (strcmp(was->driver, is->driver) == 0 && (!was->vfio || is->vfio))
                        continue;
                if ((others->type == OTHERS_REST && !may_be_taken(t, was)) ||
                        trial_is_vfio(now, is))
                        return arena_printf(t->scene.arena, "%s is on %s now",
                                PCI_ADDRESS(is->address), is->driver);
        }
        return NULL;
}

static const char *check_verdict(const Trial *t, size_t index)
{
        const Verdict *verdict = &t->verdicts[index];
        const char *sentence = report_sentence(&t->report, index, t->scene.arena);

        if (!verdict->message || !*verdict->message || !sentence || !*sentence)
                return "nothing is said of it";
        if (verdict->result == t->verb->goal)
                return t->verb->contradict(t, index);
        if (verdict->result == RESULT_SKIPPED)
                return NULL;
        if (verdict->result == RESULT_READY)
                return "it is called ready, which nobody wanted";
        if (verdict->reason == REASON_NONE || !verdict->cause || !verdict->remedy)
                return "it is not where it was to go, and reason, cause or remedy is missing";
        return verdict->error > 0 ? NULL : "it is not where it was to go, and there is no errno";
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
        size_t n_reached = 0, n_short = 0;

        for (size_t i = 0; i < claims->n_items; i++) {
                const char *broken = check_verdict(t, i);

                if (broken)
                        return arena_printf(t->scene.arena, "%s: %s (%s)",
                                claims->items[i].entry->name, broken, t->verdicts[i].message);
                n_reached += t->verdicts[i].result == t->verb->goal;
                n_short += t->verdicts[i].result != RESULT_READY &&
                           t->verdicts[i].result != RESULT_SKIPPED &&
                           !claims->items[i].entry->optional;
        }
        if (report_exit_status(&t->report) !=
                (n_short > 0 ? EXIT_STATUS_UNSATISFIED : EXIT_STATUS_OK))
                return "the exit status is not what the report says";

        _cleanup_free_ char *json = report_json(&t->report, false);
        const char *result =
                t->verb->gives_back ? "\"result\": \"skipped\"" : "\"result\": \"ready\"";
        return json && count(json, result) == n_reached ? NULL
                                                        : "the JSON is not what the report says";
}

static bool is_hung(const Trial *t, PciAddress address)
{
        for (size_t i = 0; i < t->scene.plan->n_steps; i++)
                if (t->outcomes[i].worker > 0 &&
                        pci_address_compare(t->scene.plan->steps[i].address, address) == 0)
                        return true;
        return false;
}

/* What is gone has no files that could be shut. */
static bool is_shut(const Trial *t, PciAddress address)
{
        const SimBus *bus = sim_bus(t->sim);

        for (size_t i = 0; i < bus->n_devices; i++)
                if (pci_address_compare(bus->devices[i].address, address) == 0)
                        return !bus->devices[i].gone && bus->devices[i].unreadable;
        return false;
}

/* A worker that is gone has left nothing shut. */
static const char *check_left_open(const Trial *t)
{
        for (size_t i = 0; i < t->scene.plan->n_steps; i++) {
                const Step *step = &t->scene.plan->steps[i];

                if (step->claim >= 0 && step->type != STEP_FREE &&
                        t->outcomes[i].state == STEP_FAILED && !is_hung(t, step->address) &&
                        is_shut(t, step->address))
                        return arena_printf(t->scene.arena, "%s was left unreadable",
                                PCI_ADDRESS(step->address));
        }
        return NULL;
}

const char *trial_check_run(const Trial *t)
{
        const char *broken = check_calls(t);

        if (!broken)
                broken = check_foreign(t);
        if (!broken && !t->killed)
                broken = check_left_open(t);
        return broken || t->killed ? broken : check_report(t);
}

const char *trial_check_readable(const Trial *t)
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

/* What is stuck was not touched. */
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

const char *trial_run_after(Trial *t, bool stuck, const char *(*run_well)(Trial *t))
{
        trial_scan(t, stuck);

        const char *broken = run_well(t);
        if (broken || !stuck)
                return broken;
        broken = check_left_alone(t);
        trial_scan(t, false);
        return broken ? broken : run_well(t);
}
