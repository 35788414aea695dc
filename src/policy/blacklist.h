/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What modprobe.d must say: which modules to keep away, and how vfio-pci is loaded. Pure. */

#include "policy/claim.h"

/*
 * The names, sorted, of the modules to keep away. Under "auto": those whose aliases match a display
 * function or an NVSwitch of a claim that is kept, and the known ones of a display's vendor, less
 * all that a function which nobody claims needs. Returns 0 or -ENOMEM.
 */
int blacklist_build(const Config *config, const Host *host, const Claims *claims, Arena *arena,
        const char ***ret, size_t *ret_n) _must_check_;

/*
 * The options that vfio-pci is loaded with: always `ids=`, which names the models that the config
 * takes whole (`count = "all"` without a place or serial number, every such function here kept, and
 * for vfio-pci itself) and is otherwise empty, so that no leftover of an older recipe adds one;
 * then what the config sets.
 */
const char *blacklist_vfio_options(
        const Config *config, const Host *host, const Claims *claims, Arena *arena);

/* The text of /run/modprobe.d/vfio-gpu.conf. */
const char *blacklist_file(
        const char *const *modules, size_t n_modules, const char *options, Arena *arena);
