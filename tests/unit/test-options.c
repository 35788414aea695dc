/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/options.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <getopt.h>
#include <string.h>

#include "verbs/verbs.h"

static void redirect(void)
{
        cr_redirect_stdout();
        cr_redirect_stderr();
}

/* Splits `line` at its spaces and parses it, as the program of that path. */
static int parse(const char *line, Options *ret)
{
        static char words[256]; /* what the options point into */
        char *argv[16] = {NULL}, *rest = words;
        int argc = 0;

        cr_assert_lt(strlen(line), sizeof(words));
        strcpy(words, line);
        for (char *word; (word = strsep(&rest, " ")) && argc < 15;)
                argv[argc++] = word;
        optind = 0; /* getopt(3): start anew */
        return options_parse(argc, argv, ret);
}

static bool same(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

Test(options, each, .init = redirect)
{
        static const struct {
                const char *line;
                Options options;
        } lines[] = {
                {"vfio-gpu list", {.verb = "list"}},
                {"vfio-gpu --config=/c check", {.verb = "check", .config = "/c"}},
                {"vfio-gpu --config /c check", {.verb = "check", .config = "/c"}},
                {"vfio-gpu check --config=/c", {.verb = "check", .config = "/c"}},
                {"vfio-gpu --root=/r list", {.verb = "list", .root = "/r"}},
                {"vfio-gpu --root=/r --kernel=6.1 plan",
                        {.verb = "plan", .root = "/r", .release = "6.1"}},
                {"vfio-gpu --json status", {.verb = "status", .json = true}},
                {"vfio-gpu -v apply", {.verb = "apply", .verbose = true}},
                {"vfio-gpu apply --verbose", {.verb = "apply", .verbose = true}},
                {"vfio-gpu -- list", {.verb = "list"}},
                {"vfio-gpu no-such-verb", {.verb = "no-such-verb"}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                const Options *expected = &lines[i].options;
                Options options = {0};

                cr_assert_eq(parse(lines[i].line, &options), 1, "%s", lines[i].line);
                cr_expect(same(options.verb, expected->verb), "%s", lines[i].line);
                cr_expect(same(options.config, expected->config), "%s", lines[i].line);
                cr_expect(same(options.root, expected->root), "%s", lines[i].line);
                cr_expect(same(options.release, expected->release), "%s", lines[i].line);
                cr_expect_eq(options.json, expected->json, "%s", lines[i].line);
                cr_expect_eq(options.verbose, expected->verbose, "%s", lines[i].line);
        }
}

/* What was said on stderr, whole. */
static void expect_stderr(const char *expected)
{
        fflush(stderr);
        cr_assert_stderr_eq_str(expected);
}

/* Criterion can compare a stream once, so each mistake is a test of its own. */
#define MISTAKE(name, line, text)                                                                  \
        Test(options_wrong, name, .init = redirect)                                                \
        {                                                                                          \
                Options options = {.verb = "untouched"};                                           \
                                                                                                   \
                cr_expect_eq(parse(line, &options), -EINVAL);                                      \
                cr_expect_str_eq(options.verb, "untouched");                                       \
                expect_stderr(text "\n");                                                          \
        }

MISTAKE(no_verb, "vfio-gpu --json", "vfio-gpu: which verb? See `vfio-gpu --help`")
MISTAKE(verb_for_a_file, "vfio-gpu --json --config list",
        "vfio-gpu: which verb? \"list\" was taken for the FILE of --config. See `vfio-gpu --help`")
MISTAKE(no_verb_for_a_file, "vfio-gpu --config lst", "vfio-gpu: which verb? See `vfio-gpu --help`")
MISTAKE(kernel_alone, "vfio-gpu --kernel=6.1 list",
        "vfio-gpu: --kernel=6.1 goes with --root: of this machine the running kernel counts")
/* errors start with the program's name, however it was called */
MISTAKE(unknown, "/usr/bin/vfio-gpu --frobnicate list",
        "vfio-gpu: there is no option \"--frobnicate\". See `vfio-gpu --help`")
MISTAKE(misspelt, "vfio-gpu --jsno list",
        "vfio-gpu: there is no option \"--jsno\"; did you mean --json? See `vfio-gpu --help`")
MISTAKE(misspelt_with_a_value, "vfio-gpu check --confg=/x",
        "vfio-gpu: there is no option \"--confg\"; did you mean --config? See `vfio-gpu --help`")
MISTAKE(too_short, "vfio-gpu --ver list",
        "vfio-gpu: \"--ver\" may be --verbose or --version. See `vfio-gpu --help`")
MISTAKE(nameless, "vfio-gpu list --=x",
        "vfio-gpu: there is no option \"--\". See `vfio-gpu --help`")
MISTAKE(not_for_a_terminal, "vfio-gpu --fro\033[31m list",
        "vfio-gpu: there is no option \"--fro\\x1b[31m\". See `vfio-gpu --help`")
MISTAKE(unknown_short, "./vfio-gpu -x list",
        "vfio-gpu: there is no option \"-x\". See `vfio-gpu --help`")
MISTAKE(unknown_among_short, "vfio-gpu --json -xv list",
        "vfio-gpu: there is no option \"-x\". See `vfio-gpu --help`")
MISTAKE(value_missing, "/usr/bin/vfio-gpu --config",
        "vfio-gpu: --config wants a value: --config=FILE")
MISTAKE(config_empty, "vfio-gpu --config= check",
        "vfio-gpu: --config wants a value, and has an empty one")
MISTAKE(root_empty, "vfio-gpu --root= check",
        "vfio-gpu: --root wants a value, and has an empty one")
MISTAKE(kernel_empty, "vfio-gpu --root=/r --kernel= check",
        "vfio-gpu: --kernel wants a value, and has an empty one")
MISTAKE(force_alone, "vfio-gpu init --force",
        "vfio-gpu: --force goes with --output=FILE: what is printed replaces nothing")
MISTAKE(not_of_the_verb, "vfio-gpu check --output=f",
        "vfio-gpu: check takes no --output (these do: init)")
MISTAKE(value_too_much, "vfio-gpu --json=yes list", "vfio-gpu: --json takes no value")

Test(options, help, .init = redirect)
{
        Options options = {0};

        cr_expect_eq(parse("vfio-gpu --frobnicate --help", &options), -EINVAL);
        cr_expect_eq(parse("vfio-gpu -h", &options), 0);
        cr_expect_null(options.verb);
        fflush(stdout);
        FILE *out = cr_get_redirected_stdout();
        char text[4096] = "";
        cr_assert_gt(fread(text, 1, sizeof(text) - 1, out), 0);
        for (const Verb *verb = verbs; verb->name; verb++)
                cr_expect(!verb->help || strstr(text, verb->help), "%s is not in the help",
                        verb->name);
        for (const OptionRow *row = option_rows; row->name; row++)
                cr_expect(strstr(text, row->help), "--%s is not in the help", row->name);
        cr_expect(strstr(text, "--root=DIR") && strstr(text, "Exit status: 0"));
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                cr_expect_leq(strcspn(line, "\n"), 80, "too wide for a terminal: %.90s", line);
}

static bool is_verb(const char *word)
{
        for (const Verb *verb = verbs; verb->name; verb++)
                if (strcmp(verb->name, word) == 0)
                        return true;
        return false;
}

Test(options, rows)
{
        size_t n = 0;

        for (const OptionRow *row = option_rows; row->name; row++, n++) {
                char words[128] = "", *rest = words;

                strncat(words, row->verbs ? row->verbs : "list", sizeof(words) - 1);
                for (char *word; (word = strsep(&rest, " "));)
                        cr_expect(is_verb(word), "--%s: there is no verb \"%s\"", row->name, word);
        }
        cr_expect_lt(n, 63); /* a bit each, and room for getopt_long()'s end */
}

Test(options, version, .init = redirect)
{
        Options options = {0};

        cr_expect_eq(parse("vfio-gpu --version", &options), 0);
        fflush(stdout);
        cr_assert_stdout_eq_str("vfio-gpu " VERSION "\n");
}

#define REFUSAL(name, text, ...)                                                                   \
        Test(verbs, name, .init = redirect)                                                        \
        {                                                                                          \
                const Options options = {__VA_ARGS__};                                             \
                                                                                                   \
                cr_expect_eq(verbs_run(&options), EXIT_STATUS_USAGE);                              \
                expect_stderr(text "\n");                                                          \
        }

REFUSAL(unknown, "vfio-gpu: there is no verb \"frobnicate\". See `vfio-gpu --help`",
        .verb = "frobnicate")
REFUSAL(misspelt_verb,
        "vfio-gpu: there is no verb \"stauts\"; did you mean \"status\"? See `vfio-gpu --help`",
        .verb = "stauts")
REFUSAL(verb_not_for_people, "vfio-gpu: there is no verb \"complet\". See `vfio-gpu --help`",
        .verb = "complet")
REFUSAL(apply_of_another_tree,
        "vfio-gpu: apply changes the machine that it runs on: it takes no --root", .verb = "apply",
        .root = "/tmp")

REFUSAL(arguments, "vfio-gpu: list takes no arguments", .verb = "list",
        .arguments = (const char *const[]){"01:00.0"}, .n_arguments = 1)

Test(verbs, which_change_the_machine)
{
        for (const Verb *verb = verbs; verb->name; verb++) {
                bool changes = strcmp(verb->name, "apply") == 0 ||
                               strcmp(verb->name, "release") == 0 ||
                               strcmp(verb->name, "report") == 0;

                cr_expect_eq(verb->changes, changes, "%s", verb->name);
        }
}

Test(options, arguments)
{
        Options options = {0};

        cr_assert_eq(parse("vfio-gpu release 01:00.0 --json rtx", &options), 1);
        cr_expect_str_eq(options.verb, "release");
        cr_assert_eq(options.n_arguments, 2);
        cr_expect_str_eq(options.arguments[0], "01:00.0");
        cr_expect_str_eq(options.arguments[1], "rtx");
        cr_expect(options.json);
        cr_assert_eq(parse("vfio-gpu release", &options), 1);
        cr_expect_eq(options.n_arguments, 0);
}
