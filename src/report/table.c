/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/table.h"

#include <string.h>

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

static int add_column(const Look *look, struct libscols_table *to, const Column *column)
{
        const TableLibrary *library = look->library;
        int flags = (column->cut ? SCOLS_FL_TRUNC : 0) | (column->right ? SCOLS_FL_RIGHT : 0) |
                    (column->tree ? SCOLS_FL_TREE : 0);
        struct libscols_column *made = library->scols_table_new_column(to, column->name, 0, flags);

        if (!made)
                return -ENOMEM;
        return set_cell(look, library->scols_column_get_header(made),
                &(Cell){.text = column->name, .tone = TONE_HEAD});
}

static int add_columns(const Table *table, const Look *look, struct libscols_table *to)
{
        int r = 0;

        for (size_t i = 0; i < table->n_columns && r == 0; i++)
                if (has_room(table, look, i))
                        r = add_column(look, to, &table->columns[i]);
        return r;
}

/* `lines` has a place for each row. */
static int add_row(const Table *table, const Look *look, size_t index, struct libscols_table *to,
        struct libscols_line **lines)
{
        const TableLibrary *library = look->library;
        const Row *row = &table->rows[index];
        struct libscols_line *line = library->scols_table_new_line(
                to, row->parent == TABLE_NO_PARENT ? NULL : lines[row->parent]);
        size_t place = 0;
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; i < table->n_columns && r == 0; i++)
                if (has_room(table, look, i))
                        r = set_cell(
                                look, library->scols_line_get_cell(line, place++), &row->cells[i]);
        lines[index] = line;
        return r;
}

static int fill(const Table *table, const Look *look, struct libscols_table *to)
{
        const TableLibrary *library = look->library;
        struct libscols_line **lines =
                arena_array(table->arena, table->n_rows, sizeof(struct libscols_line *));
        int r = lines ? add_columns(table, look, to) : -ENOMEM;

        for (size_t i = 0; i < table->n_rows && r == 0; i++)
                r = add_row(table, look, i, to, lines);
        if (r == 0)
                r = library->scols_table_enable_colors(to, look->colours);
        /* otherwise it asks standard output itself */
        if (r == 0)
                r = library->scols_table_set_termforce(to, SCOLS_TERMFORCE_ALWAYS);
        return r < 0 ? r : library->scols_table_set_termwidth(to, look->width);
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
        _cleanup_free_ char *text = NULL;
        struct libscols_table *made = library->scols_new_table();
        int r = made && !arena_failed(table->arena) ? fill(table, look, made) : -ENOMEM;

        if (r == 0)
                r = library->scols_print_table_to_string(made, &text);
        if (made)
                library->scols_unref_table(made);
        if (r == 0)
                return trim(table->arena, text);
        arena_fail(table->arena);
        return "";
}
