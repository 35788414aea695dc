/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * /run/vfio-gpu/released: the GPUs that `release` has given back to the host, an address a line.
 * They are left alone until the next full apply, or until the machine is switched off.
 */

#include "host/host.h"
#include "host/run-dir.h"

/* Says in each function of `host` whether its GPU was released. */
void released_mark(const Root *root, Host *host);

/* Writes down the GPUs whose functions are marked in `host`; where there are none, the file goes.
 * Returns 0 or a negative errno. */
int released_write(const RunDir *dir, const Host *host) _must_check_;

/* Forgets all of them. Returns 0 or a negative errno. */
int released_forget(const RunDir *dir) _must_check_;
