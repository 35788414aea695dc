/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What stands against no card, and still should be told. Pure. */

#include "policy/plan.h"

/* Adds the warnings that a plan whose claims are judged and whose steps are made gives rise to. A
 * failure to allocate is left to the plan's arena. */
void warnings_collect(const Config *config, const KernelWords *words, const Host *host, Plan *plan);
