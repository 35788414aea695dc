/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What goes wrong while the steps of a plan are taken, and what others do meanwhile: a table of
 * operations in front of the simulated kernel's. It is told by the step, so that the order in which
 * workers run does not matter.
 */

#include "host/step.h"
#include "lib/sim.h"

typedef enum MishapType {
        MISHAP_NONE,
        MISHAP_FAILS,      /* does nothing, and says `error` */
        MISHAP_NO_EFFECT,  /* does nothing, and says that all went well */
        MISHAP_HANGS,      /* never comes back */
        MISHAP_DIES,       /* its worker is killed */
        MISHAP_KILLED,     /* the program is killed, and all that it has started */
        MISHAP_FAILS_LATE, /* the same, when it has taken effect */
        MISHAP_HANGS_LATE,
        MISHAP_DIES_LATE,
        MISHAP_KILLED_LATE,
        _MISHAP_TYPE_MAX,
} MishapType;

/* What others do before a step. */
typedef enum OthersType {
        OTHERS_REST,
        OTHERS_LOAD,     /* load the host's drivers, whatever is blacklisted */
        OTHERS_COLDPLUG, /* udev finds a function */
        OTHERS_UNBIND,   /* take it from its driver */
        OTHERS_UNPLUG,
        OTHERS_REPLUG, /* the same, and it is found again */
        _OTHERS_TYPE_MAX,
} OthersType;

typedef struct Mishap {
        size_t step; /* its index in the plan */
        MishapType type;
        int error;
} Mishap;

typedef struct Meddling {
        size_t step;
        OthersType type;
        PciAddress address;
} Meddling;

#define MISHAPS 2

/* All that befalls one run. */
typedef struct Accident {
        Mishap mishaps[MISHAPS];
        Meddling others;
} Accident;

bool accident_has(const Accident *accident, MishapType type);

/* "bind 0000:01:00.0 to vfio-pci hangs; before ...": lives in `arena`. */
const char *accident_describe(
        const Accident *accident, const Step *steps, size_t n_steps, Arena *arena);

/* The errnos that a step of this type can give (mechanics of the driver core, of sysfs, of module
 * loading and of files below /run); a zero ends them. */
const int *mishap_errnos(StepType type);

/* An operation that was called. */
typedef struct MishapCall {
        size_t step; /* SIZE_MAX: none of the plan */
        PciAddress address;
        bool readable; /* others could have waited behind it */
} MishapCall;

/* In memory that workers share. */
typedef struct Mishaps {
        Ops ops; /* what is to be called */
        Sim *sim;
        const Step *steps;
        size_t n_steps;
        Accident accident;
        pid_t program;
        bool happened[MISHAPS], others_came;
        MishapCall calls[512];
        unsigned n_calls;
} Mishaps;

/* All that its accident has of mishaps came to pass. */
bool mishaps_happened(const Mishaps *mishaps);

/* Puts it in front of `sim`, for a run of `steps`; free with mishaps_free(). */
Mishaps *mishaps_new(Sim *sim, const Step *steps, size_t n_steps, const Accident *accident);
void mishaps_free(Mishaps *mishaps);
DEFINE_CLEANUP(Mishaps *, mishaps_free);
