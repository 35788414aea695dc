/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Text of others, made safe to print: it must not reach a terminal or the journal as it is. */

#include <stddef.h>
#include <stdint.h>

#define QUOTE_SIZE 80u

/*
 * Writes `n` bytes of `text`, or all up to its NUL, to `buffer` and returns it: in quotes, all but
 * printable ASCII escaped, a long one cut short.
 */
const char *quote_n(const char *text, size_t n, char buffer[static QUOTE_SIZE]);
#define quote(text) quote_n(text, SIZE_MAX, (char[QUOTE_SIZE]){0})
