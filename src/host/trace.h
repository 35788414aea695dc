/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is looked at while a machine is read, path by path. A capture packs just that, so that it
 * cannot miss what a scan learns to read one day. root.c tells it of everything; so does whoever
 * has a library read for him. Workers are processes of their own: what they look at is not seen.
 */

#include <stdbool.h>

#include "base/arena.h"

typedef enum TraceKind {
        TRACE_LOOK, /* whether it is there, what it is, where a link leads */
        TRACE_LIST, /* what is in the folder */
        TRACE_READ, /* the text of a file */
} TraceKind;

typedef struct TraceItem {
        const char *path; /* below the root, without a slash at either end */
        TraceKind kind;
        bool follow; /* a link at the end of the path was followed */
} TraceItem;

/* Items in the order in which they were looked at, the same one many times. */
typedef struct Trace {
        Arena *arena;
        TraceItem *items;
        size_t n_items;
        char *root; /* where the tree lies on this machine, to be freed */
} Trace;

/* From here to trace_end() all is noted that is looked at below the directory `root`. Returns 0 or
 * a negative errno. Memory that runs out later is remembered by the arena. */
int trace_begin(Trace *trace, int root, Arena *arena) _must_check_;
void trace_end(Trace *trace);

/* Does nothing outside of a trace. `path` is relative to `directory`. */
void trace_note(int directory, const char *path, TraceKind kind, bool follow);
