/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/guess.h"

#include <criterion/criterion.h>

#include "base/macro.h"

static const char *guess(const char *word)
{
        static const char *const words[] = {
                "list", "status", "status-two", "release", "a", "abcdefghijklmnopqrstuvwxyz"};
        Guess g = guess_for(word);

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                guess_offer(&g, words[i]);
        return g.best ? g.best : "none";
}

Test(guess, only_what_is_near)
{
        static const struct {
                const char *word, *best;
        } trials[] = {
                {"stauts", "status"}, /* two swapped */
                {"statu", "status"},
                {"sttatus", "status"},
                {"ststus", "status"},
                {"relase", "release"},
                {"statsu-twoo", "status-two"},
                {"lst", "list"},
                {"ls", "none"}, /* too short to say so little of it */
                {"b", "none"},
                {"", "none"},
                {"frobnicate", "none"},
                {"steal", "none"},
                /* nobody mistypes as much as that */
                {"abcdefghijklmnopqrstuvwxy", "none"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++)
                cr_expect_str_eq(guess(trials[i].word), trials[i].best, "%s: %s", trials[i].word,
                        guess(trials[i].word));
}

Test(guess, the_first_of_equals)
{
        Guess g = guess_for("lisp");

        guess_offer(&g, "list");
        guess_offer(&g, "lisa");
        cr_expect_str_eq(g.best, "list");
}
