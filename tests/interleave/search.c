/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "search.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/driver-name.h"
#include "base/text.h"

#define DEPTH_MAX 400

/* Fingerprints, by open addressing. */
typedef struct Seen {
        uint64_t *items; /* 0: free */
        size_t size;     /* a power of two */
        size_t used;
} Seen;

typedef struct Search {
        const Model *model;
        Seen seen;
        Now *stack; /* the states on the way here */
        uint8_t way[DEPTH_MAX];
        bool by_deadline[DEPTH_MAX];
        unsigned depth;
        Found found;
} Search;

static bool seen_add(Seen *seen, uint64_t fingerprint);

static void seen_grow(Seen *seen)
{
        Seen larger = {.size = seen->size ? seen->size * 2 : 1 << 16};

        larger.items = calloc(larger.size, sizeof(*larger.items));
        cr_assert(larger.items);
        for (size_t i = 0; i < seen->size; i++)
                if (seen->items[i])
                        (void)seen_add(&larger, seen->items[i]);
        free(seen->items);
        *seen = larger;
}

/* False when it was there already. */
static bool seen_add(Seen *seen, uint64_t fingerprint)
{
        if (seen->used * 2 >= seen->size)
                seen_grow(seen);
        fingerprint += !fingerprint;

        size_t i = fingerprint & (seen->size - 1);
        for (; seen->items[i]; i = (i + 1) & (seen->size - 1))
                if (seen->items[i] == fingerprint)
                        return false;
        seen->items[i] = fingerprint;
        seen->used++;
        return true;
}

static const char *describe_way(const Search *s)
{
        static const char *const names[] = {
                "policy", "override", "load", "coldplug", "unbind", "bind", "remove", "rescan"};
        Text text = TEXT_IN(s->model->scene->arena);

        for (unsigned i = 0; i < s->depth; i++) {
                const Thread *thread = &s->model->threads[s->way[i]];
                const ThreadNow *now = &s->stack[i].threads[s->way[i]];
                const Move *move = &thread->moves[now->move];

                text_add(&text, "\n  %s %s%s %s%s",
                        thread->phase >= 0 ? "we:    " : "others:", names[move->type],
                        now->part ? ", further" : "",
                        PCI_ADDRESS(s->model->scene->host->functions[move->device].address),
                        s->by_deadline[i] ? ": given up" : "");
                if (move->name)
                        text_add(&text, " %s", move->name);
        }
        return text.string;
}

static _printf_(2, 3) void fail(Search *s, const char *format, ...)
{
        char what[256];
        va_list args;

        va_start(args, format);
        vsnprintf(what, sizeof(what), format, args);
        va_end(args);
        if (!s->found.broken)
                s->found.broken =
                        arena_printf(s->model->scene->arena, "%s%s", what, describe_way(s));
}

static bool is_vfio(const char *driver)
{
        return strstr(driver, "vfio-pci") || strstr(driver, "vfio_pci");
}

/* In every state: no card of the host on VFIO, and no claimed card on a driver that did not have it
 * before. */
static void check_devices(Search *s, const Now *now)
{
        const Model *model = s->model;

        for (unsigned i = 0; i < now->bus.n_devices; i++) {
                const Function *f = &model->scene->host->functions[i];
                const SimDevice *d = &now->bus.devices[i];
                bool ours = claims_find_accepted(&model->plan->claims, f);
                bool was = f->binding.driver && strcmp(f->binding.driver, d->driver) == 0;

                if (!*d->driver || was)
                        continue;
                if (!ours && is_vfio(d->driver))
                        fail(s, "%s is the host's, and on %s", PCI_ADDRESS(f->address), d->driver);
                if (ours && !is_vfio(d->driver) && !model->early && !now->replugged[i])
                        fail(s, "%s is claimed, and on %s", PCI_ADDRESS(f->address), d->driver);
        }
}

static unsigned index_of(const Model *model, const Function *f)
{
        return (unsigned)(f - model->scene->host->functions);
}

static bool is_ready_in_truth(const Model *model, const Now *now, const Claim *claim)
{
        for (size_t i = 0; i < claim->n_functions; i++) {
                unsigned device = index_of(model, claim->functions[i]);
                const SimDevice *d = &now->bus.devices[device];

                if (d->gone || !d->vfio || now->locked[device] ||
                        !driver_name_equal(d->driver, claim->drivers[i]))
                        return false;
        }
        return claim->n_functions > 0;
}

/* As the report reads it. */
static Binding read_binding(const Model *model, const Now *now, const Function *f, Arena *arena)
{
        const SimDevice *d = &now->bus.devices[index_of(model, f)];
        bool vfio = model->link_tells ? is_vfio(d->driver) : d->vfio;

        if (d->gone || !*d->driver || now->unlinked[index_of(model, f)])
                return (Binding){0};
        return (Binding){
                .driver = arena_strdup(arena, d->driver), .vfio_device = vfio ? "vfio0" : NULL};
}

