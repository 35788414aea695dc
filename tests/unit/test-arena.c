/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

/* Under the address sanitizer too, an allocation that is too large is NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
        return "allocator_may_return_null=1";
}

typedef struct Item {
        size_t number;
        const char *text;
} Item;

Test(arena, memory_is_zeroed_and_aligned)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t size = 0; size < 100; size++) {
                unsigned char *memory = arena_alloc(arena, size);
                cr_assert_not_null(memory);
                cr_expect_eq((uintptr_t)memory % _Alignof(max_align_t), 0);
                for (size_t i = 0; i < size; i++)
                        cr_expect_eq(memory[i], 0);
                memset(memory, 0xff, size);
        }
        cr_expect_not(arena_failed(arena));
}

Test(arena, strings)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        static const char text[] = {'a', 'b', 'c'}; /* no NUL behind it */
        char *copy = arena_strdup(arena, "hello");

        cr_expect_str_eq(copy, "hello");
        copy[0] = 'j';
        cr_expect_str_eq(arena_strdup(arena, ""), "");
        cr_expect_str_eq(arena_strndup(arena, text, 3), "abc");
        cr_expect_str_eq(arena_strndup(arena, "hello", 2), "he");
        cr_expect_str_eq(arena_strndup(arena, "hello", 100), "hello");
        cr_expect_str_eq(arena_strndup(arena, "hello", 0), "");
        cr_expect_str_eq(arena_printf(arena, "%s %d", "gpu", 7), "gpu 7");
        cr_expect_eq(strlen(arena_printf(arena, "%5000d", 1)), 5000);
        cr_expect_str_eq(copy, "jello");
}

/* All items stay what they are over every power of two, where the array moves. */
Test(arena, push_grows)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Item *items = NULL;
        size_t n_items = 0;

        for (size_t n = 0; n < 5000; n++) {
                Item *item = arena_push(arena, &items, &n_items);
                cr_assert_not_null(item);
                cr_assert_eq(n_items, n + 1);
                cr_assert_eq(item, &items[n]);
                cr_assert(item->number == 0 && item->text == NULL, "item %zu is not zeroed", n);
                *item = (Item){n, "x"};
        }
        for (size_t n = 0; n < n_items; n++)
                cr_assert(items[n].number == n && strcmp(items[n].text, "x") == 0);
}

Test(arena, too_much_is_remembered)
{
        static const struct {
                size_t n, size;
        } rows[] = {
                {SIZE_MAX, 2},
                {2, SIZE_MAX},
                {SIZE_MAX / 2 + 1, 2},
                {SIZE_MAX, 1},
                {SIZE_MAX - 8, 1},
                {PTRDIFF_MAX, 1},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                cr_expect_null(arena_array(arena, rows[i].n, rows[i].size), "row %zu", i);
                cr_expect(arena_failed(arena), "row %zu", i);
                cr_expect_not_null(arena_alloc(arena, 1), "row %zu", i);
                cr_expect(arena_failed(arena), "row %zu: forgotten", i);
        }
}

Test(arena, a_failed_push_counts_nothing)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        void *items = NULL;
        size_t n = 0;

        cr_expect_null(arena_push_size(arena, &items, &n, SIZE_MAX / 4));
        cr_expect_eq(n, 0);
        cr_expect_null(items);
        cr_expect(arena_failed(arena));
}

Test(arena, nothing_to_free)
{
        arena_free(NULL);
        arena_free(arena_new());
}
