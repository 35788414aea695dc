/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the program can be told to do. */

#include "report/report.h"
#include "verbs/options.h"

typedef struct Verb {
        const char *name;
        const char *help;      /* NULL: not for people */
        const char *arguments; /* that it takes, for --help; NULL: none */
        bool changes;          /* the machine; then it wants root rights and refuses --root */
        ExitStatus (*run)(const Options *options);
} Verb;

/* Ends with an item whose name is NULL. */
extern const Verb verbs[];

/* Runs the verb that the options name. */
ExitStatus verbs_run(const Options *options);

ExitStatus verb_list(const Options *options);
ExitStatus verb_check(const Options *options);
ExitStatus verb_plan(const Options *options);
ExitStatus verb_apply(const Options *options);
ExitStatus verb_release(const Options *options);
ExitStatus verb_status(const Options *options);
ExitStatus verb_capture(const Options *options);
ExitStatus verb_init(const Options *options);
ExitStatus verb_export(const Options *options);
ExitStatus verb_report(const Options *options);
ExitStatus verb_complete(const Options *options);

/* The formats of export, by their number; NULL: there are no more. */
const char *verb_export_format(size_t i);

/* True when that one takes names of entries, or addresses; false also when there is none of it. */
bool verb_export_takes_names(const char *format);
