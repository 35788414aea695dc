/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Whether an index of depmod is whole. libkmod believes each offset in it: one that was cut off, or
 * comes from somebody else's machine, would send it in circles (libkmod/libkmod-index.c,
 * tools/depmod.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when libkmod can read these `size` bytes to their end. */
bool module_index_is_whole(const uint8_t *bytes, size_t size);

/* The name of an index in `directory` that is not, or NULL. One that is not there is no harm. */
const char *module_index_find_broken(int directory);
