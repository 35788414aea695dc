/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/table.h"

#include <string.h>

#include "base/columns.h"
#include "base/text.h"

/* ECMA-48, select graphic rendition */
static const char *const colours[_TONE_MAX] = {
        [TONE_HEAD] = "\033[1m",
        [TONE_GOOD] = "\033[32m",
        [TONE_DOUBT] = "\033[33m",
        [TONE_BAD] = "\033[1;31m",
        [TONE_FAINT] = "\033[2m",
};

Cell *table_add(Table *table, int parent)
{
        Cell *cells = arena_array(table->arena, table->n_columns, sizeof(Cell));
        Row *row = cells ? arena_push(table->arena, &table->rows, &table->n_rows) : NULL;

        if (!row)
                return NULL;
        *row = (Row){.cells = cells, .parent = parent};
        return cells;
}

const char *table_paint(const Look *look, Tone tone, const char *text, Arena *arena)
{
        if (!look->colours || !colours[tone])
                return text;
        return arena_printf(arena, "%s%s\033[0m", colours[tone], text);
}

static bool has_room(const Table *table, const Look *look, size_t column)
{
        if (table->columns[column].from > look->width)
                return false;
        for (size_t i = 0; i < table->n_rows; i++)
                if (table->rows[i].cells[column].text)
                        return true;
        return false;
}

static int set_cell(const Look *look, struct libscols_cell *cell, const Cell *content)
{
        int r = look->library->scols_cell_set_data(cell, content->text ? content->text : "");

        if (r == 0 && colours[content->tone])
                r = look->library->scols_cell_set_color(cell, colours[content->tone]);
        return r;
}

static int add_column(const Look *look, struct libscols_table *to, const Column *column,
        struct libscols_column **ret)
{
        const TableLibrary *library = look->library;
        int flags = (column->cut ? SCOLS_FL_TRUNC : 0) | (column->right ? SCOLS_FL_RIGHT : 0) |
                    (column->tree ? SCOLS_FL_TREE : 0);
        struct libscols_column *made = library->scols_table_new_column(to, column->name, 0, flags);

        if (!made)
                return -ENOMEM;
        *ret = made;
        return set_cell(look, library->scols_column_get_header(made),
                &(Cell){.text = column->name, .tone = TONE_HEAD});
}

/* A table as the library has it. What has no room is NULL. */
typedef struct Made {
        const Table *table;
        const Look *look;
        struct libscols_table *to;
        struct libscols_column **columns;
        struct libscols_line **lines;
} Made;

static int add_columns(Made *made)
{
        const Table *table = made->table;

        for (size_t i = 0; i < table->n_columns; i++) {
                if (!has_room(table, made->look, i))
                        continue;

                int r = add_column(made->look, made->to, &table->columns[i], &made->columns[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Those of a row that have room, in their order. */
static int set_cells(const Made *made, size_t row, const Cell *cells)
{
        const TableLibrary *library = made->look->library;
        size_t place = 0;
        int r = 0;

        for (size_t i = 0; i < made->table->n_columns && r == 0; i++)
                if (made->columns[i])
                        r = set_cell(made->look,
                                library->scols_line_get_cell(made->lines[row], place++), &cells[i]);
        return r;
}

static int add_row(Made *made, size_t index)
{
        const Row *row = &made->table->rows[index];
        struct libscols_line *parent =
                row->parent == TABLE_NO_PARENT ? NULL : made->lines[row->parent];

        made->lines[index] = made->look->library->scols_table_new_line(made->to, parent);
        return made->lines[index] ? set_cells(made, index, row->cells) : -ENOMEM;
}

static int fill(Made *made)
{
        const TableLibrary *library = made->look->library;
        int r = add_columns(made);

        for (size_t i = 0; i < made->table->n_rows && r == 0; i++)
                r = add_row(made, i);
        if (r == 0)
                r = library->scols_table_enable_colors(made->to, made->look->colours);
        /* otherwise it asks standard output itself */
        if (r == 0)
                r = library->scols_table_set_termforce(made->to, SCOLS_TERMFORCE_ALWAYS);
        return r < 0 ? r : library->scols_table_set_termwidth(made->to, made->look->width);
}

/* The library cuts without a mark; but once it has printed, it knows how wide its columns are. */
static int mark_cuts(const Made *made)
{
        const Table *table = made->table;
        int r = 0;

        for (size_t i = 0; i < table->n_rows && r == 0; i++) {
                Cell *cells = arena_array(table->arena, table->n_columns, sizeof(Cell));

                for (size_t k = 0; cells && k < table->n_columns; k++) {
                        struct libscols_column *column = made->columns[k];

                        cells[k] = table->rows[i].cells[k];
                        if (column && table->columns[k].cut && cells[k].text)
                                cells[k].text = columns_cut(cells[k].text,
                                        made->look->library->scols_column_get_width(column),
                                        table->arena);
                }
                r = cells ? set_cells(made, i, cells) : -ENOMEM;
        }
        return r;
}

static int print(const Made *made, char **ret)
{
        const TableLibrary *library = made->look->library;
        _cleanup_free_ char *uncut = NULL;
        int r = library->scols_print_table_to_string(made->to, &uncut);

        if (r == 0)
                r = mark_cuts(made);
        return r < 0 ? r : library->scols_print_table_to_string(made->to, ret);
}

/* What is left of the last cells of a row is of no use, and each version of the library leaves
 * another rest. */
static const char *trim(Arena *arena, const char *lines)
{
        Text text = TEXT_IN(arena);

        for (const char *line = lines; *line;) {
                size_t length = strcspn(line, "\n"), used = length;

                while (used > 0 && line[used - 1] == ' ')
                        used--;
                text_add(&text, "%.*s\n", (int)used, line);
                line += length + (line[length] == '\n');
        }
        return text.string;
}

const char *table_format(const Table *table, const Look *look)
{
        const TableLibrary *library = look->library;
        Arena *arena = table->arena;
        _cleanup_free_ char *text = NULL;
        Made made = {
                .table = table,
                .look = look,
                .to = library->scols_new_table(),
                .columns = arena_array(arena, table->n_columns, sizeof(*made.columns)),
                .lines = arena_array(arena, table->n_rows, sizeof(*made.lines)),
        };
        int r = made.to && !arena_failed(arena) ? fill(&made) : -ENOMEM;

        if (r == 0)
                r = print(&made, &text);
        if (made.to)
                library->scols_unref_table(made.to);
        if (r == 0 && !arena_failed(arena))
                return trim(arena, text);
        arena_fail(arena);
        return "";
}
