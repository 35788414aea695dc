/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/config.h"

#include <libconfig.h>
#include <string.h>

#include "base/quote.h"
#include "config/config-problems.h"
#include "config/config-schema.h"
#include "config/config-text.h"

static Config *config_new(const char *path)
{
        Arena *arena = arena_new();
        Config *config = arena ? arena_alloc(arena, sizeof(*config)) : NULL;

        if (!config) {
                arena_free(arena);
                return NULL;
        }
        config->arena = arena;
        config->path = arena_strdup(arena, path);
        config->blacklist_auto = true;
        config->timeout = CONFIG_TIMEOUT_DEFAULT;
        for (size_t i = 0; i < ARRAY_SIZE(config->vfio_options); i++)
                config->vfio_options[i] = -1;
        return config;
}

void config_free(Config *config)
{
        if (config)
                arena_free(config->arena);
}

/* A line of the text without the white space around it. */
static const char *find_line(const char *text, unsigned line, size_t *ret_length)
{
        for (; line > 1 && strchr(text, '\n'); line--)
                text = strchr(text, '\n') + 1;
        text += strspn(text, " \t\r");
        size_t length = strcspn(text, "\n");
        while (length > 0 && strchr(" \t\r", text[length - 1]))
                length--;
        *ret_length = length;
        return text;
}

/* The last line that has text in it. */
static unsigned count_lines(const char *text)
{
        unsigned n = 1, last = 1;

        for (; *text; text++) {
                n += *text == '\n';
                if (!strchr(" \t\r\n", *text))
                        last = n;
        }
        return last;
}

static void add_syntax_problem(ConfigProblems *problems, const char *text, const config_t *parsed)
{
        static const struct {
                const char *error, *expected;
        } known[] = {
                {"syntax error", "key = value; here or in the line before, strings in quotes"},
                {"duplicate setting name", "each key once in its group"},
                {"mismatched element type in array", "values of one type in an array"},
        };
        const char *error = config_error_text(parsed), *expected = error;
        unsigned line = (unsigned)config_error_line(parsed), last = count_lines(text);
        char quote[QUOTE_SIZE];
        size_t length = 0;

        for (size_t i = 0; error && i < ARRAY_SIZE(known); i++)
                if (strcmp(error, known[i].error) == 0)
                        expected = known[i].expected;
        const char *found = find_line(text, line, &length);
        /* libconfig counts the lines behind the end, too */
        config_problem_add(problems, line < last ? line : last, NULL, "%s: found %s, expected %s",
                error ? error : "syntax error", length ? quote_n(found, length, quote) : "the end",
                expected ? expected : known[0].expected);
}

static void read_text(const char *text, Config *config, ConfigProblems *problems)
{
        _cleanup_(config_destroy) config_t parsed = {0};

        config_init(&parsed);
        if (config_read_string(&parsed, text))
                config_schema_read(config_root_setting(&parsed), config, problems);
        else
                add_syntax_problem(problems, text, &parsed);
}

/* libconfig 1.5 wants a newline behind a comment, and a NUL. */
static char *copy_text(const char *text, size_t size)
{
        char *copy = size < SIZE_MAX - 2 ? malloc(size + 2) : NULL;

        if (copy) {
                memcpy(copy, text, size);
                memcpy(copy + size, "\n", 2);
        }
        return copy;
}

int config_parse(const char *path, const char *text, size_t size, Config **ret,
        ConfigProblems **reterr_problems)
{
        _cleanup_(config_freep) Config *config = config_new(path);
        _cleanup_(config_problems_freep) ConfigProblems *problems = config_problems_new();
        _cleanup_free_ char *copy = copy_text(text, size);

        if (!config || !problems || !copy)
                return -ENOMEM;
        if (config_text_check(copy, size + 1, problems))
                read_text(copy, config, problems);
        if (arena_failed(config->arena) || arena_failed(problems->arena))
                return -ENOMEM;
        if (problems->n_items) {
                config_problems_finish(problems);
                *reterr_problems = TAKE_PTR(problems);
                return -EINVAL;
        }
        *ret = TAKE_PTR(config);
        return 0;
}

const Entry *config_find_entry(const Config *config, const char *name)
{
        for (size_t i = 0; i < config->n_entries; i++)
                if (strcmp(config->entries[i].name, name) == 0)
                        return &config->entries[i];
        return NULL;
}
