/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the tests of the config share: a text that is parsed, and the mistakes expected in it. */

#include <criterion/criterion.h>
#include <string.h>

#include "config/config.h"

typedef struct Parsed {
        int r;
        Config *config;
        ConfigProblems *problems;
} Parsed;

static inline Parsed parse_bytes(const char *text, size_t size)
{
        Parsed p = {0};

        p.r = config_parse("test.conf", text, size, &p.config, &p.problems);
        cr_assert((p.r == 0) == (p.config != NULL), "a config is there on success only");
        cr_assert((p.r == -EINVAL) == (p.problems != NULL), "problems are there on -EINVAL only");
        return p;
}

static inline void parsed_done(Parsed *p)
{
        config_free(p->config);
        config_problems_free(p->problems);
}

/* `p`: the text, parsed, to the end of the scope. */
#define PARSED(text)         PARSED_N(text, strlen(text))
#define PARSED_N(text, size) _cleanup_(parsed_done) _unused_ Parsed p = parse_bytes(text, size)

typedef struct Expected {
        unsigned line;
        const char *key;
        const char *text; /* a part of it */
} Expected;

/* The mistake at `i` is the expected one. `text` is shown when it is not. */
static inline void expect_problem(
        const char *text, const ConfigProblems *problems, size_t i, Expected expected)
{
        cr_assert_not_null(problems, "nothing wrong found in: %s", text);
        cr_assert_lt(i, problems->n_items, "only %zu problems in: %s", problems->n_items, text);
        const ConfigProblem *problem = &problems->items[i];
        cr_expect_eq(problem->line, expected.line, "line %u, not %u, for: %s", problem->line,
                expected.line, text);
        cr_expect(problem->key == expected.key ||
                          (problem->key && expected.key && strcmp(problem->key, expected.key) == 0),
                "key %s, not %s, for: %s", problem->key ? problem->key : "NULL",
                expected.key ? expected.key : "NULL", text);
        cr_expect(strstr(problem->text, expected.text), "\"%s\" lacks \"%s\", for: %s",
                problem->text, expected.text, text);
}

/* The text has one mistake, this one. */
static inline void expect_one_problem(const char *text, size_t size, Expected expected)
{
        PARSED_N(text, size);

        cr_assert_eq(p.r, -EINVAL, "%d for: %s", p.r, text);
        for (size_t i = 1; i < p.problems->n_items; i++)
                cr_expect(false, "one more problem \"%s\" in: %s", p.problems->items[i].text, text);
        expect_problem(text, p.problems, 0, expected);
}
