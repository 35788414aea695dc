/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/driver-name.h"
#include "lib/sim.h"

/* What a move comes to. */
typedef enum Progress {
        WAITS, /* for a lock */
        GOES_ON,
        ENDED, /* `*ret_error` says how */
} Progress;

static const struct {
        StepType type;
        MoveType move;
        int phase;
        bool own; /* a thread for each claim, not for each step */
} kinds[] = {
        {STEP_POLICY, MOVE_POLICY, 0, false},
        {STEP_HOLD, MOVE_OVERRIDE, 1, true},
        {STEP_LOAD, MOVE_LOAD, 2, false},
        {STEP_UNBIND, MOVE_UNBIND, 3, true},
        {STEP_OVERRIDE, MOVE_OVERRIDE, 3, true},
        {STEP_BIND, MOVE_BIND, 3, true},
};
#define PHASE_HOLD 1
#define PHASE_END  4

static unsigned device_index(const Model *model, PciAddress address)
{
        for (size_t i = 0; i < model->scene->host->n_functions; i++)
                if (pci_address_compare(model->scene->host->functions[i].address, address) == 0)
                        return (unsigned)i;
        cr_assert_fail("%s is not on the bus", PCI_ADDRESS(address));
        return 0;
}

Thread *model_add_thread(Model *model)
{
        Thread *thread = &model->threads[model->n_threads++];

        cr_assert_leq(model->n_threads, MODEL_THREADS);
        thread->phase = thread->claim = -1;
        return thread;
}

void model_add_move(Thread *thread, Move move)
{
        cr_assert_lt(thread->n_moves, MODEL_STEPS);
        thread->moves[thread->n_moves++] = move;
}

static Thread *thread_for(Model *model, int phase, int claim, bool own)
{
        for (unsigned i = 0; own && i < model->n_threads; i++)
                if (model->threads[i].phase == phase && model->threads[i].claim == claim)
                        return &model->threads[i];

        Thread *thread = model_add_thread(model);
        thread->phase = phase;
        thread->claim = own ? claim : -1;
        return thread;
}

void model_build(Model *model, Scene *scene, unsigned without)
{
        model->scene = scene;
        model->plan = scene_plan(scene);
        model->n_phases = PHASE_END;
        cr_assert_leq(model->plan->n_steps, MODEL_STEPS);
        cr_assert_leq(scene->host->n_functions, MODEL_DEVICES);
        for (size_t i = 0; i < model->plan->n_steps; i++) {
                const Step *step = &model->plan->steps[i];

                for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
                        if (kinds[k].type == step->type && !(without & 1u << step->type))
                                model_add_move(thread_for(model, kinds[k].phase, step->claim,
                                                       kinds[k].own),
                                        (Move){.type = kinds[k].move,
                                                .device = step->claim >= 0 ? device_index(model,
                                                                                     step->address)
                                                                           : 0,
                                                .name = step->target,
                                                .options = step->text,
                                                .step = (int)i});
        }
}

void model_copy(Now *to, const Now *from)
{
        size_t devices = from->bus.n_devices, drivers = from->bus.n_drivers;

        memcpy(to->bus.devices, from->bus.devices, devices * sizeof(SimDevice));
        memcpy(to->bus.drivers, from->bus.drivers, drivers * sizeof(SimDriver));
        to->bus.n_devices = devices;
        to->bus.n_drivers = drivers;
        to->bus.n_registered = from->bus.n_registered;
        memcpy((char *)to + offsetof(Now, locked), (const char *)from + offsetof(Now, locked),
                sizeof(Now) - offsetof(Now, locked));
}

static bool is_locked(const Now *now, unsigned device, unsigned index)
{
        return now->locked[device] && now->locked[device] != index + 1;
}

/* The driver that `name` means on the bus now, spelled either way; NULL: none is registered. */
static SimDriver *driver_called(Now *now, const char *name)
{
        for (size_t i = 0; i < now->bus.n_drivers; i++)
                if (now->bus.drivers[i].registered &&
                        driver_name_equal(now->bus.drivers[i].name, name))
                        return &now->bus.drivers[i];
        return NULL;
}

static SimDriver *driver_of_module(Now *now, const char *module)
{
        for (size_t i = 0; i < now->bus.n_drivers; i++)
                if (strcmp(now->bus.drivers[i].module, module) == 0)
                        return &now->bus.drivers[i];
        return NULL;
}

static uint16_t attaching_bit(const Now *now, const SimDriver *driver)
{
        return (uint16_t)(1U << (driver - now->bus.drivers));
}

