/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A GPU picked by an entry, and what stands against handing it over. */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/config.h"
#include "host/host.h"
#include "policy/reason.h"

/* What a rule found against a claim; all NULL: nothing. Clauses without a full stop. */
typedef struct Finding {
        const char *cause;
        const char *remedy; /* where it can be told better than by the reason alone, or NULL */
} Finding;

typedef struct Claim {
        const Host *host;
        const Entry *entry;
        bool skipped;            /* left alone, whoever wants it: by vfio_gpu.skip=, or */
        bool released;           /* because `release` gave it back, or is about to */
        const Function *display; /* the GPU's first display function, or the NVSwitch; NULL: there
                                    is no GPU */
        const Function **functions; /* what is claimed: of the card, then of its group */
        const char **drivers;       /* the VFIO driver that each of them is to get */
        size_t n_functions;
        Finding findings[_REASON_MAX]; /* for each reason that applies, its cause */
} Claim;

typedef struct Claims {
        Claim *items;
        size_t n_items;
} Claims;

/* Records that `reason` stands against the claim; the first finding for a reason stays. */
void claim_object(Claim *claim, Reason reason, Finding finding);

/* The same where there is no better remedy than the reason's own. */
void claim_refuse(Claim *claim, Reason reason, const char *cause);

/* "cause; remedy", or the one of them that there is. */
const char *claim_finding_text(Finding finding, Arena *arena);

/* The reason that weighs most, or REASON_NONE: the claim is accepted or skipped. */
Reason claim_reason(const Claim *claim);

/* Neither skipped nor refused. */
bool claim_is_accepted(const Claim *claim);

/* The host must not get it: accepted, or an earlier run got stuck in it and nothing else stands
 * against it. */
bool claim_is_kept(const Claim *claim);

/* Adds a function, and the driver that it is to get. Returns 0 or -ENOMEM. */
int claim_add_function(
        Claim *claim, Arena *arena, const Function *function, const char *driver) _must_check_;

/* On the wanted driver and known to VFIO: nothing is left to do. Of one binding; of those of a
 * claim's functions, in their order; of the claim as it was found. */
bool claim_binding_is_ready(const Binding *binding, const char *driver);
bool claim_bindings_are_ready(const Claim *claim, const Binding *bindings);
bool claim_is_ready(const Claim *claim);

/* The driver that the display function is to get. */
const char *claim_display_driver(const Claim *claim);

/* True when `f` is of a kind that a card brings along (audio, USB, UCSI) and belongs to the same
 * card as `display`: its vendor or its IOMMU group. */
bool claim_is_companion(const Function *f, const Function *display);

/* True when `function` is one of those claimed. */
bool claim_holds(const Claim *claim, const Function *function);

/* The accepted claim that holds `function`, or NULL; and the one that is kept. */
const Claim *claims_find_accepted(const Claims *claims, const Function *function);
const Claim *claims_find_kept(const Claims *claims, const Function *function);
