/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/bus-library.h"

#include "base/library.h"

#define SONAME "libsystemd.so.0"

LIBRARY_NOTE(bus_library_note, "bus", "Waiting for what systemd is at", SONAME);

int bus_library_load(BusLibrary *ret)
{
        BusLibrary library = {0};
#define SYMBOL(symbol) {#symbol, &library.symbol},
        const LibrarySymbol symbols[] = {BUS_LIBRARY_SYMBOLS(SYMBOL)};
#undef SYMBOL
        int r = library_load(SONAME, symbols, ARRAY_SIZE(symbols));

        if (r == 0)
                *ret = library;
        return r;
}
