/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What an entry wants the kernel to do otherwise with single functions: `reset_method` of the
 * display function, `d3cold` of each. Pure. What VFIO has already is left as it is: a virtual
 * machine may run with it.
 */

#include "host/step.h"
#include "policy/claim.h"

/* The entry wants something of `f`, a function of the claim, and nobody has looked how that is. */
bool settings_unread(const Claim *claim, const Function *f);

/* A function that is to be bound and that the kernel has no such setting for. */
Finding settings_missing(const Claim *claim, Arena *arena);

/* The steps for function `i`, without the claim's index; none where all is right already. Returns
 * how many. */
#define SETTINGS_MAX 2
size_t settings_steps(const Claim *claim, size_t i, Step ret[static SETTINGS_MAX]);

/* A sentence about what function `i` keeps, against the entry, since VFIO has it; or NULL. */
const char *settings_kept(const Claim *claim, size_t i, Arena *arena);
