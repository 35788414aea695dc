/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The images that the next boots take: whether they are newer than what goes into them. */

#include "host/host.h"
#include "host/root.h"

/*
 * Sets `images`, where dracut makes them as files of their own, as `image_tool` says; of this
 * machine alone, since a copy of a tree has other times. Of what is in them only their times are
 * looked at: to unpack them takes seconds, and root.
 */
void scan_image_files(const Root *root, Host *host);