static void begin_probe(Now *now, unsigned index, unsigned device, const SimDriver *driver)
{
        strncpy(now->bus.devices[device].driver, driver->name,
                sizeof(now->bus.devices[device].driver) - 1);
        now->locked[device] = (uint8_t)(index + 1);
}

static bool is_vfio(const Now *now, const char *name)
{
        for (size_t i = 0; i < now->bus.n_drivers; i++)
                if (strcmp(now->bus.drivers[i].name, name) == 0)
                        return now->bus.drivers[i].vfio;
        return false;
}

static Progress end_probe(const Model *model, Now *now, unsigned device, int *ret_error)
{
        SimDevice *d = &now->bus.devices[device];
        bool vfio = is_vfio(now, d->driver);
        Flaw flaw = vfio ? model->flaws[device] : FLAW_NONE;

        if (flaw == FLAW_PROBE_HANGS)
                return WAITS;
        now->locked[device] = 0;
        d->vfio = vfio && flaw != FLAW_PROBE_FAILS;
        if (flaw == FLAW_PROBE_FAILS)
                memset(d->driver, 0, sizeof(d->driver));
        *ret_error = flaw == FLAW_PROBE_FAILS ? -EIO : 0;
        return ENDED;
}

static void begin_remove(Now *now, unsigned index, unsigned device)
{
        now->locked[device] = (uint8_t)(index + 1);
        now->unlinked[device] = true;
        now->bus.devices[device].vfio = false;
}

static Progress end_remove(const Model *model, Now *now, unsigned device)
{
        if (model->flaws[device] == FLAW_REMOVE_HANGS && *now->bus.devices[device].driver)
                return WAITS;
        memset(now->bus.devices[device].driver, 0, sizeof(now->bus.devices[device].driver));
        now->locked[device] = 0;
        now->unlinked[device] = false;
        return ENDED;
}

/* driver_set_override() of drivers/base/driver.c */
static Progress set_override(Now *now, unsigned index, const Move *move, int *ret_error)
{
        SimDevice *d = &now->bus.devices[move->device];
        const SimDriver *driver = driver_called(now, move->name);

        if (is_locked(now, move->device, index))
                return WAITS;
        *ret_error = d->gone ? -ENOENT : 0;
        if (d->gone)
                return ENDED;
        memset(d->override, 0, sizeof(d->override));
        strncpy(d->override, driver ? driver->name : move->name, sizeof(d->override) - 1);
        return ENDED;
}

/* bind_store() of drivers/base/bus.c */
static Progress bind(const Model *model, Now *now, unsigned index, const Move *move, int *ret_error)
{
        SimDevice *d = &now->bus.devices[move->device];
        const SimDriver *driver = driver_called(now, move->name);

        if (now->threads[index].part == 1)
                return end_probe(model, now, move->device, ret_error);
        if (!d->gone && is_locked(now, move->device, index))
                return WAITS;
        *ret_error = !driver || now->attaching & attaching_bit(now, driver) ? -ENOENT
                     : d->gone                                              ? -ENODEV
                     : *d->driver && strcmp(d->driver, driver->name)        ? -EBUSY
                     : !*d->driver && !sim_bus_matches(driver, d)           ? -ENODEV
                                                                            : 0;
        if (*ret_error < 0 || *d->driver)
                return ENDED;
        begin_probe(now, index, move->device, driver);
        now->threads[index].part = 1;
        return GOES_ON;
}

/* unbind_store() of drivers/base/bus.c */
static Progress unbind(
        const Model *model, Now *now, unsigned index, const Move *move, int *ret_error)
{
        const SimDevice *d = &now->bus.devices[move->device];

        *ret_error = 0;
        if (now->threads[index].part == 1)
                return end_remove(model, now, move->device);
        if (!d->gone && is_locked(now, move->device, index))
                return WAITS;
        *ret_error = d->gone || strcmp(d->driver, move->name) != 0 ? -ENODEV : 0;
        if (*ret_error < 0)
                return ENDED;
        begin_remove(now, index, move->device);
        now->threads[index].part = 1;
        return GOES_ON;
}

