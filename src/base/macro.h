/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Compiler attributes, scope-bound cleanup and the few helpers that every file may use. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _must_check_   __attribute__((warn_unused_result))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_       __attribute__((unused))

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))

/* Hands the pointer to a new owner and forgets it here. */
#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                __typeof__(p) taken_ = (p);                                                        \
                (p) = NULL;                                                                        \
                taken_;                                                                            \
        })

/* Hands the descriptor to a new owner and forgets it here. */
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int taken_ = (fd);                                                                 \
                (fd) = -EBADF;                                                                     \
                taken_;                                                                            \
        })

/* Makes `func##p`, a cleanup function for variables of `type` that calls `func` unless NULL. */
#define DEFINE_CLEANUP(type, func)                                                                 \
        static inline void func##p(type *p)                                                        \
        {                                                                                          \
                if (*p)                                                                            \
                        func(*p);                                                                  \
        }                                                                                          \
        struct use_semicolon_

static inline void freep(void *p)
{
        free(*(void **)p);
}

static inline void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

static inline void fclosep(FILE **f)
{
        if (*f)
                fclose(*f);
}

/* What vasprintf(3) makes, to be freed, or NULL when memory is out. */
static inline char *_printf_(1, 0) vformat(const char *format, va_list args)
{
        char *text = NULL;

        return vasprintf(&text, format, args) < 0 ? NULL : text;
}

#define _cleanup_free_   _cleanup_(freep)
#define _cleanup_close_  _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)
