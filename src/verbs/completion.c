/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/completion.h"

#include <string.h>

/* The row of the option `word` ("--config" or "--config=x"), or NULL: it is none, or a short one;
 * `*ret_value` is what follows the equals sign, or NULL. */
static const OptionRow *row_of(const char *word, const char **ret_value)
{
        size_t length = strcspn(word, "=");

        *ret_value = word[length] ? word + length + 1 : NULL;
        if (strncmp(word, "--", 2) != 0)
                return NULL;
        for (const OptionRow *row = option_rows; row->name; row++)
                if (strlen(row->name) + 2 == length &&
                        strncmp(row->name, word + 2, length - 2) == 0)
                        return row;
        return NULL;
}

static void remember(Completion *c, const OptionRow *row, const char *value)
{
        if (strcmp(row->name, "config") == 0)
                c->config = value;
        else if (strcmp(row->name, "root") == 0)
                c->root = value;
}

static const Verb *verb_of(const char *word)
{
        for (const Verb *verb = verbs; verb->name; verb++)
                if (strcmp(verb->name, word) == 0)
                        return verb;
        return NULL;
}

/* "FORMAT [NAME|ADDRESS]...": that of the argument with this number; the last one goes on where it
 * ends with dots. */
static const char *argument_of(const Verb *verb, size_t number)
{
        const char *at = verb->arguments;

        for (; at && number > 0; number--) {
                const char *blank = strchr(at, ' ');

                if (!blank)
                        return strstr(at, "...") ? at : NULL;
                at = blank + 1;
        }
        return at;
}

typedef struct Reading {
        bool no_options;          /* after "--" */
        const OptionRow *pending; /* its value is the next word */
        size_t n_others;          /* the verb and its arguments */
} Reading;

static void read_word(Completion *c, Reading *reading, const char *word)
{
        const OptionRow *row = reading->pending;
        const char *value = word;

        if (!row && (reading->no_options || *word != '-')) {
                if (reading->n_others == 0)
                        c->verb = verb_of(word);
                else if (reading->n_others == 1)
                        c->first = word;
                reading->n_others++;
                return;
        }
        if (!row)
                row = row_of(word, &value);
        reading->pending = row && row->type == OPTION_TEXT && !value ? row : NULL;
        reading->no_options = strcmp(word, "--") == 0;
        if (row && value)
                remember(c, row, value);
}

static void look_at_last(Completion *c, const Reading *reading)
{
        const bool option = !reading->no_options && *c->word == '-';
        const char *value = NULL;
        const OptionRow *row = option ? row_of(c->word, &value) : NULL;

        if (reading->pending || (row && value && row->value)) {
                c->kind = COMPLETION_VALUE;
                c->what = reading->pending ? reading->pending->value : row->value;
                c->before = reading->pending ? 0 : (size_t)(value - c->word);
        } else if (option) {
                c->kind = COMPLETION_OPTION;
        } else if (reading->n_others == 0) {
                c->kind = COMPLETION_VERB;
        } else if (c->verb) {
                c->what = argument_of(c->verb, reading->n_others - 1);
                c->kind = c->what ? COMPLETION_ARGUMENT : COMPLETION_NOTHING;
        }
}

Completion completion_of(const char *const *words, size_t n)
{
        Completion c = {.word = words[n - 1]};
        Reading reading = {0};

        for (size_t i = 0; i + 1 < n; i++)
                read_word(&c, &reading, words[i]);
        look_at_last(&c, &reading);
        return c;
}

bool completion_wants(const Completion *c, const char *kind)
{
        size_t length = strlen(kind), end = c->what ? strcspn(c->what, " ") : 0;

        for (size_t at = 0; at < end; at++)
                if (strncmp(c->what + at, kind, length) == 0)
                        return true;
        return false;
}

size_t completion_next_word(const Completion *c, const char **at)
{
        const char *next = *at ? *at + strcspn(*at, "|") : c->what;

        /* what is not such a word stands for others: FILE, [NAME|ADDRESS] */
        if (!next || !*next || !(*c->what >= 'a' && *c->what <= 'z'))
                return 0;
        *at = next + (*next == '|');
        return strcspn(*at, "|");
}

bool completion_takes(const Completion *c, const OptionRow *row, const char *const *words, size_t n)
{
        const char *value = NULL;

        if (c->verb && !options_takes(row, c->verb->name))
                return false;
        /* nor does a verb that changes this machine take another's tree */
        if (c->verb && c->verb->changes &&
                (strcmp(row->name, "root") == 0 || strcmp(row->name, "kernel") == 0))
                return false;
        for (size_t i = 0; i + 1 < n; i++)
                if (row_of(words[i], &value) == row)
                        return false;
        return true;
}
