/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* /run/vfio-gpu: what a run leaves for the next one, and the lock that lets one run at a time. */

#include "base/macro.h"
#include "host/root.h"

#define RUN_DIR "run/vfio-gpu"

typedef struct RunDir {
        int fd;
        int lock_fd;
} RunDir;

#define RUN_DIR_NULL ((RunDir){.fd = -EBADF, .lock_fd = -EBADF})

/*
 * Makes and opens the folder of this machine, in which nobody but root may be able to put anything,
 * and takes the lock. Returns 0; or a negative errno (-EBUSY when another run holds the lock for
 * longer than `wait_ms`, ...) with words for people in `*reterr_trouble`.
 */
int run_dir_open(
        const Root *root, unsigned wait_ms, RunDir *ret, const char **reterr_trouble) _must_check_;
void run_dir_done(RunDir *dir);

/* Replaces the file `name` in it by `text`, readable for all. Returns 0 or a negative errno. */
int run_dir_write(const RunDir *dir, const char *name, const char *text) _must_check_;
