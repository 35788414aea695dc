/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* libsmartcols, loaded where a table is printed. */

#include <libsmartcols/libsmartcols.h>

#include "base/macro.h"

#define TABLE_LIBRARY_SYMBOLS(x)                                                                   \
        x(scols_new_table) x(scols_unref_table) x(scols_table_new_column) x(scols_table_new_line)  \
                x(scols_line_get_cell) x(scols_cell_set_data) x(scols_cell_set_color)              \
                        x(scols_column_get_header) x(scols_table_enable_colors)                    \
                                x(scols_table_set_termforce) x(scols_table_set_termwidth)          \
                                        x(scols_column_get_width) x(scols_print_table_to_string)

/* Its functions, under their own names. */
typedef struct TableLibrary {
#define TABLE_LIBRARY_MEMBER(symbol) __typeof__(symbol) *symbol;
        TABLE_LIBRARY_SYMBOLS(TABLE_LIBRARY_MEMBER)
#undef TABLE_LIBRARY_MEMBER
} TableLibrary;

/* Returns 0 or an errno of library_load(). */
int table_library_load(TableLibrary *ret) _must_check_;
