/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A line of /run/vfio-gpu/stuck or at-work: a function, the process that is at it, that process's
 * stage and, in the former, its name. */

#include "host/host.h"

typedef struct StuckLine {
        PciAddress address;
        int process;
        const char *stage;
        char name[16]; /* TASK_COMM_LEN; "" where the line has none */
} StuckLine;

/* A stage, as lines have it. */
const char *stuck_line_stage(Stage stage);

/* False: nothing of ours stands there. */
bool stuck_line_parse(const char *line, StuckLine *ret);

/* Has the function of that address, if it is there, say who is stuck in it. */
void stuck_line_mark(Host *host, PciAddress address, const char *who);
