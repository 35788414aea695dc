/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A machine in a file: what a scan of it looked at (trace.h), as a small archive that --root reads
 * again. The first member tells of the rest.
 */

#include <stdint.h>

#include "host/root.h"
#include "host/trace.h"

#define CAPTURE_FORMAT 1
#define CAPTURE_HEADER "vfio-gpu-capture"

/* What one file, all of them together, and their number may be. */
typedef struct CaptureLimits {
        size_t file_max;
        uint64_t total_max;
        size_t members_max;
} CaptureLimits;

/* More than any machine needs, and less than fills a disk or a memory. */
extern const CaptureLimits capture_limits;

/* What may be shown of a file. */
typedef struct CaptureView {
        const char *data;
        size_t size;
        const char *left_out; /* why nothing of it may be, or NULL */
} CaptureView;

/* Takes out of the view what is not for others; what it holds then lives as long as the arena,
 * which remembers when memory is out. */
typedef void (*CaptureFilter)(void *context, const char *path, CaptureView *view);

/* A file that was not looked at, or not as a file. */
typedef struct CaptureExtra {
        const char *path; /* below the root, in a folder that was looked at */
        const void *data;
        size_t size;
} CaptureExtra;

typedef struct CaptureInput {
        const Root *root;
        const Trace *trace;         /* that has ended */
        const CaptureExtra *extras; /* take the place of what has the same path */
        size_t n_extras;
        CaptureFilter filter; /* NULL: all goes in as it is */
        void *context;
        Arena *arena; /* of what is told */
} CaptureInput;

typedef struct CaptureResult {
        size_t n_members;
        const char **left_out; /* "PATH: why" */
        size_t n_left_out;
} CaptureResult;

/* Writes the archive to `fd`. Returns 0, or a negative errno with words for people in
 * `*reterr_trouble`, which live as long as the arena. */
int capture_write(const CaptureInput *input, int fd, CaptureResult *ret,
        const char **reterr_trouble) _must_check_;

/*
 * Opens the machine in `file`; `file` and `release` must outlive it. It is unpacked into a folder
 * that is gone after root_done(), and not further than `limits`. Returns 0 or a negative errno,
 * with a sentence in `*reterr_trouble`, to be freed.
 */
int capture_open(const char *file, const char *release, const CaptureLimits *limits, Root *ret,
        char **reterr_trouble) _must_check_;
