/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The words of the kernel command line that this program obeys, and those of others that it must
 * know of. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

typedef struct KernelWords {
        bool off;          /* vfio_gpu=0: neither stage acts */
        bool off_initrd;   /* rd.vfio_gpu=0: the initrd does not act */
        const char **skip; /* vfio_gpu.skip=NAME[,NAME]: leave these entries alone */
        size_t n_skip;

        /* systemd-cryptsetup-generator(8), dracut.cmdline(7) */
        const char **luks; /* disks to be unlocked: UUIDs of (rd.)luks.uuid= and (rd.)luks.name= */
        size_t n_luks;
        bool luks_off; /* luks=0: none of them is */
        bool luks_key; /* by a key file, a TPM or a token: nobody is asked */

        bool serial_console; /* the last console= is no display: /dev/console */
} KernelWords;

/*
 * Reads the words out of a command line: quotes as in the kernel's own parser (lib/cmdline.c), `-`
 * in a key is `_` as there, and `no`, `off`, `false` (or n, f) are as good as 0. The last of
 * several settings of one word wins, names to skip add up. Strings live in `arena`. Returns 0 or
 * -ENOMEM.
 */
int kernel_words_parse(const char *cmdline, Arena *arena, KernelWords *ret) _must_check_;

/* True when `name` stands in vfio_gpu.skip=. */
bool kernel_words_skip(const KernelWords *words, const char *name);
