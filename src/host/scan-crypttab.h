/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which disks are unlocked at boot, and how: crypttab(5). */

#include "host/host.h"
#include "host/root.h"

/* Fills `disks`. A crypttab that is not there, or that this user may not read, has no lines. */
void scan_crypttab(const Root *root, Host *host);
