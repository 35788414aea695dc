/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * /run/vfio-gpu/stuck: the functions on which a step never came back. Its worker sits in the kernel
 * and waits for a lock that a driver holds; whoever touches such a function waits behind it. A run
 * writes down what it left behind, and later runs keep off for as long as that process is there.
 */

#include "host/host.h"
#include "host/ops.h"
#include "host/run-dir.h"
#include "host/step.h"

/* Adds the functions whose steps timed out. Returns 0 or a negative errno. */
int stuck_add(const Root *root, const RunDir *dir, Stage stage, const Step *steps, size_t n_steps,
        const StepOutcome *outcomes) _must_check_;

/* Forgets those that have come back since, and lets others read their files again. Returns 0 or a
 * negative errno. */
int stuck_forget(const Root *root, const RunDir *dir, const Ops *ops) _must_check_;

/* Says in each function of `host` whether it is stuck. */
void stuck_mark(const Root *root, Host *host);
