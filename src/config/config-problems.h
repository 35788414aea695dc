/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Collecting the mistakes of a config. */

#include "config/config.h"

/* Returns an empty collection, or NULL when memory is out. */
ConfigProblems *config_problems_new(void);

/*
 * Adds one mistake: at `line`, of `key` (or NULL; copied), in words. Memory that runs out is
 * remembered by the arena.
 */
void config_problem_add(ConfigProblems *problems, unsigned line, const char *key,
        const char *format, ...) _printf_(4, 5);

/* True after a thousand mistakes: no more are taken, and there is no use in looking for them. */
bool config_problems_full(const ConfigProblems *problems);

/* Brings the mistakes into the order of their lines; call it once, at the end. */
void config_problems_finish(ConfigProblems *problems);
