/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/columns.h"

#include <langinfo.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#define ESCAPED 4 /* columns of \xNN */

/* How many bytes the first letter has, and how wide it is. They are one at least, unless the text
 * is over. */
static size_t letter_bytes(const char *text, mbstate_t *state, size_t *ret_width)
{
        wchar_t letter = L'\0';
        size_t n = mbrtowc(&letter, text, strlen(text), state);
        int width = -1;

        if (*text == '\0')
                return 0;
        if (n == (size_t)-1 || n == (size_t)-2) {
                *state = (mbstate_t){0};
                n = 1;
        } else {
                width = wcwidth(letter);
        }
        *ret_width = width < 0 ? n * ESCAPED : (size_t)width;
        return n;
}

/* How many bytes of it fit. */
static size_t fitting(const char *text, size_t width, size_t *ret_used)
{
        mbstate_t state = {0};
        size_t used = 0, at = 0, one = 0;

        for (size_t n; (n = letter_bytes(text + at, &state, &one)) > 0 && one <= width - used;) {
                at += n;
                used += one;
        }
        *ret_used = used;
        return at;
}

size_t columns_of(const char *text)
{
        size_t used = 0;

        (void)fitting(text, SIZE_MAX, &used);
        return used;
}

const char *columns_cut(const char *text, size_t width, Arena *arena)
{
        const bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
        const char *ellipsis = utf8 ? "\xe2\x80\xa6" : "...";
        const size_t mark = columns_of(ellipsis);
        size_t used = 0;

        if (columns_of(text) <= width)
                return text;
        if (width < mark)
                return arena_strndup(arena, "...", width);
        return arena_printf(
                arena, "%.*s%s", (int)fitting(text, width - mark, &used), text, ellipsis);
}
