/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A vfio-gpu.service that somebody has masked: it is not merely disabled, and cannot be enabled.
 * Pure. */

#include "host/host.h"

/* The word of the kernel command line that masks it in that stage, or NULL. */
const char *unit_mask_word(const Host *host, Stage stage);

/* The command that takes away what masks it in the real root, whatever the kernel command line
 * says; NULL: nothing does. */
const char *unit_mask_command(const Host *host);

/* What keeps it from running at a boot, and how to change that, as a sentence; NULL: nothing. */
const char *unit_mask_warning(const Host *host, Arena *arena);
