/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/table-library.h"

#include "base/library.h"

#define SONAME "libsmartcols.so.1"

LIBRARY_NOTE(table_library_note, "tables", "Tables on a terminal", SONAME);

int table_library_load(TableLibrary *ret)
{
#define SYMBOL(symbol) {#symbol, &ret->symbol},
        const LibrarySymbol symbols[] = {TABLE_LIBRARY_SYMBOLS(SYMBOL)};
#undef SYMBOL
        return library_load(SONAME, symbols, ARRAY_SIZE(symbols));
}
