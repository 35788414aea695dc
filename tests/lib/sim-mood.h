/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a driver of the simulated kernel was told when it was loaded. */

#include <stdbool.h>

/* How a driver behaves, by its module's parameters: those of tests/vm/modules. */
typedef struct SimMood {
        unsigned slow_ms; /* each probe */
        int fail_errno;
        char fail[64], hang[64], stuck[64]; /* addresses, or "all": probes, probes, removes */
        bool async;                         /* async_probe */
        bool sriov;                         /* enable_sriov */
        bool coming;                        /* being loaded */
        bool waiting;   /* loaded, and waits for those who probe behind a load */
        bool attaching; /* no files `bind` and `unbind` yet (bus_add_driver() of drivers/base/bus.c)
                         */
} SimMood;

/* Of a module's options; what is none of these does not count. */
SimMood sim_mood_read(const char *options);
