/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What verbs that change the machine have in common: one at a time, with no more rights than each
 * part of the work needs, and word of what never came back. */

#include "host/ops.h"
#include "host/run-dir.h"
#include "verbs/session.h"

typedef struct Change {
        RunDir dir;
        Ops ops;
} Change;

#define CHANGE_NULL ((Change){.dir = RUN_DIR_NULL})

/* Takes the lock, and gives away the capabilities that no change needs. change_done() in every
 * case. */
ExitStatus change_open(Session *session, Change *ret) _must_check_;
void change_done(Change *change);

/* Takes the steps of `plan`, and then gives away all capabilities. `*ret_outcomes` has an item for
 * each step. */
ExitStatus change_take(Session *session, const Change *change, const Plan *plan,
        StepOutcome **ret_outcomes) _must_check_;

/* A run that was killed has left the files of the function that it was at unreadable (ops.h): ends
 * that for the functions that `plan` tells of, where no step was taken on them, and none is stuck.
 */
void change_restore_modes(const Change *change, const Plan *plan);

/* A binding for each of the claim's functions, read from the machine; NULL when memory is out. A
 * function that is gone has no driver. */
Binding *change_read_back(Session *session, const Change *change, const Claim *claim);
