/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/table-library.h"

#include "base/library.h"

#define SONAME "libsmartcols.so.1"

LIBRARY_NOTE(table_library_note, "tables", "Tables on a terminal", SONAME);

int table_library_load(TableLibrary *ret)
{
        TableLibrary library = {0};
#define SYMBOL(symbol) {#symbol, &library.symbol},
        const LibrarySymbol symbols[] = {TABLE_LIBRARY_SYMBOLS(SYMBOL)};
#undef SYMBOL
        int r = library_load(SONAME, symbols, ARRAY_SIZE(symbols));

        if (r == 0)
                *ret = library;
        return r;
}
