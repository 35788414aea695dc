/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Tables for people, as wide as their terminal. Pure: what the terminal is, is told. */

#include "base/arena.h"
#include "report/table-library.h"

/* How things may look. */
typedef struct Look {
        const TableLibrary *library;
        unsigned width; /* of the terminal, in columns */
        bool colours;
} Look;

/* What the colours say. */
typedef enum Tone {
        TONE_PLAIN,
        TONE_HEAD,
        TONE_GOOD,
        TONE_DOUBT,
        TONE_BAD,
        TONE_FAINT,
        _TONE_MAX,
} Tone;

typedef struct Column {
        const char *name;
        unsigned from; /* the width of a terminal that has room for it */
        bool cut;      /* gives way first where the table is too wide, with a mark */
        bool right;    /* numbers */
        bool tree;     /* shows what row belongs to what */
} Column;

typedef struct Cell {
        const char *text; /* NULL: nothing to say; a column that says nothing at all is left out */
        Tone tone;
} Cell;

typedef struct Row {
        const Cell *cells; /* one for each column */
        int parent;        /* index of the row that it belongs to, or TABLE_NO_PARENT */
} Row;

#define TABLE_NO_PARENT (-1)

/* All that it points to outlives it. */
typedef struct Table {
        const Column *columns;
        size_t n_columns;
        Row *rows; /* in `arena` */
        size_t n_rows;
        Arena *arena;
} Table;

/* Adds a row and returns its cells to be filled in, or NULL, which the arena remembers. */
Cell *table_add(Table *table, int parent);

/* The lines of the table, in the arena; "" when memory is out, which the arena remembers. */
const char *table_format(const Table *table, const Look *look);

/* `text`, in the colour of `tone` where there are colours; NULL: out of memory. */
const char *table_paint(const Look *look, Tone tone, const char *text, Arena *arena);
