/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * /run/vfio-gpu/at-work: the functions that a run is about to take steps on, there while it does.
 * Where the run is killed, a worker of it may sit in the kernel still, and nobody is left who would
 * write that down (stuck.h). The file is locked with flock(2), which its workers inherit: as long
 * as one of them is there it is locked, and the number of a process says nothing.
 */

#include <sys/types.h>

#include "host/host.h"
#include "host/ops.h"
#include "host/run-dir.h"
#include "host/step.h"

typedef struct AtWork {
        int fd;
        off_t before; /* what killed runs have left in it, whose workers are still there */
} AtWork;

#define AT_WORK_NULL ((AtWork){.fd = -EBADF})

/* Writes down which functions the steps touch, before the first of them. Returns 0 or a negative
 * errno; at_work_end() in both cases, once all that timed out is written down. */
int at_work_begin(const RunDir *dir, Stage stage, const Step *steps, size_t n_steps,
        AtWork *ret) _must_check_;
void at_work_end(const RunDir *dir, AtWork *at_work);

/* Where a killed run has left no worker: forgets it, and lets others read the files of its
 * functions again. For whoever holds the lock of the folder. Returns 0 or a negative errno. */
int at_work_forget(const Root *root, const RunDir *dir, const Ops *ops) _must_check_;

/* Says in each function of `host` whether a worker of a killed run may be stuck there. */
void at_work_mark(const Root *root, Host *host);
