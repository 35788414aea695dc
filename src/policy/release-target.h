/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which GPUs are to be given back. Pure. */

#include "policy/claim.h"

/*
 * The GPUs that `names` mean: names of entries, or addresses of any GPU of this host; none at all:
 * those of all entries. One claim for each, once, with the functions that are the entry's and those
 * that are on a VFIO driver; what is no GPU is refused. They live in `arena` and point into
 * `config` and `host`. Returns 0; -ENOENT when a name is neither, with a sentence about it in
 * `*reterr_unknown`; or -ENOMEM.
 */
int release_target_select(const Config *config, const Host *host, const char *const *names,
        size_t n_names, Arena *arena, Claims *ret, const char **reterr_unknown) _must_check_;
