/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(const char *soname, const LibrarySymbol *symbols, size_t n)
{
        void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

        if (!library)
                return -ENOENT;
        for (size_t i = 0; i < n; i++)
                if (!dlsym(library, symbols[i].name))
                        return -ENOSYS;
        for (size_t i = 0; i < n; i++) {
                void *address = dlsym(library, symbols[i].name);

                /* ISO C knows no conversion to a pointer to a function; POSIX knows its size */
                memcpy(symbols[i].pointer, &address, sizeof(address));
        }
        return 0;
}
