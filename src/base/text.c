/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

/* Where `n` more bytes and a NUL go, or NULL. What is outgrown stays in the arena: it doubles, so
 * all of it together is no more than what is in use. */
static char *make_room(Text *text, size_t n)
{
        size_t needed = 0;

        if (__builtin_add_overflow(text->length, n + 1, &needed)) {
                arena_fail(text->arena);
                return NULL;
        }
        if (needed > text->capacity) {
                size_t capacity = needed < 32 ? 64 : needed * 2;
                char *grown = arena_alloc(text->arena, capacity);

                if (!grown)
                        return NULL;
                memcpy(grown, text->string, text->length);
                text->string = grown;
                text->capacity = capacity;
        }
        return (char *)(uintptr_t)text->string + text->length;
}

void text_add(Text *text, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        _cleanup_free_ char *more = vformat(format, args);
        va_end(args);
        if (!more) {
                arena_fail(text->arena);
                return;
        }

        const size_t length = strlen(more);
        char *room = make_room(text, length);

        if (!room)
                return;
        memcpy(room, more, length + 1);
        text->length += length;
}

void text_separate(Text *text, const char *separator)
{
        if (!text_is_empty(text))
                text_add(text, "%s", separator);
}

/* How long the next piece is that stays on one line. */
static size_t piece(const char *sentence)
{
        bool quoted = false;
        size_t n = 0;

        for (; sentence[n] && (quoted || sentence[n] != ' '); n++)
                if (sentence[n] == '`')
                        quoted = !quoted;
        return n;
}

void text_wrap(Text *text, unsigned width, unsigned at, unsigned indent, const char *sentence)
{
        const char *before = at > 0 ? " " : "";

        for (size_t column = at; *sentence;) {
                size_t n = piece(sentence);

                if (column + strlen(before) + n > width && column > indent) {
                        text_add(text, "\n%*s", (int)indent, "");
                        column = indent;
                        before = "";
                }
                text_add(text, "%s%.*s", before, (int)n, sentence);
                column += strlen(before) + n;
                sentence += n + (sentence[n] == ' ');
                before = " ";
        }
}

bool text_has_word(const char *line, const char *word)
{
        size_t n = strlen(word);

        for (const char *at = line; (at = strstr(at, word)); at += n)
                if ((at == line || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
                        return true;
        return false;
}

bool text_is_empty(const Text *text)
{
        return !*text->string;
}
