/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Foreigners in the IOMMU group of a claim: what `allow_group_members` lets an entry take with it,
 * and what to advise where it does not. Pure.
 */

#include "base/text.h"
#include "policy/claim.h"

/* A bridge that may stay with the host, whoever gets the rest of its group. */
bool members_is_quiet_bridge(const Function *f);

/* Why nobody may have `f`, listed or not; NULL when there is no such reason. */
const char *members_never(const Function *f);

/* The entry lists `f`, or its slot. */
bool members_allow(const Entry *entry, const Function *f);

/*
 * Adds to each claim what its entry lists, where it is in the group of a function of the claim and
 * nobody else's: the first of two claims that list it gets it. Never storage, network, bridges, or
 * what could not be read. Returns 0 or -ENOMEM.
 */
int members_add(const Host *host, Arena *arena, Claims *claims) _must_check_;

/* Adds a warning for each place that an entry lists in vain. */
void members_warn(const Host *host, Arena *arena, const Claims *claims, const char ***warnings,
        size_t *n_warnings);

/* What to do about foreigners: each is looked at by members_advise(), then the sentence is made. */
typedef struct Advice {
        Text items;         /* those that could be listed */
        const char *never;  /* why one of them could not */
        const Claim *other; /* another claim that holds one of them, and is not accepted */
} Advice;

void members_advise(Advice *advice, const Claims *claims, const Function *f);

/* Its cause is why the foreigners cannot be taken along as they are, or NULL. */
Finding members_advice(const Advice *advice, Arena *arena);
