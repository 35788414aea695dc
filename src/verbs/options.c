/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/options.h"

#include <getopt.h>
#include <string.h>

#include "base/guess.h"
#include "base/quote.h"
#include "verbs/say.h"
#include "verbs/verbs.h"

#define HELP_COLUMN 28

#define TEXT(field)          .type = OPTION_TEXT, .offset = offsetof(Options, field)
#define TEXT_OR_ALONE(field) .type = OPTION_TEXT_OR_ALONE, .offset = offsetof(Options, field)
#define FLAG(field)          .type = OPTION_FLAG, .offset = offsetof(Options, field)

const OptionRow option_rows[] = {
        {"config", "FILE", "read FILE instead of /etc/vfio-gpu.conf", NULL, TEXT(config)},
        {"root", "DIR|FILE", "the machine in DIR, or in FILE, a capture", NULL, TEXT(root)},
        {"kernel", "RELEASE", "with --root: the kernel, if the tree does not say", NULL,
                TEXT(release)},
        {"json", NULL, "print JSON", "list check plan apply status release", FLAG(json)},
        {"verbose", NULL, "say what is looked at, and every step that is taken", NULL,
                FLAG(verbose), .letter = 'v'},
        {"output", "FILE", "write FILE instead of printing it", "init", TEXT(output)},
        {"wait", "SECONDS", "wait for the system stage first (60 s)", "status",
                TEXT_OR_ALONE(wait)},
        {"force", NULL, "replace FILE if there is one", "init capture", FLAG(force)},
        {"serials", NULL, "leave serial numbers and the like in", "capture", FLAG(serials)},
        {"nvidia-plugin", NULL, "kubevirt, with NVIDIA's own device plugin", "export",
                FLAG(nvidia_plugin)},
        {"gpu-operator", "off|node|mixed", "labels for NVIDIA's GPU Operator", "export report",
                TEXT(gpu_operator)},
        {"textfile", "DIR", "metrics to DIR, for Prometheus' exporter", "report", TEXT(textfile)},
        {"help", NULL, "print this", NULL, .type = OPTION_HELP, .letter = 'h'},
        {"version", NULL, "print the version", NULL, .type = OPTION_VERSION},
        {NULL, NULL, NULL, NULL, .type = OPTION_HELP},
};

#define FIRST 0x100 /* what getopt_long() calls the first row: above every short option */

/* What is too long for its column has its help below it. */
static void indent(int width)
{
        if (width >= HELP_COLUMN)
                width = printf("\n") - 1;
        printf("%*s", HELP_COLUMN - width, "");
}

static void print_verb(const Verb *verb)
{
        int width = printf("  %s%s%s", verb->name, verb->arguments ? " " : "",
                verb->arguments ? verb->arguments : "");

        indent(width);
        printf("%s\n", verb->help);
}

static void print_option(const OptionRow *row)
{
        const char *before = row->type == OPTION_TEXT_OR_ALONE ? "[=" : "=";
        int width = row->letter ? printf("  -%c, ", row->letter) : printf("  ");

        width += printf("--%s%s%s%s", row->name, row->value ? before : "",
                row->value ? row->value : "", row->type == OPTION_TEXT_OR_ALONE ? "]" : "");
        indent(width);
        printf("%s%s%s\n", row->verbs ? row->verbs : "", row->verbs ? ": " : "", row->help);
}

static void print_help(void)
{
        printf("Usage: vfio-gpu [OPTIONS] VERB [ARGUMENTS]\n"
               "\n"
               "Hands the GPUs that /etc/vfio-gpu.conf lists to vfio-pci, for virtual machines.\n"
               "\n");
        for (const Verb *verb = verbs; verb->name; verb++)
                if (verb->help)
                        print_verb(verb);
        printf("\n");
        for (const OptionRow *row = option_rows; row->name; row++)
                print_option(row);
        printf("\n"
               "Exit status: 0 every entry is satisfied, 1 at least one is not, 2 wrong usage,\n"
               "3 config missing or wrong, 4 the machine not read or the report not written.\n");
}

/* Takes one option. Returns 1 to go on, 0 when it was answered. */
static int take_option(const OptionRow *row, Options *options)
{
        char *field = (char *)options + row->offset;

        switch (row->type) {
        case OPTION_TEXT:
        case OPTION_TEXT_OR_ALONE:
                *(const char **)field = optarg ? optarg : "";
                return 1;
        case OPTION_FLAG:
                *(bool *)field = true;
                return 1;
        case OPTION_HELP:
                print_help();
                return 0;
        case OPTION_VERSION:
                printf("vfio-gpu %s\n", VERSION);
                return 0;
        }
        return 1;
}

static int has_argument(OptionType type)
{
        return type == OPTION_TEXT            ? required_argument
               : type == OPTION_TEXT_OR_ALONE ? optional_argument
                                              : no_argument;
}

/* The rows as getopt_long() wants them. The colon makes it tell of a missing value apart. */
static void fill(struct option *long_options, char *letters)
{
        size_t n = 0;

        *letters++ = ':';
        for (; option_rows[n].name; n++) {
                long_options[n] = (struct option){.name = option_rows[n].name,
                        .has_arg = has_argument(option_rows[n].type),
                        .val = FIRST + (int)n};
                if (option_rows[n].letter)
                        *letters++ = option_rows[n].letter;
        }
        long_options[n] = (struct option){0};
        *letters = '\0';
}

/* NULL: there is none. */
static const OptionRow *find(int option)
{
        if (option >= FIRST)
                return &option_rows[option - FIRST];
        for (const OptionRow *row = option_rows; row->name; row++)
                if (row->letter && row->letter == option)
                        return row;
        return NULL;
}

