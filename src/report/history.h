/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * /run/vfio-gpu/history: what became of each function in this boot, a line each, whatever later
 * runs wrote over the records of their stage: who had it before anybody touched it, and where it
 * was when its GPU was first ready. Pure.
 */

#include "report/report.h"

typedef struct Past {
        PciAddress address;
        PciId id;
        const char *driver_before; /* when it was first looked at, or NULL */
        bool ready;                /* its GPU has been, */
        Stage stage;               /* by this stage; or this one looked at it first, */
        const char *driver;        /* and left it on this, or NULL */
} Past;

/* Starts out as zeros. What is in it lives in the arena that it is built with. */
typedef struct History {
        Past *items;
        size_t n_items;
} History;

/* Adds the lines of `text`, in which what is no such line counts for nothing. Memory that runs out
 * is left to `arena`, here and below. */
void history_read(History *history, const char *text, Arena *arena);

/* Adds what a run found and did. */
void history_add(History *history, const Report *report, Arena *arena);

/* What is known of `f`, or NULL. Another card in its place has no past. */
const Past *history_find(const History *history, const Function *f);

/* The file. */
const char *history_text(const History *history, Arena *arena);
