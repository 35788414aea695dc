/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/options.h"

#include <getopt.h>

#include "verbs/say.h"
#include "verbs/verbs.h"

#define HELP_COLUMN 30

static void print_help(void)
{
        printf("Usage: vfio-gpu [--config=FILE] [--root=DIR [--kernel=RELEASE]] [--json] [-v] "
               "VERB [ARGUMENTS]\n"
               "\n"
               "Hands the GPUs that /etc/vfio-gpu.conf lists to vfio-pci, for virtual machines.\n"
               "\n");
        for (const Verb *verb = verbs; verb->name; verb++) {
                int width = printf("  %s%s%s", verb->name, verb->arguments ? " " : "",
                        verb->arguments ? verb->arguments : "");

                printf("%*s%s\n", HELP_COLUMN - width, "", verb->help);
        }
        printf("\n"
               "  --config=FILE      read FILE instead of /etc/vfio-gpu.conf\n"
               "  --root=DIR         look at the machine whose tree is in DIR; nothing is changed\n"
               "  --kernel=RELEASE   with --root: the kernel, where the tree does not say\n"
               "  --json             print JSON\n"
               "  -v, --verbose      say what is looked at, and every step that is taken\n"
               "  --help, --version\n"
               "\n"
               "Exit status: 0 every entry is satisfied, 1 at least one is not, 2 wrong usage,\n"
               "3 config missing or wrong, 4 the machine could not be read or the report "
               "written.\n");
}

enum {
        OPTION_CONFIG = 0x100, /* above every short option */
        OPTION_ROOT,
        OPTION_KERNEL,
        OPTION_JSON,
        OPTION_HELP,
        OPTION_VERSION,
};

static const struct option long_options[] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"root", required_argument, NULL, OPTION_ROOT},
        {"kernel", required_argument, NULL, OPTION_KERNEL},
        {"json", no_argument, NULL, OPTION_JSON},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
};

/* Takes one option. Returns 1 to go on, 0 when it was answered, -EINVAL. */
static int take_option(int option, Options *options)
{
        switch (option) {
        case OPTION_CONFIG:
                options->config = optarg;
                return 1;
        case OPTION_ROOT:
                options->root = optarg;
                return 1;
        case OPTION_KERNEL:
                options->release = optarg;
                return 1;
        case OPTION_JSON:
                options->json = true;
                return 1;
        case 'v':
                options->verbose = true;
                return 1;
        case OPTION_HELP:
                print_help();
                return 0;
        case OPTION_VERSION:
                printf("vfio-gpu %s\n", VERSION);
                return 0;
        default:
                return -EINVAL; /* getopt_long() has said why */
        }
}

static bool is_empty(const char *value)
{
        return value && !*value;
}

static int check_together(const Options *options)
{
        if (!options->verb)
                say_error("which verb? See `vfio-gpu --help`");
        else if (options->release && !options->root)
                say_error("--kernel=%s goes with --root: of this machine the running kernel counts",
                        options->release);
        else if (is_empty(options->config) || is_empty(options->root) || is_empty(options->release))
                say_error("an option that wants a value has an empty one");
        else
                return 1;
        return -EINVAL;
}

int options_parse(int argc, char **argv, Options *ret)
{
        static char name[] = "vfio-gpu"; /* getopt_long() begins its messages with it */
        Options options = {0};

        if (argc > 0)
                argv[0] = name;
        for (int option; (option = getopt_long(argc, argv, "v", long_options, NULL)) >= 0;) {
                int r = take_option(option, &options);

                if (r <= 0)
                        return r;
        }
        if (optind < argc) {
                options.verb = argv[optind];
                options.arguments = (const char *const *)argv + optind + 1;
                options.n_arguments = (size_t)(argc - optind - 1);
        }

        int r = check_together(&options);
        if (r > 0)
                *ret = options;
        return r;
}
