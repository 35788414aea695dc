/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Files in folders that other programs look into. */

#include "host/root.h"

/*
 * Replaces the file `name` in `folder` by `text`, whole or not at all: what looks into the folder
 * meanwhile sees the old one, the new one, or a name that begins with a dot. NULL takes the file
 * away. The folder may be somebody else's: what stands there under that name is replaced, and never
 * followed. Where the new one cannot be written, the old one is taken away. Returns 1; 0 when there
 * was nothing to take away; or a negative errno: -ENOENT when there is no folder.
 */
int publish_file(
        const Root *root, const char *folder, const char *name, const char *text) _must_check_;
