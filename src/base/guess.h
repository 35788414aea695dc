/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The word that somebody probably meant who wrote another. */

#include <stddef.h>

typedef struct Guess {
        const char *word;
        const char *best; /* of what was offered so far, or NULL: nothing is near */
        size_t distance;  /* to be undercut by the next one */
} Guess;

/* Starts with nothing offered. `word` outlives it. */
Guess guess_for(const char *word);

/* What is farther away than a third of the word's letters was not meant, and of two that are as
 * near as each other the first one is taken. */
void guess_offer(Guess *guess, const char *candidate);
