/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The tree that is read: this machine's "/", or another machine's below --root=DIR. Every path of
 * host/ is relative to it, so that nothing of the running host can leak into another's plan.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

typedef struct Root {
        int fd;           /* O_PATH of the directory */
        const char *path; /* "/" or DIR, for messages and for libraries that want a path */
        bool real;        /* this machine: may be changed */
        const char *release; /* --kernel=RELEASE, or NULL: the tree says */
} Root;

#define ROOT_NULL ((Root){.fd = -EBADF})

/* Opens the tree at `dir`; NULL is this machine. `dir` and `release` must outlive it. Returns 0 or a
 * negative errno. */
int root_open(const char *dir, const char *release, Root *ret) _must_check_;
void root_done(Root *root);

/*
 * Reads a small file (at most `max` bytes), adds a NUL, strips one trailing newline. Returns 0 and
 * `*ret` to be freed, -EFBIG when it is larger, or another negative errno.
 */
int root_read(const Root *root, const char *path, size_t max, char **ret) _must_check_;

/* True when `path` exists; errors count as no. */
bool root_exists(const Root *root, const char *path);

/* The last component of a symbolic link's target, to be freed. Returns 0 or a negative errno. */
int root_link_name(const Root *root, const char *path, char **ret) _must_check_;
