/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/apply.h"

#include "base/clock.h"
#include "host/capabilities.h"

typedef struct Apply {
        const Step *steps;
        size_t n_steps;
        size_t n_claims;
        const Ops *ops;
        unsigned step_ms;
        int64_t end; /* of all phases together, on the clock */
        StepOutcome *outcomes;
} Apply;

/* The steps of a claim that follow one another: a function's own stand together. */
#define CHANGES_OF_DRIVER                                                                          \
        (1u << STEP_UNBIND | 1u << STEP_OVERRIDE | 1u << STEP_RESET_METHOD | 1u << STEP_D3COLD |   \
                1u << STEP_BIND | 1u << STEP_CLEAR)

static unsigned time_left(const Apply *apply)
{
        int64_t left = apply->end - clock_ms();

        return left > 0 ? (unsigned)left : 0;
}

static int do_step(const Step *step, const Ops *ops)
{
        PciId id = {0};

        switch (step->type) {
        case STEP_POLICY:
                return ops->write_policy(ops->context, step->text);
        case STEP_HOLD:
        case STEP_OVERRIDE:
                return ops->set_override(ops->context, step->address, step->target);
        case STEP_LOAD:
                return ops->load(ops->context, step->target, step->text);
        case STEP_FORGET:
                return pci_id_parse(step->target, &id) < 0 ? -EINVAL
                                                           : ops->forget_id(ops->context, id);
        case STEP_UNBIND:
                return ops->unbind(ops->context, step->address, step->target);
        case STEP_RESET_METHOD:
                return ops->set_reset_method(ops->context, step->address, step->target);
        case STEP_D3COLD:
                return ops->set_d3cold(ops->context, step->address, step->target);
        case STEP_BIND:
                return ops->bind(ops->context, step->address, step->target);
        case STEP_CLEAR:
                return ops->set_override(ops->context, step->address, NULL);
        case STEP_PROBE:
                return ops->probe(ops->context, step->address);
        case STEP_ANNOUNCE:
                return ops->announce(ops->context, step->address);
        case _STEP_TYPE_MAX:
                break;
        }
        return -EINVAL;
}

/* A driver of the host that is to have a card again is probed as at any other time: udev reads what
 * it likes. */
#define FOR_THE_HOST (1u << STEP_PROBE | 1u << STEP_ANNOUNCE)

/* In a worker. Where a driver never comes back, neither does this, and nobody else walks into the
 * device's lock until the boot ends. */
static int take_step(void *context, size_t index)
{
        const Apply *apply = context;
        const Step *step = &apply->steps[index];
        const Ops *ops = apply->ops;
        bool device = step->claim >= 0 && !(FOR_THE_HOST & 1u << step->type);

        if (device)
                (void)ops->set_readable(ops->context, step->address, false);

        int r = do_step(step, ops);
        if (device)
                (void)ops->set_readable(ops->context, step->address, true);
        return r;
}

static int run(Apply *apply, const WorkerTask *tasks, size_t n_tasks)
{
        const WorkerLimits limits = {.step_ms = apply->step_ms, .total_ms = time_left(apply)};

        /* a worker without any time might write before it is killed, and not be believed */
        for (size_t i = 0; limits.total_ms == 0 && i < n_tasks; i++)
                apply->outcomes[tasks[i].steps[0]].state = STEP_TIMED_OUT;
        if (limits.total_ms == 0)
                return 0;
        return worker_run_all(tasks, n_tasks, take_step, apply, &limits, apply->outcomes);
}

static bool claim_broke(const Apply *apply, int claim)
{
        for (size_t i = 0; i < apply->n_steps; i++) {
                StepState state = apply->outcomes[i].state;

                if (apply->steps[i].claim == claim &&
                        (state == STEP_FAILED || state == STEP_TIMED_OUT))
                        return true;
        }
        return false;
}

/* The steps of `claim` whose type is among `types`, into `indices`. */
static size_t pick_steps(const Apply *apply, int claim, unsigned types, size_t *indices)
{
        size_t n = 0;

        for (size_t i = 0; i < apply->n_steps; i++)
                if (apply->steps[i].claim == claim && types & 1u << apply->steps[i].type)
                        indices[n++] = i;
        return n;
}

/* Root's own files are all that the others write to; the kernel asks for nothing more there. */
static uint64_t needed_capabilities(StepType type)
{
        return type == STEP_LOAD ? CAPABILITY(CAP_SYS_MODULE) : 0;
}

/* The steps of a type that is no claim's own: a worker for each, so that none waits for another. */
static int take_common(Apply *apply, StepType type, size_t *indices, WorkerTask *tasks)
{
        size_t n = 0;

        for (size_t i = 0; i < apply->n_steps; i++) {
                if (apply->steps[i].type != type)
                        continue;
                indices[n] = i;
                tasks[n] = (WorkerTask){.steps = &indices[n],
                        .n_steps = 1,
                        .capabilities = needed_capabilities(type)};
                n++;
        }
        return run(apply, tasks, n);
}

