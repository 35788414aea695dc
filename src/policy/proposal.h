/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Entries for a host that has none yet: each of its GPUs, and those that are asked for. Pure. */

#include "policy/claim.h"

typedef struct Proposal {
        const Claim *claim;       /* as the entry alone would make it */
        const char *name;         /* for `name`, unlike all others */
        bool asked;               /* to be handed over; the others stay with the host */
        bool boot_display;        /* nothing but `allow_boot_display` would give it away */
        const Function **members; /* of its IOMMU group, and no part of a card that is asked for: */
        size_t n_members;         /* these can go along, */
        const Function **never;   /* and these cannot: neither can the GPU, then */
        size_t n_never;
} Proposal;

typedef struct Proposals {
        Proposal *items; /* by address */
        size_t n_items;
        size_t n_asked; /* how many of them are asked for */
} Proposals;

/*
 * Proposes an entry for each GPU of `host`, NVSwitches among them; `addresses` are those that are
 * asked for, in words of the user. Returns 0 or -ENOMEM; -EINVAL when one of them is no GPU's, with
 * `*reterr_trouble`: what is there, and which GPUs there are. All lives in `arena`.
 */
int proposals_build(const Host *host, const char *const *addresses, size_t n_addresses,
        Arena *arena, Proposals *ret, const char **reterr_trouble) _must_check_;
