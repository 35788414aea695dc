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
 * The same in steps, for what is not one text. Nobody can foresee, open or hold back what is being
 * written, any number may write the same file at once, and whoever is killed leaves nothing: but
 * `.NAME.0123456789abcdef`, between two system calls, and where files cannot be without a name.
 */
typedef struct FileDraft {
        int folder; /* of the caller */
        int fd;     /* write to it */
        char *name; /* that it has in the folder; NULL: none */
} FileDraft;

#define FILE_DRAFT_NULL ((FileDraft){.folder = -EBADF, .fd = -EBADF})

/* Begins a file that is to be called `name`. Returns 0 or a negative errno. */
int file_draft_begin(int folder, const char *name, mode_t mode, FileDraft *ret) _must_check_;

/* Gives it its name. Returns 0; -EEXIST where there is anything of that name and `replace` is not
 * set; or another negative errno. */
int file_draft_commit(FileDraft *draft, const char *name, bool replace) _must_check_;

/* In every case: without file_draft_commit() nothing is left. */
void file_draft_done(FileDraft *draft);

/* Writes to `buffer` a path by which what is open as `fd` is reached by whoever wants a path, and
 * returns it. */
#define FILE_FD_PATH_SIZE sizeof("/proc/self/fd/-2147483648")
const char *file_fd_path(int fd, char buffer[static FILE_FD_PATH_SIZE]);

/*
 * Opens the folder `path` below `dir_fd`, and makes it first where there is none: readable for all,
 * writable for its owner, whatever the umask. Only one in which nobody but this user can put
 * anything is opened. Returns a descriptor; -ENOTDIR for a link or a file, -EPERM for a folder of
 * somebody else or with a mode that lets others write, or another negative errno.
 */
int file_open_own_folder(int dir_fd, const char *path) _must_check_;
