/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What standard output is to a reader: a terminal, how wide, with colours or without. */

#include <stdbool.h>

#include "report/table.h"

typedef struct Screen {
        bool terminal;
        Look look; /* where it is one; its library is to be loaded */
        TableLibrary library;
} Screen;

/* Looks at standard output and the environment: COLUMNS, NO_COLOR, TERM. Where it is a terminal,
 * letters are from here on those of the user's locale. */
void screen_open(Screen *ret);

/* How a table looks there, or NULL: it is no terminal, or libsmartcols is not here, which is said
 * on stderr with `say_so`. The result lives as long as the screen. */
const Look *screen_look(Screen *screen, bool say_so);
