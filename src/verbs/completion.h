/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What may stand in place of the last of some words of a command line. Nothing here does I/O. */

#include "verbs/verbs.h"

typedef enum CompletionKind {
        COMPLETION_NOTHING,
        COMPLETION_VERB,
        COMPLETION_OPTION,   /* of the verb, if there is one yet */
        COMPLETION_VALUE,    /* of an option: `what` is FILE, say */
        COMPLETION_ARGUMENT, /* of the verb: `what` is NAME|ADDRESS, say */
} CompletionKind;

typedef struct Completion {
        CompletionKind kind;
        const char *word;   /* what is there of it */
        size_t before;      /* of `word`, in front of a value: "--config=" */
        const char *what;   /* as --help has it, up to a blank or the end */
        const Verb *verb;   /* that the words name, or NULL */
        const char *first;  /* argument of the verb, before `word`, or NULL */
        const char *config; /* --config and --root among the words, or NULL */
        const char *root;
} Completion;

/* Looks at `n` words, at least one: those that follow the program's name up to the one in question,
 * which may be empty. */
Completion completion_of(const char *const *words, size_t n);

/* True when `what` of a completion names `kind` among others. */
bool completion_wants(const Completion *completion, const char *kind);

/* The words that `what` of a completion itself tells of, "off|node": the next one in `*at`, which
 * starts as NULL. Returns its length; 0: there are no more. */
size_t completion_next_word(const Completion *completion, const char **at);

/* True when that option may follow: the verb takes it, and it is not there yet. */
bool completion_takes(
        const Completion *completion, const OptionRow *row, const char *const *words, size_t n);
