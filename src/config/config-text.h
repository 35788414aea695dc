/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a config must be as text before libconfig may see it. */

#include "config/config.h"

/* Far more than any config needs; libconfig's parser gives up at some thousand. */
#define CONFIG_NESTING_MAX 32

/* libconfig compares each key with all others of its group: 40 000 take it seconds. */
#define CONFIG_GROUP_MAX 32

/*
 * Looks for what libconfig would take silently, or take differently from version to version, or
 * choke on: bytes that are no text, @include, brackets and quotes that do not close, deep nesting,
 * odd numbers and commas. Each is added to `problems`, and overwritten in `text` (`size` bytes, the
 * last of them a newline, and a NUL) where libconfig can then go on and find the rest. A number
 * beyond 31 bits becomes an infinite one, for whoever reads it to refuse.
 * Returns true when libconfig may read the text now.
 */
bool config_text_check(char *text, size_t size, ConfigProblems *problems);
