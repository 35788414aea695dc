/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quote.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/macro.h"

Test(quote, what_is_not_printable_ascii_is_escaped)
{
        static const struct {
                const char *text, *quoted;
        } cases[] = {
                {"", "\"\""},
                {"10de", "\"10de\""},
                {" a~", "\" a~\""},
                {"a\nb\t", "\"a\\x0ab\\x09\""},
                {"\x1b[2J\x07", "\"\\x1b[2J\\x07\""},
                {"\x7f\x80\xff", "\"\\x7f\\x80\\xff\""},
                {"gr\xc3\xbcn", "\"gr\\xc3\\xbcn\""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                cr_expect_str_eq(quote(cases[i].text), cases[i].quoted);
}

Test(quote, takes_n_bytes_or_up_to_the_nul)
{
        char buffer[QUOTE_SIZE];

        cr_expect_str_eq(quote_n("abcdef", 3, buffer), "\"abc\"");
        cr_expect_str_eq(quote_n("ab\0cd", 5, buffer), "\"ab\"");
        cr_expect_str_eq(quote_n("abc", 0, buffer), "\"\"");
        cr_expect_eq(quote_n("abc", 3, buffer), buffer);
}

/* Every length around the limit, of the shortest and of the longest characters. */
Test(quote, cuts_what_is_long_and_stays_in_its_buffer)
{
        static const char fills[] = {'a', '\x01'};

        for (size_t k = 0; k < ARRAY_SIZE(fills); k++) {
                for (size_t n = 0; n < 2 * QUOTE_SIZE; n++) {
                        char text[2 * QUOTE_SIZE + 1] = "", buffer[QUOTE_SIZE + 1];
                        size_t width = fills[k] == 'a' ? 1 : 4;

                        memset(text, fills[k], n);
                        memset(buffer, '#', sizeof(buffer));
                        quote_n(text, sizeof(text), buffer);
                        cr_expect_eq(buffer[QUOTE_SIZE], '#', "%zu", n);

                        size_t length = strnlen(buffer, sizeof(buffer));
                        bool whole = length == n * width + 2;

                        cr_assert_lt(length, QUOTE_SIZE, "%zu", n);
                        cr_expect_eq(buffer[0], '"');
                        cr_expect_eq(buffer[length - 1], '"');
                        cr_expect(whole || strcmp(buffer + length - 4, "...\"") == 0, "%s", buffer);
                        cr_expect(whole || n * width + 2 > QUOTE_SIZE - 10, "%zu: %s", n, buffer);
                }
        }
}

Test(quote, two_of_one_statement_do_not_mix)
{
        char text[256];

        snprintf(text, sizeof(text), "%s, not %s", quote("a"), quote("b"));
        cr_expect_str_eq(text, "\"a\", not \"b\"");
}
