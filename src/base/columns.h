/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Text as wide as it is on a terminal, in the letters of LC_CTYPE. */

#include <stddef.h>

#include "base/arena.h"

/* How many columns it takes where what is no letter is shown as \xNN, a byte each. */
size_t columns_of(const char *text);

/* `text`, or where it is wider than that as much of it as fits, with an ellipsis at its end. It
 * lives in the arena where it is another; NULL: memory is out. */
const char *columns_cut(const char *text, size_t width, Arena *arena);
