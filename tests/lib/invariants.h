/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What must hold for every plan, whatever the machine and the config: said once more, from the
 * outside, and not with the predicates of the planner.
 */

#include "lib/scene.h"

/* Of the scene's plan as it is, and leaves all as it is. NULL, or what does not hold. */
const char *invariants_of_steps(Scene *scene);

/* Plans anew. NULL when all holds, or what does not: in the scene's arena. */
const char *invariants_of_plan(Scene *scene);
