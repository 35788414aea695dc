/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tarball-library.h"

#include "base/library.h"

#define SONAME "libarchive.so.13"

LIBRARY_NOTE(tarball_library_note, "captures", "Captures of machines", SONAME);

int tarball_library_load(TarballLibrary *ret)
{
        TarballLibrary library = {0};
#define SYMBOL(symbol) {#symbol, &library.symbol},
        const LibrarySymbol symbols[] = {TARBALL_LIBRARY_SYMBOLS(SYMBOL)};
#undef SYMBOL
        int r = library_load(SONAME, symbols, ARRAY_SIZE(symbols));

        if (r == 0)
                *ret = library;
        return r;
}
