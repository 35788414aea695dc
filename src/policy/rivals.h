/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Who else will have a claimed card, or is in the way of what the config wants; and which line to
 * remove. Pure. */

#include "policy/plan.h"

/* Adds a warning to the plan, whose claims are judged, for each of the host's rivals that concerns
 * it, and those that are to go to its contenders. A failure to allocate is left to the plan's
 * arena. */
void rivals_warn(const Config *config, const Host *host, Plan *plan);
