/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The config that `init` writes. Pure. */

#include "policy/proposal.h"

/* A line for each GPU, behind a # unless it is asked for, with what there is to know about it. To
 * be freed; NULL when memory is out. */
char *init_text(const Host *host, const Proposals *proposals);
