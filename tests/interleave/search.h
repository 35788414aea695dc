/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Goes through every order in which the threads of a model can move; a state is entered once. */

#include "model.h"

typedef struct Found {
        uint64_t states, moves, reports;
        unsigned deepest;
        const char *broken; /* what does not hold, and the way there; NULL: all does */
} Found;

/* Stops at the first state in which something does not hold. Texts live in the scene's arena. */
Found search_all(const Model *model);
