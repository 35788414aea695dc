/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which processes have a device node open. */

#include "host/root.h"
#include "host/scan-nodes.h"

#define PROCESSES_NAMED   4
#define PROCESS_NAME_SIZE 16 /* TASK_COMM_LEN */

/* Who has a node of one owner open. */
typedef struct Holders {
        unsigned n_items; /* processes, of which the first PROCESSES_NAMED are told */
        long last;        /* pid of the last one */
        struct {
                long pid;
                char name[PROCESS_NAME_SIZE];
        } items[PROCESSES_NAMED];
} Holders;

typedef struct Processes {
        unsigned n_closed; /* that may not be looked into */
        bool hidden;       /* /proc does not show all there are (its option hidepid=) */
} Processes;

/*
 * Looks at the open files of all processes, and counts those that hold a node among
 * `holders`, by the node's owner. A file that is only mapped, or on its way between processes, does
 * not show. Called in a worker: the servers of network file systems are not asked, but those of
 * FUSE may be.
 */
void scan_processes(const Root *root, const Nodes *nodes, Holders *holders, Processes *ret);
