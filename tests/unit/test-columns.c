/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/columns.h"

#include <criterion/criterion.h>
#include <locale.h>

#include "base/macro.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define TWO_WIDE "\xe5\x8d\xa1" /* one letter of two columns */

typedef struct Trial {
        const char *text;
        size_t columns, width;
        const char *cut;
} Trial;

static void expect(const Trial *trials, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const Trial *trial = &trials[i];
                _cleanup_(arena_freep) Arena *arena = arena_new();
                const char *cut = columns_cut(trial->text, trial->width, arena);

                cr_expect_eq(columns_of(trial->text), trial->columns, "%s: %zu", trial->text,
                        columns_of(trial->text));
                cr_expect_str_eq(cut, trial->cut, "%s at %zu: %s", trial->text, trial->width, cut);
                cr_expect_leq(
                        columns_of(cut), trial->width, "%s: %zu columns", cut, columns_of(cut));
        }
}

Test(columns, of_utf8)
{
        static const Trial trials[] = {
                {"", 0, 0, ""},
                {"abc", 3, 3, "abc"},
                {"abcd", 4, 3, "ab" ELLIPSIS},
                {"abcd", 4, 1, ELLIPSIS},
                {"abcd", 4, 0, ""},
                {"Gr\xc3\xbcn", 4, 4, "Gr\xc3\xbcn"},
                {"Gr\xc3\xbcner", 6, 4, "Gr\xc3\xbc" ELLIPSIS},
                /* a letter that would be cut in two does not fit */
                {TWO_WIDE TWO_WIDE, 4, 3, TWO_WIDE ELLIPSIS},
                {TWO_WIDE TWO_WIDE, 4, 2, ELLIPSIS},
                /* each byte of what is no letter is written in four */
                {"a\033b", 6, 6, "a\033b"},
                {"a\033b", 6, 5, "a" ELLIPSIS},
                {"a\xff\xc3", 9, 9, "a\xff\xc3"},
                {"a\xff\xc3", 9, 6, "a\xff" ELLIPSIS},
        };

        cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
        expect(trials, ARRAY_SIZE(trials));
}

Test(columns, of_plain_letters)
{
        static const Trial trials[] = {
                {"abcdef", 6, 6, "abcdef"},
                {"abcdef", 6, 5, "ab..."},
                {"abcdef", 6, 3, "..."},
                {"abcdef", 6, 2, ".."},
                {"\xc3\xbc", 8, 7, "\xc3..."},
        };

        expect(trials, ARRAY_SIZE(trials));
}
