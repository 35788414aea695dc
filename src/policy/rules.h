/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The safety rules: what must hold before anything is written for a GPU. Pure. */

#include "policy/claim.h"

/*
 * Records in each claim with a GPU every rule that it breaks. A rule that looks at other claims
 * (shared-group, boot-display) sees only those that nothing else stands against, so that claims of
 * one group stand or fall together. Sentences live in `arena`. Returns 0 or -ENOMEM.
 */
int rules_judge(const Host *host, Arena *arena, Claims *claims) _must_check_;

/* Why GPUs of this host are in no IOMMU group, as far as the firmware tells, and what to do. */
Finding rules_iommu_advice(const Host *host);
