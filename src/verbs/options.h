/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The command line. */

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

typedef struct Options {
        const char *verb;
        const char *config;           /* --config, or NULL */
        const char *root;             /* --root, or NULL: this machine */
        const char *release;          /* --kernel, or NULL */
        const char *const *arguments; /* what follows the verb */
        size_t n_arguments;
        bool json;
        bool verbose;
        bool nvidia_plugin; /* --nvidia-plugin */
        const char *output; /* --output, or NULL */
        bool force;
        bool serials;
        const char *wait;         /* --wait, "" without a number; or NULL */
        const char *gpu_operator; /* --gpu-operator, or NULL */
        const char *textfile;     /* --textfile, or NULL */
} Options;

typedef enum OptionType {
        OPTION_TEXT,          /* wants a value: a const char * of Options */
        OPTION_TEXT_OR_ALONE, /* may have one; "" without: a const char * of Options */
        OPTION_FLAG,          /* takes none: a bool of Options */
        OPTION_HELP,
        OPTION_VERSION,
} OptionType;

typedef struct OptionRow {
        const char *name;
        const char *value; /* what --help calls it: FILE; or all that it may be: off|node */
        const char *help;
        const char *verbs; /* that take it, with a space between; NULL: all */
        OptionType type;
        char letter;   /* its short form, or 0 */
        size_t offset; /* in Options */
} OptionRow;

/* What a message about a wrong command line ends with. */
#define SEE_HELP "See `vfio-gpu --help`"

/* Ends with an item whose name is NULL. */
extern const OptionRow option_rows[];

/* True when that verb takes the option. */
bool options_takes(const OptionRow *row, const char *verb);

/* Reads argv. Returns 1 and `*ret`; 0 when --help or --version has been answered; -EINVAL after a
 * message on stderr. */
int options_parse(int argc, char **argv, Options *ret) _must_check_;
