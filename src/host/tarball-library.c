/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tarball-library.h"

#include "base/library.h"

#define SONAME "libarchive.so.13"

LIBRARY_NOTE(tarball_library_note, "captures", "Captures of machines", SONAME);

int tarball_library_load(TarballLibrary *ret)
{
#define SYMBOL(symbol) {#symbol, &ret->symbol},
        const LibrarySymbol symbols[] = {TARBALL_LIBRARY_SYMBOLS(SYMBOL)};
#undef SYMBOL
        return library_load(SONAME, symbols, ARRAY_SIZE(symbols));
}
