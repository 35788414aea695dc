/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A lock between processes, held for a few instructions only. Whoever is killed while he has it
 * leaves it to the next. */

#include <pthread.h>
#include <stdbool.h>

typedef pthread_mutex_t SimLock;

void sim_lock_init(SimLock *lock);
/* False: who had it was killed. */
bool sim_lock_take(SimLock *lock);
void sim_lock_leave(SimLock *lock);
