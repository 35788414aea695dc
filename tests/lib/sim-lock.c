/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sim-lock.h"

#include <errno.h>

void sim_lock_init(SimLock *lock)
{
        pthread_mutexattr_t attributes;

        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(lock, &attributes);
        pthread_mutexattr_destroy(&attributes);
}

bool sim_lock_take(SimLock *lock)
{
        bool alive = pthread_mutex_lock(lock) != EOWNERDEAD;

        if (!alive)
                (void)pthread_mutex_consistent(lock);
        return alive;
}

void sim_lock_leave(SimLock *lock)
{
        (void)pthread_mutex_unlock(lock);
}
