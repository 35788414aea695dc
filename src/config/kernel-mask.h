/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A kernel command line that may be shown to others. */

#include "base/arena.h"

/*
 * Returns `cmdline` with `--` in place of the value of each word, but those that bear on GPUs, on
 * the IOMMU, on drivers, on the console and on passphrases: the others name disks, hosts and
 * networks, or hold secrets; and without what is for init. In `arena`; NULL when memory is out.
 */
const char *kernel_mask(const char *cmdline, Arena *arena);

/* The same for a file that a command line stands in, in whatever syntax: its lines stay what they
 * are, and quotes, brackets and commas stand between words. */
const char *kernel_mask_file(const char *text, Arena *arena);
