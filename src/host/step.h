/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One change to the machine, as data: policy/ plans them, apply.c takes them, reports show them. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/pci-address.h"

/* In the order in which apply takes them. */
typedef enum StepType {
        STEP_POLICY,   /* write /run/modprobe.d/vfio-gpu.conf: `text` */
        STEP_HOLD,     /* override `address` with a name that no driver has */
        STEP_LOAD,     /* load module `target` with options `text` */
        STEP_FORGET,   /* make vfio-pci forget the model `target` of its ids= */
        STEP_FREE,     /* take the framebuffer in `address`, device `text`, from driver `target` */
        STEP_UNBIND,   /* take `address` from driver `target` */
        STEP_OVERRIDE, /* override `address` with driver `target` */
        STEP_RESET_METHOD, /* let the kernel reset `address` by the methods `target` */
        STEP_D3COLD,       /* let the kernel cut the power of `address`, or not: `target` 1 or 0 */
        STEP_BIND,         /* bind `address` to driver `target` */
        STEP_CLEAR,        /* clear the override of `address` */
        STEP_PROBE,        /* let loaded drivers have `address` */
        STEP_ANNOUNCE, /* tell udev of `address`; one of the modules `target` may take it, or NULL
                        */
        STEP_SETTLE,   /* wait until no driver is probing `address` */
        _STEP_TYPE_MAX,
} StepType;

#define STEP_NO_CLAIM (-1) /* serves all of them */
#define STEP_BINDERS  (-2) /* a load: serves those that bind to the driver of the module */

typedef struct Step {
        StepType type;
        int claim; /* index of the claim it serves, or one of the above */
        PciAddress address;
        const char *target;
        const char *text;
} Step;

/* What became of a step. */
typedef enum StepState {
        STEP_NOT_TAKEN, /* an earlier one that serves its claim did not succeed */
        STEP_DONE,
        STEP_FAILED, /* `error` says why */
        STEP_TIMED_OUT,
} StepState;

typedef struct StepOutcome {
        StepState state;
        int error;  /* positive errno when STEP_FAILED */
        int worker; /* when STEP_TIMED_OUT: the process that was left behind in it, or 0 */
} StepOutcome;

/* True when `steps[index]` serves `claim`: it is the claim's own, or one that the claim needs. */
bool step_serves(const Step *steps, size_t n_steps, size_t index, int claim);

/* "hold", "load", ... as in `plan` and its JSON. */
const char *step_type_name(StepType type);

/* "hold 0000:01:00.0 (driver_override = vfio-gpu-hold)"; lives in `arena`. */
const char *step_describe(const Step *step, Arena *arena);
