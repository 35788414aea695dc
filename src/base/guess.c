/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/guess.h"

#include <stdint.h>
#include <string.h>

#define COMPARED_MAX 24

static size_t lesser(size_t a, size_t b)
{
        return a < b ? a : b;
}

/* How many letters to add, drop, change, or swap with the next. Long words are near to nothing. */
static size_t distance(const char *a, const char *b)
{
        size_t length = strlen(b), last = strlen(a);
        size_t d[COMPARED_MAX + 1][COMPARED_MAX + 1];

        if (last > COMPARED_MAX || length > COMPARED_MAX)
                return SIZE_MAX;
        for (size_t i = 0; i <= last; i++)
                for (size_t j = 0; j <= length; j++) {
                        if (i == 0 || j == 0) {
                                d[i][j] = i + j;
                                continue;
                        }
                        d[i][j] = lesser(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
                                lesser(d[i - 1][j], d[i][j - 1]) + 1);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                d[i][j] = lesser(d[i][j], d[i - 2][j - 2] + 1);
                }
        return d[last][length];
}

Guess guess_for(const char *word)
{
        return (Guess){.word = word, .distance = strlen(word) / 3 + 1};
}

void guess_offer(Guess *guess, const char *candidate)
{
        size_t d = distance(guess->word, candidate);

        if (d >= guess->distance)
                return;
        guess->best = candidate;
        guess->distance = d;
}
