/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What becomes of a call when memory runs out: at each of its allocations, one after the other. */

#include "lib/scene.h"

/* Returns 0, or what it is to return without memory: -ENOMEM. `arena` is a fresh one each time. */
typedef int (*NoMemoryCall)(const void *context, Arena *arena);

/*
 * Calls it with the first of its allocations failing, and only that, then with the second, until
 * none is left, and expects -ENOMEM each time. Returns how many there were.
 */
size_t no_memory(NoMemoryCall call, const void *context);

/* The same of plan_build(). */
size_t no_memory_plan(const Scene *scene);
