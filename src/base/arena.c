/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

typedef struct Block {
        struct Block *next;
        max_align_t data[];
} Block;

struct Arena {
        Block *blocks;
        bool failed;
};

Arena *arena_new(void)
{
        return calloc(1, sizeof(Arena));
}

void arena_free(Arena *arena)
{
        if (!arena)
                return;
        for (Block *block = arena->blocks; block;) {
                Block *next = block->next;
                free(block);
                block = next;
        }
        free(arena);
}

void *arena_alloc(Arena *arena, size_t size)
{
        Block *block = size <= SIZE_MAX - sizeof(Block) ? calloc(1, sizeof(Block) + size) : NULL;

        if (!block) {
                arena->failed = true;
                return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
        return block->data;
}

void *arena_array(Arena *arena, size_t n, size_t size)
{
        size_t total = 0;

        if (__builtin_mul_overflow(n, size, &total)) {
                arena->failed = true;
                return NULL;
        }
        return arena_alloc(arena, total);
}

char *arena_strndup(Arena *arena, const char *text, size_t n)
{
        size_t length = strnlen(text, n);
        char *copy = arena_alloc(arena, length + 1);

        if (copy)
                memcpy(copy, text, length);
        return copy;
}

char *arena_strdup(Arena *arena, const char *text)
{
        return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(Arena *arena, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        _cleanup_free_ char *text = vformat(format, args);
        va_end(args);
        if (text)
                return arena_strdup(arena, text);
        arena->failed = true;
        return NULL;
}

/* The capacity is not stored: it is the smallest power of two, from 8 up, that holds `*n` items. */
void *arena_push_size(Arena *arena, void **items, size_t *n, size_t size)
{
        bool full = *n == 0 || (*n >= 8 && (*n & (*n - 1)) == 0);

        if (full) {
                void *grown = arena_array(arena, *n ? *n * 2 : 8, size);

                if (!grown)
                        return NULL;
                if (*n)
                        memcpy(grown, *items, *n * size);
                *items = grown;
        }
        return (char *)*items + (*n)++ * size;
}

bool arena_failed(const Arena *arena)
{
        return arena->failed;
}

void arena_fail(Arena *arena)
{
        arena->failed = true;
}
