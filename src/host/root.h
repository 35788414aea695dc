/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The tree that is read: this machine's "/", or another machine's below --root=DIR. Every path of
 * host/ is relative to it, so that nothing of the running host can leak into another's plan. Who
 * reads the machine does it through here, so that trace.h sees it; lint checks that.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

typedef struct Root {
        int fd;                  /* O_PATH of the directory */
        const char *path;        /* "/" or DIR, for messages */
        bool real;               /* this machine: may be changed */
        const char *release;     /* --kernel=RELEASE, or NULL: the tree says */
        struct Scratch *scratch; /* where it was unpacked; goes with it; or NULL */
} Root;

#define ROOT_NULL ((Root){.fd = -EBADF})

/* Opens the tree at `dir`; NULL is this machine. `dir` and `release` must outlive it. Links in
 * another machine's tree are resolved inside of it. Returns 0 or a negative errno: -ENOSYS when the
 * running kernel cannot do that (openat2, Linux 5.6). */
int root_open(const char *dir, const char *release, Root *ret) _must_check_;
void root_done(Root *root);

/* Opens a file below the root with open(2)'s `flags`. Returns a descriptor or a negative errno. */
int root_open_file(const Root *root, const char *path, int flags) _must_check_;

/*
 * Reads a small file (at most `max` bytes), adds a NUL, strips one trailing newline. Never waits
 * for a FIFO. Returns 0 and `*ret` to be freed, -EFBIG when it is larger, -EBADMSG when it is no
 * text (NUL in it), or another negative errno.
 */
int root_read(const Root *root, const char *path, size_t max, char **ret) _must_check_;

/* True when `path` exists; errors count as no. */
bool root_exists(const Root *root, const char *path);

/* The target of a symbolic link, or the last component of it, to be freed. Returns 0 or a negative
 * errno: -EINVAL when it is no link. */
int root_link_target(const Root *root, const char *path, char **ret) _must_check_;
int root_link_name(const Root *root, const char *path, char **ret) _must_check_;

/* Opens a directory as O_PATH, for the functions below. Returns 0 or a negative errno. */
int root_open_directory(const Root *root, const char *path, int *ret_fd) _must_check_;

/* What is in a directory: for readdir(3), and closedir(3). NULL with errno set when it cannot be
 * read. */
DIR *root_list(const Root *root, const char *path);

static inline void closedirp(DIR **directory)
{
        if (*directory)
                closedir(*directory);
}
#define _cleanup_closedir_ _cleanup_(closedirp)

/* As those of root_*(), for the name of something directly in directory `fd`; if that is a link, it
 * is not followed. */
int directory_read(int fd, const char *name, size_t max, char **ret) _must_check_;
int directory_link_target(int fd, const char *name, char **ret) _must_check_;
int directory_link_name(int fd, const char *name, char **ret) _must_check_;
DIR *directory_list(int fd, const char *name);

/* Returns 0 when there is something of this name in directory `fd`, or a negative errno. */
int directory_has(int fd, const char *name) _must_check_;
