/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* libarchive, loaded where an archive is read or written. */

#include <archive.h>
#include <archive_entry.h>

#include "base/macro.h"

/* clang-format off */
#define TARBALL_LIBRARY_SYMBOLS(x) \
        x(archive_error_string) \
        x(archive_errno) \
        x(archive_read_new) \
        x(archive_read_support_filter_gzip) \
        x(archive_read_support_filter_zstd) \
        x(archive_read_support_format_tar) \
        x(archive_read_open_fd) \
        x(archive_read_next_header) \
        x(archive_read_data) \
        x(archive_read_free) \
        x(archive_write_new) \
        x(archive_write_add_filter_gzip) \
        x(archive_write_add_filter_zstd) \
        x(archive_write_set_filter_option) \
        x(archive_write_set_format_gnutar) \
        x(archive_write_open_fd) \
        x(archive_write_header) \
        x(archive_write_data) \
        x(archive_write_close) \
        x(archive_write_free) \
        x(archive_entry_new) \
        x(archive_entry_free) \
        x(archive_entry_pathname) \
        x(archive_entry_symlink) \
        x(archive_entry_hardlink) \
        x(archive_entry_filetype) \
        x(archive_entry_perm) \
        x(archive_entry_set_pathname) \
        x(archive_entry_set_symlink) \
        x(archive_entry_set_filetype) \
        x(archive_entry_set_perm) \
        x(archive_entry_set_size) \
        x(archive_entry_set_mtime)
/* clang-format on */

/* Its functions, under their own names. */
typedef struct TarballLibrary {
#define TARBALL_LIBRARY_MEMBER(symbol) __typeof__(symbol) *symbol;
        TARBALL_LIBRARY_SYMBOLS(TARBALL_LIBRARY_MEMBER)
#undef TARBALL_LIBRARY_MEMBER
} TarballLibrary;

/* Returns 0 or an errno of library_load(). */
int tarball_library_load(TarballLibrary *ret) _must_check_;
