/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Our run and all others on one bus, in moves that cannot be divided: whoever probes or removes
 * holds the device's lock from one move to a later one, and whoever needs the lock meanwhile waits.
 * The driver link is there from the first move of a probe and until the first of a remove
 * (drivers/base/dd.c), the driver counts until the last; VFIO knows the device at the end of a
 * probe. A driver whose load still asks devices has no `bind` yet, and who loads it, too, waits.
 */

#include "lib/scene.h"
#include "lib/sim-bus.h"

#define MODEL_THREADS 24
#define MODEL_STEPS   40
#define MODEL_DEVICES 8

typedef enum MoveType {
        MOVE_POLICY,   /* the policy file is there */
        MOVE_OVERRIDE, /* of `device`: `name` */
        MOVE_LOAD,     /* module `name` with `options` */
        MOVE_COLDPLUG, /* udev: the same, where the module is made for `device` and not blacklisted
                        */
        MOVE_UNBIND,   /* `device` from driver `name` */
        MOVE_BIND,     /* `device` to driver `name` */
        MOVE_REMOVE,   /* `device` is unplugged, */
        MOVE_RESCAN,   /* and found again */
} MoveType;

/* One thing that a thread does, one after the other. */
typedef struct Move {
        MoveType type;
        unsigned device; /* index on the bus */
        const char *name;
        const char *options;
        int step; /* of the plan, or -1 */
} Move;

/* A process. Ours take turns in phases, as apply.c has it; the others start when they like. */
typedef struct Thread {
        Move moves[MODEL_STEPS];
        unsigned n_moves;
        int phase; /* of ours; -1: others */
        int claim; /* that it serves, or -1 */
} Thread;

/* What a probe or remove of a device does in the end. */
typedef enum Flaw {
        FLAW_NONE,
        FLAW_PROBE_FAILS,  /* that of a VFIO driver */
        FLAW_PROBE_HANGS,  /* the same */
        FLAW_REMOVE_HANGS, /* that of any driver */
} Flaw;

typedef struct Model {
        Scene *scene;
        const Plan *plan;
        Thread threads[MODEL_THREADS];
        unsigned n_threads;
        unsigned n_phases;
        Flaw flaws[MODEL_DEVICES];
        bool early;      /* others may act before the cards are on hold: not so at boot */
        bool link_tells; /* control: believe the driver link */
} Model;

typedef enum ThreadState {
        THREAD_RUNS,
        THREAD_LEFT, /* ours, given up: the call that it is in goes on, nothing after it */
        THREAD_DONE,
} ThreadState;

typedef struct ThreadNow {
        uint8_t state, move, part, cursor;
} ThreadNow;

/* Everything that may change. */
typedef struct Now {
        SimBus bus;
        uint8_t locked[MODEL_DEVICES]; /* by this thread, counted from 1 */
        bool unlinked[MODEL_DEVICES];  /* its driver is being removed */
        bool replugged[MODEL_DEVICES];
        uint16_t attaching; /* drivers whose load still asks devices; bits */
        bool policy;
        uint8_t phase;
        ThreadNow threads[MODEL_THREADS];
        uint8_t outcomes[MODEL_STEPS]; /* StepState */
} Now;

/* Puts the plan's threads together; steps of the types in `without` (bits) are left out, which
 * is a control. */
void model_build(Model *model, Scene *scene, unsigned without);
Thread *model_add_thread(Model *model);
void model_add_move(Thread *thread, Move move);

void model_start(const Model *model, Now *ret);

/* Whether thread `index` can move; and its move. */
bool model_can_move(const Model *model, const Now *now, unsigned index);
void model_move(const Model *model, Now *now, unsigned index);

/* Whether the deadline may strike: it is one of ours, and waits. What it does then. */
bool model_can_time_out(const Model *model, const Now *now, unsigned index);
void model_time_out(const Model *model, Now *now, unsigned index);

/* True once our run is at its end, where it reports. */
bool model_has_ended(const Model *model, const Now *now);

/* A number that tells states apart. */
uint64_t model_fingerprint(const Model *model, const Now *now);

void model_copy(Now *to, const Now *from);