/* driver_attach() of drivers/base/dd.c: each device that matches, one by one. */
static Progress attach_next(const Model *model, Now *now, unsigned index, const SimDriver *driver)
{
        ThreadNow *thread = &now->threads[index];
        int error = 0;

        if (thread->part == 2) {
                if (end_probe(model, now, thread->cursor, &error) == WAITS)
                        return WAITS;
                thread->part = 1;
                thread->cursor++;
                return GOES_ON;
        }
        for (; thread->cursor < now->bus.n_devices; thread->cursor++) {
                const SimDevice *d = &now->bus.devices[thread->cursor];

                if (d->gone || !sim_bus_matches(driver, d))
                        continue;
                if (is_locked(now, thread->cursor, index))
                        return WAITS;
                if (*d->driver)
                        continue;
                begin_probe(now, index, thread->cursor, driver);
                thread->part = 2;
                return GOES_ON;
        }
        return ENDED;
}

static Progress load(const Model *model, Now *now, unsigned index, const Move *move)
{
        ThreadNow *thread = &now->threads[index];
        SimDriver *driver = driver_of_module(now, move->name);

        if (!driver)
                return ENDED; /* an IOMMU backend */
        if (thread->part > 0) {
                Progress progress = attach_next(model, now, index, driver);

                if (progress == ENDED)
                        now->attaching &= (uint16_t)~attaching_bit(now, driver);
                return progress;
        }
        if (driver->registered)
                return now->attaching & attaching_bit(now, driver) ? WAITS : ENDED;
        sim_bus_enlist(&now->bus, driver, move->options ? move->options : "");
        now->attaching |= attaching_bit(now, driver);
        thread->part = 1;
        return GOES_ON;
}

static Progress coldplug(const Model *model, Now *now, unsigned index, const Move *move)
{
        const SimDevice *d = &now->bus.devices[move->device];
        const SimDriver *driver = driver_of_module(now, move->name);
        char line[64];

        if (now->threads[index].part > 0)
                return load(model, now, index, move);
        if (d->gone || !driver || !sim_bus_has_in_table(driver, d))
                return ENDED;
        snprintf(line, sizeof(line), "blacklist %s\n", move->name);
        for (size_t i = 0; now->policy && i < model->plan->n_steps; i++)
                if (model->plan->steps[i].type == STEP_POLICY &&
                        strstr(model->plan->steps[i].text, line))
                        return ENDED;
        return load(model, now, index, move);
}

/* pci_stop_and_remove_bus_device(): whoever has it lets go first. */
static Progress unplug(const Model *model, Now *now, unsigned index, const Move *move)
{
        SimDevice *d = &now->bus.devices[move->device];

        if (now->threads[index].part == 1) {
                if (end_remove(model, now, move->device) == WAITS)
                        return WAITS;
                d->gone = true;
                return ENDED;
        }
        if (is_locked(now, move->device, index))
                return WAITS;
        begin_remove(now, index, move->device);
        now->threads[index].part = 1;
        return GOES_ON;
}

/* A new device, without an override; device_attach() offers it to the drivers in their order. */
static Progress rescan(const Model *model, Now *now, unsigned index, const Move *move)
{
        ThreadNow *thread = &now->threads[index];
        SimDevice *d = &now->bus.devices[move->device];
        int error = 0;

        if (thread->part == 2)
                return end_probe(model, now, move->device, &error);
        if (thread->part == 0) {
                d->gone = false;
                memset(d->override, 0, sizeof(d->override));
                now->replugged[move->device] = true;
                now->locked[move->device] = (uint8_t)(index + 1);
                thread->part = 1;
                return GOES_ON;
        }
        for (unsigned place = 1; place <= now->bus.n_registered; place++)
                for (size_t i = 0; i < now->bus.n_drivers; i++)
                        if (now->bus.drivers[i].registered == place &&
                                sim_bus_matches(&now->bus.drivers[i], d)) {
                                begin_probe(now, index, move->device, &now->bus.drivers[i]);
                                thread->part = 2;
                                return GOES_ON;
                        }
        now->locked[move->device] = 0;
        return ENDED;
}

static Progress do_move(
        const Model *model, Now *now, unsigned index, const Move *move, int *ret_error)
{
        *ret_error = 0;
        switch (move->type) {
        case MOVE_POLICY:
                now->policy = true;
                return ENDED;
        case MOVE_OVERRIDE:
                return set_override(now, index, move, ret_error);
        case MOVE_LOAD:
                return load(model, now, index, move);
        case MOVE_COLDPLUG:
                return coldplug(model, now, index, move);
        case MOVE_UNBIND:
                return unbind(model, now, index, move, ret_error);
        case MOVE_BIND:
                return bind(model, now, index, move, ret_error);
        case MOVE_REMOVE:
                return unplug(model, now, index, move);
        case MOVE_RESCAN:
                return rescan(model, now, index, move);
        }
        return ENDED;
}

