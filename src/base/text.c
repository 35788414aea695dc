/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <stdarg.h>

void text_add(Text *text, const char *format, ...)
{
        _cleanup_free_ char *more = NULL;
        va_list args;

        va_start(args, format);
        int length = vasprintf(&more, format, args);
        va_end(args);
        if (length < 0) {
                more = NULL;
                arena_fail(text->arena);
                return;
        }

        const char *whole = arena_printf(text->arena, "%s%s", text->string, more);
        if (whole)
                text->string = whole;
}

void text_separate(Text *text, const char *separator)
{
        if (!text_is_empty(text))
                text_add(text, "%s", separator);
}

bool text_is_empty(const Text *text)
{
        return !*text->string;
}
