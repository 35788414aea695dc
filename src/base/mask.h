/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Text without what tells one machine or person from another. */

#include "base/arena.h"

/*
 * The identifiers that were met so far: each gets a number, so that what was the same stays the
 * same, in one text and across several, however it is written. Start with MASK_IN(arena), which
 * owns all that is made.
 */
typedef struct Mask {
        Arena *arena;
        const char **seen;
        size_t n_seen;
} Mask;

#define MASK_IN(a) ((Mask){.arena = (a)})

/*
 * Returns `text` with a number, written with zeros in the same form, in place of each UUID, MAC
 * address, and identifier of 16 or 32 hexadecimal digits (serial numbers, machine ids), and with
 * dashes in place of what names a disk behind `by-id/`, `by-label/`, `by-partlabel/`, `LABEL=`,
 * `PARTLABEL=`. NULL when memory is out.
 */
const char *mask_identifiers(Mask *mask, const char *text);