static bool claim_broke(const Model *model, const Now *now, int claim)
{
        for (size_t i = 0; i < model->plan->n_steps; i++)
                if ((now->outcomes[i] == STEP_FAILED || now->outcomes[i] == STEP_TIMED_OUT) &&
                        step_serves(model->plan->steps, model->plan->n_steps, i, claim) &&
                        model->plan->steps[i].type != STEP_POLICY)
                        return true;
        return false;
}

/* The next phase begins when each thread of this one has ended or was given up. */
static void turn_phase(const Model *model, Now *now)
{
        while (now->phase < model->n_phases) {
                for (unsigned i = 0; i < model->n_threads; i++)
                        if (model->threads[i].phase == now->phase &&
                                now->threads[i].state == THREAD_RUNS)
                                return;
                now->phase++;
                for (unsigned i = 0; i < model->n_threads; i++)
                        if (model->threads[i].phase == now->phase && model->threads[i].claim >= 0 &&
                                claim_broke(model, now, model->threads[i].claim))
                                now->threads[i].state = THREAD_DONE;
        }
}

void model_start(const Model *model, Now *ret)
{
        Sim *sim = sim_new(model->scene->host);

        memset(ret, 0, sizeof(*ret));
        ret->bus = *sim_bus(sim);
        sim_free(sim);
        turn_phase(model, ret);
}

static bool is_on(const Model *model, const Now *now, unsigned index)
{
        const Thread *thread = &model->threads[index];

        if (now->threads[index].state == THREAD_DONE)
                return false;
        if (now->threads[index].state == THREAD_LEFT)
                return true;
        if (thread->phase >= 0)
                return thread->phase == now->phase;
        return model->early || now->phase > PHASE_HOLD;
}

/* Takes the move; false when it has to wait. */
static bool take(const Model *model, Now *now, unsigned index)
{
        const Thread *thread = &model->threads[index];
        ThreadNow *t = &now->threads[index];
        const Move *move = &thread->moves[t->move];
        int error = 0;
        Progress progress = do_move(model, now, index, move, &error);

        if (progress != ENDED)
                return progress == GOES_ON;
        t->part = t->cursor = 0;
        if (t->state == THREAD_LEFT) {
                t->state = THREAD_DONE;
                return true;
        }
        if (move->step >= 0)
                now->outcomes[move->step] = error < 0 ? STEP_FAILED : STEP_DONE;
        t->move++;
        if (t->move == thread->n_moves || (thread->phase >= 0 && error < 0))
                t->state = THREAD_DONE;
        turn_phase(model, now);
        return true;
}

bool model_can_move(const Model *model, const Now *now, unsigned index)
{
        static Now trial;

        if (!is_on(model, now, index))
                return false;
        model_copy(&trial, now);
        return take(model, &trial, index);
}

void model_move(const Model *model, Now *now, unsigned index)
{
        cr_assert(take(model, now, index));
}

bool model_can_time_out(const Model *model, const Now *now, unsigned index)
{
        return model->threads[index].phase >= 0 && now->threads[index].state == THREAD_RUNS &&
               is_on(model, now, index) && !model_can_move(model, now, index);
}

void model_time_out(const Model *model, Now *now, unsigned index)
{
        now->outcomes[model->threads[index].moves[now->threads[index].move].step] = STEP_TIMED_OUT;
        now->threads[index].state = THREAD_LEFT;
        turn_phase(model, now);
}

bool model_has_ended(const Model *model, const Now *now)
{
        return now->phase >= model->n_phases;
}

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
        const uint8_t *bytes = data;

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
        return hash;
}

uint64_t model_fingerprint(const Model *model, const Now *now)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < now->bus.n_devices; i++) {
                const SimDevice *d = &now->bus.devices[i];

                hash = mix(hash, d->override, strlen(d->override) + 1);
                hash = mix(hash, d->driver, strlen(d->driver) + 1);
                hash = mix(hash, &d->vfio, 1);
                hash = mix(hash, &d->gone, 1);
        }
        for (size_t i = 0; i < now->bus.n_drivers; i++)
                hash = mix(hash, &now->bus.drivers[i].registered,
                        sizeof(now->bus.drivers[i].registered));
        hash = mix(hash, now->threads, model->n_threads * sizeof(ThreadNow));
        return mix(hash, (const char *)now + offsetof(Now, locked),
                       offsetof(Now, threads) - offsetof(Now, locked)) ^
               mix(UINT64_C(0x9e3779b97f4a7c15), now->outcomes, model->plan->n_steps);
}
