/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Files in folders that others may read. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

/* Reads until the end or until `size` bytes are there; /proc hands out files in pieces. Returns how
 * many there are, or a negative errno. */
ssize_t file_read_up_to(int fd, char *buffer, size_t size) _must_check_;

/* Writes all of it. Returns 0 or a negative errno. */
int file_write(int fd, const char *data, size_t size) _must_check_;

/*
 * Replaces the file `name` in the folder `dir_fd` by `text`, whole or not at all: readers see the
 * old or the new one, and whatever stood there (a link, say) is replaced, never followed. Returns 0
 * or a negative errno.
 */
int file_replace_at(int dir_fd, const char *name, const char *text, mode_t mode) _must_check_;

/* Makes the file `name` in the folder `dir_fd`, whole or not at all. Returns 0; -EEXIST when there
 * is anything of that name, be it a link, which stays as it is; or another negative errno. */
int file_create_at(int dir_fd, const char *name, const char *text, mode_t mode) _must_check_;

/*
 * The same in steps, for what is not one text: makes a new, empty file beside `name` and returns a
 * descriptor for it, or a negative errno; `*ret_temporary` is its name, to be freed. Then either
 * file_commit_at(), which gives it its name or removes it, or whoever gives up removes it.
 */
int file_begin_at(int dir_fd, const char *name, mode_t mode, char **ret_temporary) _must_check_;
int file_commit_at(
        int dir_fd, int fd, const char *temporary, const char *name, bool replace) _must_check_;

/*
 * Opens the folder `path` below `dir_fd`, and makes it first where there is none: readable for all,
 * writable for its owner, whatever the umask. Only one in which nobody but this user can put
 * anything is opened. Returns a descriptor; -ENOTDIR for a link or a file, -EPERM for a folder of
 * somebody else or with a mode that lets others write, or another negative errno.
 */
int file_open_own_folder(int dir_fd, const char *path) _must_check_;
