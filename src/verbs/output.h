/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A file that the user names, and a verb writes: whole or not at all, and over another one with
 * --force alone. */

#include "base/file.h"
#include "verbs/session.h"

typedef struct Output {
        int folder;
        const char *path;
        const char *name;
        FileDraft draft; /* write to its descriptor */
} Output;

#define OUTPUT_NULL ((Output){.folder = -EBADF, .draft = FILE_DRAFT_NULL})

/* Failures are said. output_done() in every case: without output_commit() nothing is left. */
ExitStatus output_begin(Session *session, const char *path, mode_t mode, Output *ret) _must_check_;
ExitStatus output_commit(Session *session, Output *output) _must_check_;
void output_done(Output *output);

/* Says why `path` cannot be written. */
ExitStatus output_fail(Session *session, const char *path, int error);
