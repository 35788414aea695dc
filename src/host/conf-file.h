/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Opening a config file as root must: no symlink, no FIFO, not somebody else's, not too large. */

#include <stdbool.h>
#include <stddef.h>

#include "host/root.h"

#define CONF_FILE_MAX ((size_t)256 * 1024)

/*
 * Reads the config at `path`, below `root`, or where that is NULL from the folder of the caller,
 * into `*ret`, `*ret_size` bytes and a NUL. The file must be a regular file of at most
 * CONF_FILE_MAX bytes, not writable by group or others, and owned by root, or by the caller where
 * `allow_own`. Never blocks, follows no link at the last component. Returns 0; or a negative errno
 * (-ENOENT, -ELOOP a link, -EISDIR, -EINVAL not a regular file, -EPERM wrong owner or mode, -EFBIG,
 * -EAGAIN it changed, ...) with the reason and the remedy as a sentence in `*reterr_reason` (to be
 * freed; without the file's name).
 */
int conf_file_read(const Root *root, const char *path, bool allow_own, char **ret, size_t *ret_size,
        char **reterr_reason) _must_check_;
