/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What must hold after each run, whatever went wrong in it. NULL, or what does not hold. */

#include "lib/trial-run.h"

/* Nothing was touched that is not the run's own, and what it says is true. */
const char *trial_check_run(const Trial *t);

/* Whoever wants to may read the files of all functions again. */
const char *trial_check_readable(const Trial *t);

/* Whether a step of that type has a driver of the host look at the function. */
bool trial_is_an_offer(StepType type);

/* Whether a VFIO driver has it in truth. */
bool trial_is_vfio(const SimBus *bus, const SimDevice *device);

/* The run after one that went wrong, by `run_well`. What hung then is stuck, and not touched, and
 * comes back for one run more; or it has come back by now. */
const char *trial_run_after(Trial *t, bool stuck, const char *(*run_well)(Trial *t));
