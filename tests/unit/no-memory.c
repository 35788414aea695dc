/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/no-memory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static size_t fail_at; /* 0: none; counts down */
static bool has_failed;

static bool fails(void)
{
        if (fail_at == 0 || --fail_at > 0)
                return false;
        has_failed = true;
        errno = ENOMEM;
        return true;
}

/* The Makefile has the linker lead our calls of calloc() and so on here (ld's --wrap). */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
int __real_vasprintf(char **ret, const char *format, va_list args);
int __wrap_vasprintf(char **ret, const char *format, va_list args);

void *__wrap_calloc(size_t n, size_t size)
{
        return fails() ? NULL : __real_calloc(n, size);
}

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
        return fails() ? -1 : __real_vasprintf(ret, format, args);
}

size_t no_memory(NoMemoryCall call, const void *context)
{
        size_t n = 0;

        for (;;) {
                _cleanup_(arena_freep) Arena *arena = arena_new();

                cr_assert_not_null(arena);
                has_failed = false;
                fail_at = n + 1;
                int r = call(context, arena);
                fail_at = 0;
                if (!has_failed)
                        return n;
                n++;
                cr_expect_eq(r, -ENOMEM, "allocation %zu fails, and it returns %d", n, r);
        }
}

static int build(const void *context, _unused_ Arena *arena)
{
        const Scene *scene = context;
        Plan *plan = NULL;
        int r = plan_build(scene->config, &scene->words, scene->host, NULL, &plan);

        cr_expect_eq(plan != NULL, r == 0);
        plan_freep(&plan);
        return r;
}

size_t no_memory_plan(const Scene *scene)
{
        return no_memory(build, scene);
}
