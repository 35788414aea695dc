/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/no-memory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
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

/* The Makefile has the linker lead our calls of these here (ld's --wrap). */
#define WRAP(type, failure, name, parameters, ...)                                                 \
        type __real_##name parameters;                                                             \
        type __wrap_##name parameters;                                                             \
        type __wrap_##name parameters                                                              \
        {                                                                                          \
                return fails() ? (failure) : __real_##name(__VA_ARGS__);                           \
        }

WRAP(void *, NULL, malloc, (size_t size), size)
WRAP(void *, NULL, calloc, (size_t n, size_t size), n, size)
WRAP(char *, NULL, strdup, (const char *text), text)
WRAP(int, -1, vasprintf, (char **ret, const char *format, va_list args), ret, format, args)
WRAP(struct json_object *, NULL, json_object_new_object, (void))
WRAP(struct json_object *, NULL, json_object_new_array, (void))
WRAP(struct json_object *, NULL, json_object_new_string, (const char *text), text)
WRAP(struct json_object *, NULL, json_object_new_int, (int32_t number), number)
WRAP(struct json_object *, NULL, json_object_new_boolean, (json_bool value), value)
WRAP(int, -1, json_object_array_add, (struct json_object * array, struct json_object *value), array,
        value)
WRAP(int, -1, json_object_object_add,
        (struct json_object * object, const char *key, struct json_object *value), object, key,
        value)

int __wrap_asprintf(char **ret, const char *format, ...) _printf_(2, 3);
int __wrap_asprintf(char **ret, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        int n = __wrap_vasprintf(ret, format, args);
        va_end(args);
        return n;
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
