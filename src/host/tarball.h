/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Archives: tar, packed with zstd or gzip. The one place that knows libarchive, which is loaded
 * when one is read or written. */

#include <stddef.h>
#include <sys/types.h>

#include "base/macro.h"

typedef enum TarballType {
        TARBALL_FILE,
        TARBALL_LINK,
        TARBALL_FOLDER,
        TARBALL_OTHER, /* a device, say: it can be read, and not written */
} TarballType;

typedef struct TarballMember {
        const char *path;
        TarballType type;
        mode_t mode;
        const char *target; /* of a link */
        const void *data;   /* of a file */
        size_t size;
} TarballMember;

typedef struct TarballWriter TarballWriter;

/*
 * Begins an archive in `fd`, which must stay open; zstd, or gzip where libarchive has no zstd.
 * Returns 0 or a negative errno, with words for people in `*reterr_trouble`, which live as long as
 * the program. -ENOPKG: there is no libarchive.
 */
int tarball_writer_new(int fd, TarballWriter **ret, const char **reterr_trouble) _must_check_;
int tarball_writer_add(TarballWriter *writer, const TarballMember *member) _must_check_;
/* Writes what is left. */
int tarball_writer_finish(TarballWriter *writer) _must_check_;
void tarball_writer_free(TarballWriter *writer);
DEFINE_CLEANUP(TarballWriter *, tarball_writer_free);

/* Takes a member; what it returns below 0 ends the reading. */
typedef int (*TarballSink)(const TarballMember *member, void *context);

/*
 * Reads the archive in `fd`, and hands its members to `sink` one by one. A file of more than
 * `file_max` bytes has no data, and its size is `file_max` + 1. Returns 0, what `sink` returned, or
 * -EBADMSG: it is no archive, or damaged; -ENOPKG: no libarchive; with a sentence in
 * `*reterr_trouble`, to be freed, but for what `sink` returned.
 */
int tarball_read(int fd, size_t file_max, TarballSink sink, void *context,
        char **reterr_trouble) _must_check_;