/* The two first long options that begin so, or NULL. */
static void find_begun(const char *name, const OptionRow *ret[static 2])
{
        size_t n = 0;

        for (const OptionRow *row = option_rows; *name && row->name && n < 2; row++)
                if (strncmp(row->name, name, strlen(name)) == 0)
                        ret[n++] = row;
}

static const char *guess_option(const char *name)
{
        Guess guess = guess_for(name);

        for (const OptionRow *row = option_rows; row->name; row++)
                guess_offer(&guess, row->name);
        return guess.best;
}

/* `word` is "--NAME", or "--NAME=VALUE". */
static void say_no_option(const char *word)
{
        char name[64] = "", quoted[QUOTE_SIZE] = "";
        const size_t length = strcspn(word, "=");
        const OptionRow *begun[2] = {NULL};
        const char *guess = NULL;

        snprintf(name, sizeof(name), "%.*s", (int)length - 2, word + 2);
        find_begun(name, begun);
        guess = guess_option(name);
        quote_n(word, length, quoted);
        if (begun[1])
                say_error("%s may be --%s or --%s. " SEE_HELP, quoted, begun[0]->name,
                        begun[1]->name);
        else if (guess)
                say_error("there is no option %s; did you mean --%s? " SEE_HELP, quoted, guess);
        else
                say_error("there is no option %s. " SEE_HELP, quoted);
}

/* What getopt_long() would say in words of its own, and without a remedy. It returned `found`, and
 * `word` is what it looked at last: a long option is the only one to have a word to itself. */
static void say_wrong(int found, const char *word)
{
        const OptionRow *row = find(optopt);

        if (found == ':' && row)
                say_error("--%s wants a value: --%s=%s", row->name, row->name, row->value);
        else if (row)
                say_error("--%s takes no value", row->name);
        else if (optopt == 0)
                say_no_option(word);
        else
                say_error("there is no option %s. " SEE_HELP,
                        quote(((const char[]){'-', (char)optopt, '\0'})));
}

bool options_takes(const OptionRow *row, const char *verb)
{
        size_t length = strlen(verb);

        for (const char *word = row->verbs; word; word = strchr(word, ' ')) {
                word += *word == ' ';
                if (strncmp(word, verb, length) == 0 && (!word[length] || word[length] == ' '))
                        return true;
        }
        return !row->verbs;
}

/* An option that must have a value, and has an empty one. */
static bool is_empty(const OptionRow *row, const Options *options)
{
        const char *const *value = (const void *)((const char *)options + row->offset);

        return row->type == OPTION_TEXT && *value && !**value;
}

/* Whether the verb may have this option, as it was given. */
static int check_option(const OptionRow *row, const Options *options)
{
        if (!options_takes(row, options->verb))
                say_error("%s takes no --%s (these do: %s)", options->verb, row->name, row->verbs);
        else if (is_empty(row, options))
                say_error("--%s wants a value, and has an empty one", row->name);
        else
                return 1;
        return -EINVAL;
}

static bool is_verb(const char *word)
{
        const Verb *verb = verbs;

        while (verb->name && strcmp(verb->name, word) != 0)
                verb++;
        return verb->name;
}

/* "--config list" has the verb for the file. */
static void say_no_verb(const Options *options, uint64_t used)
{
        for (size_t i = 0; option_rows[i].name; i++) {
                const OptionRow *row = &option_rows[i];
                const char *const *value = (const void *)((const char *)options + row->offset);

                if (!(used & (UINT64_C(1) << i)) || row->type != OPTION_TEXT || !is_verb(*value))
                        continue;
                say_error("which verb? \"%s\" was taken for the %s of --%s. " SEE_HELP, *value,
                        row->value, row->name);
                return;
        }
        say_error("which verb? " SEE_HELP);
}

/* `used` has a bit for each row that was given. */
static int check_together(const Options *options, uint64_t used)
{
        if (!options->verb) {
                say_no_verb(options, used);
                return -EINVAL;
        }
        for (size_t i = 0; option_rows[i].name; i++) {
                int r = used & (UINT64_C(1) << i) ? check_option(&option_rows[i], options) : 1;

                if (r < 0)
                        return r;
        }
        if (options->release && !options->root) {
                say_error("--kernel=%s goes with --root: of this machine the running kernel counts",
                        options->release);
                return -EINVAL;
        }
        if (strcmp(options->verb, "init") == 0 && options->force && !options->output) {
                say_error("--force goes with --output=FILE: what is printed replaces nothing");
                return -EINVAL;
        }
        return 1;
}

int options_parse(int argc, char **argv, Options *ret)
{
        struct option long_options[64];
        char letters[64]; /* rows are fewer, see the test */
        Options options = {0};
        uint64_t used = 0;

        fill(long_options, letters);
        opterr = 0;
        for (int option; (option = getopt_long(argc, argv, letters, long_options, NULL)) >= 0;) {
                const OptionRow *row = find(option);

                if (!row) {
                        say_wrong(option, argv[optind - 1]);
                        return -EINVAL;
                }

                int r = take_option(row, &options);
                if (r <= 0)
                        return r;
                used |= UINT64_C(1) << (row - option_rows);
        }
        if (optind < argc) {
                options.verb = argv[optind];
                options.arguments = (const char *const *)argv + optind + 1;
                options.n_arguments = (size_t)(argc - optind - 1);
        }

        int r = check_together(&options, used);
        if (r > 0)
                *ret = options;
        return r;
}
