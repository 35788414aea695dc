/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A growing text: sentences and files are put together with it. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Start with TEXT_IN(arena); `arena` owns what is built. */
typedef struct Text {
        Arena *arena;
        const char *string; /* never NULL; may move when something is added */
        size_t length;
        size_t capacity; /* 0: `string` is nobody's */
} Text;

#define TEXT_IN(a) ((Text){.arena = (a), .string = ""})

/* Appends; a failure is remembered by the arena. */
void text_add(Text *text, const char *format, ...) _printf_(2, 3);

/* Appends `separator` unless the text is empty: between the items of a list. */
void text_separate(Text *text, const char *separator);

/* Appends `sentence` in lines of at most `width` columns, the first of which goes on where the text
 * is at, after `at` columns (0: no blank goes before it), and the others begin with `indent`
 * blanks. Lines end between words, but not inside of `...`, which is to be copied. */
void text_wrap(Text *text, unsigned width, unsigned at, unsigned indent, const char *sentence);

/* Whether `word` stands among the words of `line`, with single blanks between them. */
bool text_has_word(const char *line, const char *word);

bool text_is_empty(const Text *text);
