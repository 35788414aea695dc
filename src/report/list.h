/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The GPUs of a host, whoever has them: what `list` shows. Pure. */

#include "policy/plan.h"

typedef struct Gpu {
        const Function *display;
        const Function **functions; /* of the slot, VFs left out, by address */
        size_t n_functions;
        const Function **shares_with; /* others in the IOMMU groups of what goes with it, bridges
                                         left out */
        size_t n_shares_with;
        bool boot_display;
        const char *path;     /* as the config takes it, or NULL: not known */
        const char *slot;     /* physical, or NULL: not known */
        const char *entry;    /* the name of the entry that picks it, or NULL */
        const Claim *claim;   /* of that entry, or NULL */
        const Claims *claims; /* of all entries, or NULL */
} Gpu;

/* What becomes of a function when the GPU goes to a virtual machine. */
typedef enum Fate {
        FATE_GOES,  /* with it */
        FATE_OTHER, /* of its IOMMU group: goes by another entry */
        FATE_STAYS, /* with the host */
        FATE_TIED,  /* of its IOMMU group: would have to go, too */
        FATE_BARS,  /* of its IOMMU group, and never handed over: the GPU cannot go */
} Fate;

typedef struct GpuList {
        Gpu *items;
        size_t n_items;
        const char *no_iommu; /* what to do about GPUs that are in no IOMMU group; NULL: there are
                                 none */
} GpuList;

/* `plan` may be NULL: no config, no entries. Returns 0 or -ENOMEM; all lives in `arena`. */
int list_build(const Host *host, const Plan *plan, Arena *arena, GpuList *ret) _must_check_;

/* Of one of `functions` or `shares_with`; `*ret` is the claim that FATE_OTHER tells of. */
Fate list_fate(const Gpu *gpu, const Function *f, const Claim **ret);

/* What to do about what is in its IOMMU group and does not go with it; NULL: there is nothing. */
const char *list_advice(const Gpu *gpu, Arena *arena);
