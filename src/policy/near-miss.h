/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What there is instead of what an entry wants, in words. Pure. */

#include "config/config.h"
#include "host/host.h"

/* Why the entry picks no GPU: what is at the places that it names, which GPUs match all but one of
 * its selectors, or which there are at all. NULL when memory is out. */
const char *near_miss_none(const Host *host, const Entry *entry, Arena *arena);

/* Why the `n` GPUs that it picks are not as many as it wants: which they are, with what would tell
 * them apart; where they are too few, what all but matches as well. */
const char *near_miss_count(const Host *host, const Entry *entry, size_t n, Arena *arena);
