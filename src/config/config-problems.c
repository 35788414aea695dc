/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/config-problems.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#define KEY_SHOWN_MAX 60
#define TEXT_MAX      512 /* what is quoted is cut to QUOTE_SIZE */

/* More than anybody reads; a hostile file has hundreds of thousands, and each takes its time. */
#define LISTED_MAX 1000

ConfigProblems *config_problems_new(void)
{
        Arena *arena = arena_new();
        ConfigProblems *problems = arena ? arena_alloc(arena, sizeof(*problems)) : NULL;

        if (!problems) {
                arena_free(arena);
                return NULL;
        }
        problems->arena = arena;
        return problems;
}

void config_problems_free(ConfigProblems *problems)
{
        if (problems)
                arena_free(problems->arena);
}

bool config_problems_full(const ConfigProblems *problems)
{
        return problems->n_items >= LISTED_MAX;
}

static void add(ConfigProblems *problems, unsigned line, const char *key, const char *text)
{
        ConfigProblem *problem = arena_push(problems->arena, &problems->items, &problems->n_items);

        if (problem)
                *problem = (ConfigProblem){
                        .line = line,
                        .key = key ? arena_strndup(problems->arena, key, KEY_SHOWN_MAX) : NULL,
                        .text = arena_strdup(problems->arena, text),
                };
}

void config_problem_add(
        ConfigProblems *problems, unsigned line, const char *key, const char *format, ...)
{
        char text[TEXT_MAX] = "";
        va_list args;

        if (config_problems_full(problems))
                return;
        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        add(problems, line, key, text);
}

/* qsort() is not stable: key and text make the order of one line's problems certain. */
static int compare_problems(const void *a, const void *b)
{
        const ConfigProblem *p = a, *q = b;

        if (p->line != q->line)
                return p->line < q->line ? -1 : 1;
        if (!p->key != !q->key)
                return p->key ? 1 : -1;
        int order = p->key ? strcmp(p->key, q->key) : 0;
        return order ? order : strcmp(p->text, q->text);
}

void config_problems_finish(ConfigProblems *problems)
{
        bool full = config_problems_full(problems);
        size_t n = problems->n_items;

        if (n)
                qsort(problems->items, n, sizeof(*problems->items), compare_problems);
        if (full)
                add(problems, problems->items[n - 1].line, NULL,
                        "found more mistakes than these, which are not listed");
}
