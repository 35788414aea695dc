/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The GPUs of a host, whoever has them: what `list` shows. Pure. */

#include "policy/plan.h"

typedef struct Gpu {
        const Function *display;
        const Function **functions; /* of the slot, VFs left out, by address */
        size_t n_functions;
        const Function **shares_with; /* others of its IOMMU groups, bridges left out */
        size_t n_shares_with;
        bool boot_display;
        const char *path;  /* as the config takes it, or NULL: not known */
        const char *slot;  /* physical, or NULL: not known */
        const char *entry; /* the name of the entry that picks it, or NULL */
} Gpu;

typedef struct GpuList {
        Gpu *items;
        size_t n_items;
} GpuList;

/* `plan` may be NULL: no config, no entries. Returns 0 or -ENOMEM; all lives in `arena`. */
int list_build(const Host *host, const Plan *plan, Arena *arena, GpuList *ret) _must_check_;
