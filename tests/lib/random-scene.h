/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Machines and configs out of bytes, whatever the bytes: the fuzzer finds those that matter, and a
 * generator of random numbers finds many. Each byte decides one thing, so that a shorter text of
 * bytes is a smaller machine; what lies behind their end is zero, the plainest choice.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct RandomScene {
        const char *machine; /* as scene_set() takes them */
        const char *config;
        const char *cmdline;
} RandomScene;

/* Strings live in `arena`. */
RandomScene random_scene(const uint8_t *bytes, size_t size, Arena *arena);
