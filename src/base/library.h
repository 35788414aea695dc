/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Libraries that are loaded when something needs them, and not with the program: what makes an
 * initramfs leaves them out. */

#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

/* A function of the library, and the pointer to it that is to be set. */
typedef struct LibrarySymbol {
        const char *name;
        void *pointer;
} LibrarySymbol;

/* Loads `soname` and sets all pointers, or none. Returns 0; -ENOENT when it is not here, or cannot
 * be loaded; -ENOSYS when it lacks one of the symbols. It stays loaded. */
int library_load(const char *soname, const LibrarySymbol *symbols, size_t n) _must_check_;

/*
 * Tells packagers that the program may load `soname`: https://systemd.io/ELF_DLOPEN_METADATA/.
 * "suggested" is what dracut does not put into an image.
 */
#define LIBRARY_NOTE(variable, feature, description, soname)                                       \
        LIBRARY_NOTE_JSON(variable, "[{\"feature\":\"" feature "\",\"description\":\"" description \
                                    "\",\"priority\":\"suggested\",\"soname\":[\"" soname "\"]}]")
#define LIBRARY_NOTE_JSON(variable, json)                                                          \
        __attribute__((used, section(".note.dlopen"))) _Alignas(uint32_t) static const struct {    \
                uint32_t name_size, text_size, type;                                               \
                char name[sizeof("FDO")];                                                          \
                _Alignas(uint32_t) char text[sizeof(json)];                                        \
        } variable = {sizeof("FDO"), sizeof(json), 0x407c0c0a, "FDO", json}
