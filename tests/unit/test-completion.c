/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/completion.h"

#include <criterion/criterion.h>
#include <string.h>

#define WORDS_MAX 8

/* Splits at each space, so that one at the end makes an empty word. */
static size_t split(char *line, const char **words)
{
        size_t n = 0;

        for (char *word; n < WORDS_MAX && (word = strsep(&line, " "));)
                words[n++] = word;
        return n;
}

static const char *kind_text(const Completion *c)
{
        static char text[64];
        static const char *const kinds[] = {"nothing", "verb", "option", "value", "argument"};
        size_t length = c->what ? strcspn(c->what, " ") : 0;

        snprintf(text, sizeof(text), "%s%s%.*s%s%s", kinds[c->kind], c->what ? " " : "",
                (int)length, c->what ? c->what : "", c->verb ? " of " : "",
                c->verb ? c->verb->name : "");
        return text;
}

Test(completion, what_is_wanted)
{
        static const struct {
                const char *line, *kind, *config, *root;
        } lines[] = {
                {"", "verb", NULL, NULL},
                {"li", "verb", NULL, NULL},
                {"list", "verb", NULL, NULL},
                {"list ", "nothing of list", NULL, NULL},
                {"lost ", "nothing", NULL, NULL},
                {"lost x ", "nothing", NULL, NULL},
                {"release ", "argument [NAME|ADDRESS]... of release", NULL, NULL},
                {"release a b c", "argument [NAME|ADDRESS]... of release", NULL, NULL},
                {"apply ", "argument [ADDRESS] of apply", NULL, NULL},
                {"apply 01:00 ", "nothing of apply", NULL, NULL},
                {"export ", "argument FORMAT of export", NULL, NULL},
                {"export x ", "argument [NAME|ADDRESS]... of export", NULL, NULL},
                {"export x y z", "argument [NAME|ADDRESS]... of export", NULL, NULL},
                /* options, wherever they stand */
                {"-", "option", NULL, NULL},
                {"--", "option", NULL, NULL},
                {"--json ", "verb", NULL, NULL},
                {"--json check --", "option of check", NULL, NULL},
                {"release -v ", "argument [NAME|ADDRESS]... of release", NULL, NULL},
                {"-- ", "verb", NULL, NULL},
                {"-- --", "verb", NULL, NULL},
                {"-- init -", "argument [ADDRESS]... of init", NULL, NULL},
                /* and their values */
                {"--config", "option", NULL, NULL},
                {"--config=", "value FILE", NULL, NULL},
                {"--config ", "value FILE", NULL, NULL},
                {"--config x", "value FILE", NULL, NULL},
                {"--config -- ", "verb", "--", NULL},
                {"--config x ", "verb", "x", NULL},
                {"--config=x init ", "argument [ADDRESS]... of init", "x", NULL},
                {"init --config=x --root y ", "argument [ADDRESS]... of init", "x", "y"},
                {"--config= --root=a=b ", "verb", "", "a=b"},
                {"--wait ", "verb", NULL, NULL},
                {"--wait=", "value SECONDS", NULL, NULL},
                {"report --gpu-operator=", "value off|node|mixed of report", NULL, NULL},
                {"--json=", "option", NULL, NULL},
                {"--no-such=x", "option", NULL, NULL},
                {"--no-such x ", "nothing", NULL, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                char line[128] = "";
                const char *words[WORDS_MAX] = {NULL};

                strncpy(line, lines[i].line, sizeof(line) - 1);
                size_t n = split(line, words);
                Completion c = completion_of(words, n);

                cr_expect_str_eq(
                        kind_text(&c), lines[i].kind, "\"%s\": %s", lines[i].line, kind_text(&c));
                cr_expect_str_eq(c.word, words[n - 1], "%s", lines[i].line);
                cr_expect_str_eq(c.config ? c.config : "none",
                        lines[i].config ? lines[i].config : "none", "%s", lines[i].line);
                cr_expect_str_eq(c.root ? c.root : "none", lines[i].root ? lines[i].root : "none",
                        "%s", lines[i].line);
        }
}

Test(completion, kinds_of_argument)
{
        const Completion both = {.what = "[NAME|ADDRESS]..."}, first = {.what = "FORMAT [NAME]"};

        cr_expect(completion_wants(&both, "NAME") && completion_wants(&both, "ADDRESS"));
        cr_expect_not(completion_wants(&both, "FILE"));
        cr_expect(completion_wants(&first, "FORMAT"));
        cr_expect_not(completion_wants(&first, "NAME"), "that is another argument");
        cr_expect_not(completion_wants(&(Completion){0}, "NAME"));
}

Test(completion, words_of_a_value)
{
        static const struct {
                const char *what, *words;
        } values[] = {
                {"off|node|mixed", "off node mixed "},
                {"one", "one "},
                {"FILE", ""},
                {"DIR|FILE", ""},
                {"[NAME|ADDRESS]...", ""},
                {"", ""},
                {NULL, ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
                const Completion c = {.what = values[i].what};
                char words[64] = "";

                for (const char *at = NULL; completion_next_word(&c, &at) > 0;)
                        sprintf(words + strlen(words), "%.*s ", (int)strcspn(at, "|"), at);
                cr_expect_str_eq(words, values[i].words, "%s: %s", values[i].what, words);
        }
}

Test(completion, where_a_value_begins)
{
        static const struct {
                const char *last;
                size_t before;
        } words[] = {{"--gpu-operator=of", 15}, {"--config=", 9}, {"--config", 0}, {"x", 0}};

        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                const char *const line[] = {"report", words[i].last};

                cr_expect_eq(completion_of(line, 2).before, words[i].before, "%s", words[i].last);
        }

        const char *const apart[] = {"report", "--gpu-operator", "--x=y"};
        cr_expect_eq(completion_of(apart, 3).before, 0, "that is the value itself");
}

Test(completion, options_that_may_follow)
{
        static const struct {
                const char *line, *options;
        } lines[] = {
                {"--", "--config --root --json --verbose --output --force"},
                {"list --", "--config --root --json --verbose"},
                {"init --force --", "--config --root --verbose --output"},
                {"init --output=x --config y --", "--root --verbose --force"},
                /* of this machine and no other */
                {"apply --", "--config --json --verbose"},
        };
        static const char *const looked_at[] = {
                "config", "root", "json", "verbose", "output", "force"};

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                char line[128] = "", options[256] = "";
                const char *words[WORDS_MAX] = {NULL};

                strncpy(line, lines[i].line, sizeof(line) - 1);
                size_t n = split(line, words);
                Completion c = completion_of(words, n);
                for (size_t k = 0; k < ARRAY_SIZE(looked_at); k++)
                        for (const OptionRow *row = option_rows; row->name; row++)
                                if (strcmp(row->name, looked_at[k]) == 0 &&
                                        completion_takes(&c, row, words, n)) {
                                        strcat(options, *options ? " --" : "--");
                                        strcat(options, row->name);
                                }
                cr_expect_str_eq(options, lines[i].options, "%s: %s", lines[i].line, options);
        }
}
