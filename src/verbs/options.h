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
} Options;

/* Reads argv. Returns 1 and `*ret`; 0 when --help or --version has been answered; -EINVAL after a
 * message on stderr. */
int options_parse(int argc, char **argv, Options *ret) _must_check_;