/* As our run knows it, or, as `status` does, by what is to be read alone. */
static Verdict judge(const Model *model, const Now *now, size_t index, bool by_run, Arena *arena)
{
        const Claim *claim = &model->plan->claims.items[index];
        StepOutcome *outcomes = arena_array(arena, model->plan->n_steps, sizeof(StepOutcome));
        Binding *bindings = arena_array(arena, claim->n_functions, sizeof(Binding));

        for (size_t i = 0; i < model->plan->n_steps; i++)
                outcomes[i] = (StepOutcome){.state = (StepState)now->outcomes[i],
                        .error = now->outcomes[i] == STEP_FAILED ? EIO : 0};
        for (size_t i = 0; i < claim->n_functions; i++)
                bindings[i] = read_binding(model, now, claim->functions[i], arena);
        return verify_claim(model->plan, index, bindings, by_run ? outcomes : NULL, arena);
}

/* Nothing went wrong that anybody could have a say in. */
static bool is_undisturbed(const Model *model)
{
        for (unsigned i = 0; i < MODEL_DEVICES; i++)
                if (model->flaws[i] != FLAW_NONE)
                        return false;
        for (unsigned i = 0; i < model->n_threads; i++)
                for (unsigned k = 0; k < model->threads[i].n_moves; k++)
                        if (model->threads[i].moves[k].type == MOVE_REMOVE)
                                return false;
        return !model->early;
}

static bool was_given_up(const Model *model, const Now *now)
{
        for (size_t i = 0; i < model->plan->n_steps; i++)
                if (now->outcomes[i] == STEP_TIMED_OUT)
                        return true;
        return false;
}

/* Where our run ends, its report is the truth. */
static void check_report(Search *s, const Now *now)
{
        const Model *model = s->model;
        _cleanup_(arena_freep) Arena *arena = arena_new();

        s->found.reports++;
        for (size_t i = 0; i < model->plan->claims.n_items; i++) {
                const Claim *claim = &model->plan->claims.items[i];
                Verdict verdict = judge(model, now, i, true, arena);
                bool ready = verdict.result == RESULT_READY;

                if (ready && !is_ready_in_truth(model, now, claim))
                        fail(s, "%s is called ready", claim->entry->name);
                if (!ready && claim_is_accepted(claim) && is_undisturbed(model) &&
                        !was_given_up(model, now))
                        fail(s, "%s is not ready, and nothing was in its way: %s",
                                claim->entry->name, verdict.message);
        }
}

/* What `status` says at any time. */
static void check_status(Search *s, const Now *now)
{
        const Model *model = s->model;
        _cleanup_(arena_freep) Arena *arena = arena_new();

        s->found.reports++;
        for (size_t i = 0; i < model->plan->claims.n_items; i++) {
                const Claim *claim = &model->plan->claims.items[i];

                if (judge(model, now, i, false, arena).result == RESULT_READY &&
                        !is_ready_in_truth(model, now, claim))
                        fail(s, "status calls %s ready", claim->entry->name);
        }
}

static void enter(Search *s, const Now *before);

static void go(Search *s, const Now *now, unsigned index, bool deadline)
{
        Now *next = &s->stack[s->depth + 1];

        cr_assert_lt(s->depth + 2, DEPTH_MAX);
        model_copy(next, now);
        s->way[s->depth] = (uint8_t)index;
        s->by_deadline[s->depth] = deadline;
        s->depth++;
        s->found.moves++;
        if (deadline)
                model_time_out(s->model, next, index);
        else
                model_move(s->model, next, index);
        enter(s, now);
        s->depth--;
}

static void enter(Search *s, const Now *before)
{
        const Model *model = s->model;
        const Now *now = &s->stack[s->depth];
        bool moved = false;

        if (!seen_add(&s->seen, model_fingerprint(model, now)))
                return;
        s->found.states++;
        s->found.deepest = s->depth > s->found.deepest ? s->depth : s->found.deepest;
        check_devices(s, now);
        check_status(s, now);
        if (model_has_ended(model, now) && !(before && model_has_ended(model, before)))
                check_report(s, now);
        for (unsigned i = 0; i < model->n_threads && !s->found.broken; i++) {
                if (model_can_move(model, now, i)) {
                        moved = true;
                        go(s, now, i, false);
                } else if (model_can_time_out(model, now, i)) {
                        moved = true;
                        go(s, now, i, true);
                }
        }
        if (!moved && !model_has_ended(model, now))
                fail(s, "nobody can move, and our run has not ended");
}

Found search_all(const Model *model)
{
        Search s = {.model = model, .stack = calloc(DEPTH_MAX, sizeof(Now))};

        cr_assert(s.stack);
        model_start(model, &s.stack[0]);
        enter(&s, NULL);
        free(s.stack);
        free(s.seen.items);
        return s.found;
}