/* Whether a module that the claim needs was not loaded. */
static bool claim_lacks_module(const Apply *apply, int claim)
{
        for (size_t i = 0; i < apply->n_steps; i++)
                if (apply->steps[i].type == STEP_LOAD && apply->outcomes[i].state != STEP_DONE &&
                        step_serves(apply->steps, apply->n_steps, i, claim))
                        return true;
        return false;
}

static int take_claims(Apply *apply, unsigned types, size_t *indices, WorkerTask *tasks)
{
        size_t n_tasks = 0, used = 0;

        for (size_t claim = 0; claim < apply->n_claims; claim++) {
                WorkerTask *task = &tasks[n_tasks];

                if (claim_broke(apply, (int)claim) ||
                        (types & 1u << STEP_BIND && claim_lacks_module(apply, (int)claim)))
                        continue;
                *task = (WorkerTask){.steps = indices + used};
                task->n_steps = pick_steps(apply, (int)claim, types, indices + used);
                used += task->n_steps;
                n_tasks += task->n_steps > 0;
        }
        return run(apply, tasks, n_tasks);
}

/* A function that its driver never comes back from does not keep the others of its card from
 * theirs: a worker for each function, whose steps stand together. */
static int take_for_the_host(Apply *apply, size_t *indices, WorkerTask *tasks)
{
        const Step *last = NULL;
        size_t n_tasks = 0, used = 0;

        for (size_t i = 0; i < apply->n_steps; i++) {
                const Step *step = &apply->steps[i];

                if (!(FOR_THE_HOST & 1u << step->type) || claim_broke(apply, step->claim))
                        continue;
                if (!last || pci_address_compare(last->address, step->address) != 0)
                        tasks[n_tasks++] = (WorkerTask){.steps = indices + used};
                tasks[n_tasks - 1].n_steps++;
                indices[used++] = i;
                last = step;
        }
        return run(apply, tasks, n_tasks);
}

/* Whether what a step has set going has arrived; what is gone meanwhile will not arrive. */
static bool has_arrived(const Apply *apply, const Step *step, Arena *arena)
{
        Binding binding = {0};

        if (apply->ops->read_binding(apply->ops->context, step->address, arena, &binding) < 0)
                return true;
        return step->type == STEP_BIND ? binding.vfio_device != NULL : binding.driver != NULL;
}

static bool all_have_arrived(const Apply *apply)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; arena && i < apply->n_steps; i++) {
                const Step *step = &apply->steps[i];
                bool awaited =
                        step->type == STEP_BIND || (step->type == STEP_ANNOUNCE && step->target);

                if (awaited && apply->outcomes[i].state == STEP_DONE &&
                        !has_arrived(apply, step, arena))
                        return false;
        }
        return true;
}

/* A driver may probe asynchronously (driver_async_probe=): bind then returns before it is done. And
 * udev loads a driver when it gets to it. */
static void wait_for_drivers(const Apply *apply)
{
        int64_t end = clock_ms() + apply->step_ms;

        while (clock_ms() < end && time_left(apply) > 0 && !all_have_arrived(apply))
                clock_pause_ms(10);
}

int apply_steps(const Step *steps, size_t n_steps, size_t n_claims, const Ops *ops,
        const WorkerLimits *limits, StepOutcome *outcomes)
{
        Apply apply = {
                .steps = steps,
                .n_steps = n_steps,
                .n_claims = n_claims,
                .ops = ops,
                .step_ms = limits->step_ms,
                .end = clock_ms() + limits->total_ms,
                .outcomes = outcomes,
        };
        _cleanup_free_ size_t *indices = calloc(n_steps + 1, sizeof(size_t));
        _cleanup_free_ WorkerTask *tasks = calloc(n_claims + n_steps + 1, sizeof(WorkerTask));
        int r = 0;

        if (!indices || !tasks)
                return -ENOMEM;
        r = take_common(&apply, STEP_POLICY, indices, tasks);
        if (r == 0)
                r = take_claims(&apply, 1u << STEP_HOLD, indices, tasks);
        if (r == 0)
                r = take_common(&apply, STEP_LOAD, indices, tasks);
        if (r == 0)
                r = take_common(&apply, STEP_FORGET, indices, tasks);
        if (r < 0)
                return r;
        r = take_claims(&apply, CHANGES_OF_DRIVER, indices, tasks);
        if (r == 0)
                r = take_for_the_host(&apply, indices, tasks);
        wait_for_drivers(&apply);
        return r;
}
