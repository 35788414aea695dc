/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/apply.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
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
        (1u << STEP_FREE | 1u << STEP_UNBIND | 1u << STEP_OVERRIDE | 1u << STEP_RESET_METHOD |     \
                1u << STEP_D3COLD | 1u << STEP_BIND | 1u << STEP_CLEAR)

/* For udev to load a driver: seconds for those that come with all of DRM. */
#define UDEV_MS 20000
/* udevd looks whether modprobe.d has changed at most every three seconds (udev-manager.c), and goes
 * by the old blacklist until then: whoever has found no driver is announced once more. */
#define UDEV_NOTICE_MS 4000

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
        case STEP_FREE:
                return ops->free_framebuffer(ops->context, step->text, step->target);
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
        case STEP_SETTLE:
                return ops->settle(ops->context, step->address);
        case STEP_ANNOUNCE:
                return ops->announce(ops->context, step->address);
        case _STEP_TYPE_MAX:
                break;
        }
        return -EINVAL;
}

/* A driver of the host that is to have a card again is probed as at any other time: udev reads what
 * it likes. */
#define OFFERS_TO_THE_HOST (1u << STEP_PROBE | 1u << STEP_ANNOUNCE)
#define FOR_THE_HOST       (OFFERS_TO_THE_HOST | 1u << STEP_SETTLE)

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

/* A worker that was killed, and is gone, has left the files as they were while it was at work. */
static void restore_modes(const Apply *apply, const WorkerTask *task)
{
        for (size_t i = 0; i < task->n_steps; i++)
                if (apply->outcomes[task->steps[i]].state == STEP_FAILED &&
                        apply->steps[task->steps[i]].claim >= 0)
                        (void)apply->ops->set_readable(
                                apply->ops->context, apply->steps[task->steps[i]].address, true);
}

static int run(Apply *apply, const WorkerTask *tasks, size_t n_tasks)
{
        const WorkerLimits limits = {.step_ms = apply->step_ms, .total_ms = time_left(apply)};

        /* a worker without any time might write before it is killed, and not be believed */
        for (size_t i = 0; limits.total_ms == 0 && i < n_tasks; i++)
                apply->outcomes[tasks[i].steps[0]].state = STEP_TIMED_OUT;
        if (limits.total_ms == 0)
                return 0;

        int r = worker_run_all(tasks, n_tasks, take_step, apply, &limits, apply->outcomes);
        for (size_t i = 0; r == 0 && i < n_tasks; i++)
                restore_modes(apply, &tasks[i]);
        return r;
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

/* The steps of a type that is no claim's own: a task for each, so that none waits for another. */
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

/* Whether the card did not get as far as this, or a driver of the host is at work on the function
 * and does not come back. */
static bool function_broke(const Apply *apply, const Step *next)
{
        for (size_t i = 0; i < apply->n_steps; i++) {
                const Step *step = &apply->steps[i];
                StepState state = apply->outcomes[i].state;
                bool offer = FOR_THE_HOST & 1u << step->type;

                if (step->claim != next->claim)
                        continue;
                if (offer ? state == STEP_TIMED_OUT &&
                                        pci_address_compare(step->address, next->address) == 0
                          : state == STEP_FAILED || state == STEP_TIMED_OUT)
                        return true;
        }
        return false;
}

/* A function that its driver never comes back from does not keep the others of its card from
 * theirs: a task for each function, whose steps stand together. */
static int take_by_function(Apply *apply, unsigned types, size_t *indices, WorkerTask *tasks)
{
        const Step *last = NULL;
        size_t n_tasks = 0, used = 0;

        for (size_t i = 0; i < apply->n_steps; i++) {
                const Step *step = &apply->steps[i];

                if (!(types & 1u << step->type) || function_broke(apply, step))
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

/* What nobody is known to take is not waited for. */
static bool is_awaited(const Step *step)
{
        return step->type == STEP_BIND || (step->type == STEP_ANNOUNCE && step->target);
}

static bool all_have_arrived(const Apply *apply)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; arena && i < apply->n_steps; i++) {
                const Step *step = &apply->steps[i];
                if (is_awaited(step) && apply->outcomes[i].state == STEP_DONE &&
                        !has_arrived(apply, step, arena))
                        return false;
        }
        return true;
}

static void wait_for_drivers(const Apply *apply, int64_t end)
{
        while (clock_ms() < end && time_left(apply) > 0 && !all_have_arrived(apply))
                clock_pause_ms(10);
}

/* A driver may probe asynchronously (driver_async_probe=): bind then returns before it is done. */
static void wait_for_vfio(const Apply *apply)
{
        wait_for_drivers(apply, clock_ms() + apply->step_ms);
}

/* Which driver each function that is waited for has now. */
static const char *name_drivers(const Apply *apply, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; i < apply->n_steps; i++) {
                Binding binding = {0};

                if (apply->steps[i].type != STEP_SETTLE)
                        continue;
                (void)apply->ops->read_binding(
                        apply->ops->context, apply->steps[i].address, arena, &binding);
                text_add(&text, "%s;", binding.driver ? binding.driver : "");
        }
        return text.string;
}

/* Waits for who is at work on the functions now; true when the same drivers have them after it. */
static bool settle(Apply *apply, size_t *indices, WorkerTask *tasks, int *ret_error)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const char *before = arena ? name_drivers(apply, arena) : "";

        *ret_error = take_by_function(apply, 1u << STEP_SETTLE, indices, tasks);
        return !arena || strcmp(before, name_drivers(apply, arena)) == 0;
}

/* udev loads drivers when it gets to it. The link appears before a driver's probe ends, and goes
 * again when that fails: then another driver may follow, whose probe has not ended either. */
static int wait_for_host(Apply *apply, size_t *indices, WorkerTask *tasks)
{
        const int64_t end = clock_ms() + UDEV_MS;
        bool settled = false;
        int r = 0;

        do {
                int64_t notice = clock_ms() + UDEV_NOTICE_MS;

                wait_for_drivers(apply, notice < end ? notice : end);
                if (!all_have_arrived(apply))
                        r = take_by_function(apply, 1u << STEP_ANNOUNCE, indices, tasks);
                if (r == 0)
                        settled = settle(apply, indices, tasks, &r) && all_have_arrived(apply);
        } while (r == 0 && clock_ms() < end && time_left(apply) > 0 && !settled);
        return r;
}

static bool has_step(const Apply *apply, StepType type)
{
        for (size_t i = 0; i < apply->n_steps; i++)
                if (apply->steps[i].type == type)
                        return true;
        return false;
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
                r = take_by_function(&apply, OFFERS_TO_THE_HOST, indices, tasks);
        if (r == 0 && has_step(&apply, STEP_SETTLE))
                return wait_for_host(&apply, indices, tasks);
        wait_for_vfio(&apply);
        return r;
}
