/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

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

/* The best of three: what else runs on this machine is not what is measured. */
static double seconds_to_build(size_t n, size_t *ret_moves)
{
        double best = 1e9;

        for (int tries = 0; tries < 3; tries++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                Text text = TEXT_IN(arena);
                clock_t start = clock();

                *ret_moves = 0;
                for (size_t i = 0; i < n; i++) {
                        const char *before = text.string;

                        text_add(&text, "%09zu\n", i);
                        *ret_moves += text.string != before;
                }
                double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
                best = seconds < best ? seconds : best;
                cr_assert_not(arena_failed(arena));
                cr_assert_eq(text.length, n * 10);
                cr_assert_eq(strlen(text.string), n * 10);
                for (size_t i = 0; i < n; i += 997) {
                        char line[16];

                        snprintf(line, sizeof(line), "%09zu\n", i);
                        cr_assert_eq(strncmp(text.string + 10 * i, line, 10), 0, "%zu", i);
                }
        }
        return best;
}

/* What is outgrown stays in the arena, so each move must make much room. */
Test(text, many_pieces_cost_little)
{
        size_t moves = 0;
        double seconds = seconds_to_build(20000, &moves);

        cr_expect_leq(moves, 16, "moved %zu times", moves);
        cr_expect_lt(seconds, 0.1, "%.3f s", seconds);
}

/* Every size of a piece at every fill of the room that is there. */
Test(text, pieces_of_every_size)
{
        for (size_t first = 0; first < 140; first++) {
                for (size_t second = 0; second < 140; second += 7) {
                        _cleanup_(arena_freep) Arena *arena = arena_new();
                        Text text = TEXT_IN(arena);

                        text_add(&text, "%.*s", (int)first, "");
                        text_add(&text, "%*s", (int)first, "");
                        text_add(&text, "%*s!", (int)second, "");
                        cr_assert_eq(strlen(text.string), first + second + 1);
                        cr_assert_eq(text.string[first + second], '!');
                }
        }
}

Test(text, more_than_there_is)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Text text = {.arena = arena, .string = "", .length = SIZE_MAX - 1};

        text_add(&text, "more");
        cr_expect(arena_failed(arena));
        cr_expect_str_empty(text.string);
}

Test(text, wrapped_between_words)
{
        static const struct {
                unsigned width, at, indent;
                const char *sentence, *lines;
        } texts[] = {
                {20, 0, 2, "", ""},
                {20, 0, 2, "as wide as can be ok", "as wide as can be ok"},
                {20, 0, 2, "one more than fits in", "one more than fits\n  in"},
                {20, 15, 2, "goes on here", " goes\n  on here"},
                {20, 19, 2, "goes on", "\n  goes on"},
                /* a word that is too long by itself, and what is to be copied */
                {10, 0, 2, "0123456789abc d", "0123456789abc\n  d"},
                {12, 0, 2, "run `a b c d e f g` now", "run\n  `a b c d e f g`\n  now"},
                {20, 0, 2, "`not closed at all, whatever", "`not closed at all, whatever"},
                {20, 0, 4, "two  blanks", "two  blanks"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                Text text = TEXT_IN(arena);

                text_wrap(&text, texts[i].width, texts[i].at, texts[i].indent, texts[i].sentence);
                cr_expect_str_eq(text.string, texts[i].lines, "%zu: \"%s\"", i, text.string);
        }
}

Test(text, a_word_of_a_line)
{
        static const struct {
                const char *line, *word;
                bool has;
        } lines[] = {
                {"flr bus", "flr", true},
                {"flr bus", "bus", true},
                {"flr", "flr", true},
                {"", "flr", false},
                {"af_flr bus", "flr", false},
                {"flrs bus", "flr", false},
                {"af_flr flr", "flr", true},
        };

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
                cr_expect_eq(text_has_word(lines[i].line, lines[i].word), lines[i].has, "%s in %s",
                        lines[i].word, lines[i].line);
}
