/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The lines of config files that others read. */

#include <stdbool.h>
#include <stddef.h>

#include "host/root.h"

/* A line without its newline, which may be changed in place, and where it stands: "/etc/x:3" of the
 * tree that is read. Neither outlives the call. */
typedef struct TextLine {
        const char *file; /* what cannot be printed in it is escaped */
        unsigned number;
        char *text;
} TextLine;

typedef void (*TextLineSink)(const TextLine *line, void *context);

/* Cuts a word off `*rest`, with the blanks around it; "" when there is none. */
char *text_lines_next_word(char **rest);

/*
 * Hands the lines of `path` to `sink`: not those of blanks alone or that begin with `#` or `;`, and
 * the blanks around each are cut off. `joined`: a `\` at the end of a line takes the next one
 * along. Returns 0, or the negative errno of a file that could not be read (or has more than 256
 * KiB).
 */
int text_lines_of_file(
        const Root *root, const char *path, bool joined, TextLineSink sink, void *context);

/*
 * The same for each file of the folders whose name ends in `suffix` and does not begin with a dot,
 * sorted by name; of equal names only that in the first folder counts, as systemd, kmod and udev
 * have it. What cannot be read is left out. At most 256 files.
 */
void text_lines_of_folders(const Root *root, const char *const *folders, size_t n_folders,
        const char *suffix, bool joined, TextLineSink sink, void *context);
