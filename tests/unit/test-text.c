/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "base/text.h"

Test(text, grows_and_separates)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Text text = TEXT_IN(arena);

        cr_expect(text_is_empty(&text));
        cr_expect_str_empty(text.string);
        for (int i = 1; i <= 3; i++) {
                text_separate(&text, ", ");
                text_add(&text, "%d%s", i, i == 2 ? "%s" : "");
        }
        cr_expect_str_eq(text.string, "1, 2%s, 3");
        cr_expect_not(text_is_empty(&text));
        cr_expect_not(arena_failed(arena));
}

Test(text, adding_nothing_keeps_it_empty)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Text text = TEXT_IN(arena);

        text_add(&text, "%s", "");
        text_separate(&text, ", ");
        cr_expect(text_is_empty(&text));
}
