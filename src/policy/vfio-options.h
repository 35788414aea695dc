/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The options of vfio-pci that the config wants, against those in force. Pure. */

#include "policy/plan.h"

/*
 * A sentence about the options that a loaded or built-in vfio-pci has otherwise, with the remedy;
 * NULL when there are none, when nothing tells, or when no card is to be handed over. `ids`
 * cannot be read back and is not spoken of. Lives in `arena`.
 */
const char *vfio_options_warning(
        const Config *config, const Plan *plan, const Host *host, Arena *arena);
