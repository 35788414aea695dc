/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Memory that is freed all at once: a Config, a Host and a Plan own everything in them this way. */

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

typedef struct Arena Arena;

/* Returns a new, empty arena or NULL when memory is out. Free it with arena_free(). */
Arena *arena_new(void);

/* Frees the arena and all that was allocated from it. NULL is allowed. */
void arena_free(Arena *arena);
DEFINE_CLEANUP(Arena *, arena_free);

/*
 * All of these return memory that lives as long as the arena, or NULL when memory is out. A failure
 * is remembered: a builder may go on and ask once, at its end, with arena_failed().
 */
void *arena_alloc(Arena *arena, size_t size);           /* zeroed */
void *arena_array(Arena *arena, size_t n, size_t size); /* zeroed, overflow-checked */
char *arena_strdup(Arena *arena, const char *text);
char *arena_strndup(Arena *arena, const char *text, size_t n);
char *arena_printf(Arena *arena, const char *format, ...) _printf_(2, 3);

/*
 * Room for one more item in an array of `*n` items of `size` bytes at `items`, which may move.
 * Returns the address of the new, zeroed item and counts it, or NULL when memory is out.
 * Typed by the macro: `Step *s = arena_push(arena, &plan->steps, &plan->n_steps);`
 */
void *arena_push_size(Arena *arena, void **items, size_t *n, size_t size);
#define arena_push(arena, items, n)                                                                \
        ((__typeof__(*(items)))arena_push_size(arena, (void **)(items), n, sizeof(**(items))))

/* True once any allocation from this arena, or one that its owner made beside it, has failed. */
bool arena_failed(const Arena *arena);
void arena_fail(Arena *arena);
