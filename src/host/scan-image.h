/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The initramfs of a host: what this boot's left behind, and what builds it, so that a message can
 * name the command. */

#include "host/host.h"
#include "host/root.h"

/* Sets `image_tool`, `initrd`, `enabled` and `masked`. An initramfs has no tools in it, and a tree
 * that was captured may lack them: IMAGE_TOOL_UNKNOWN. */
void scan_image(const Root *root, Host *host);
