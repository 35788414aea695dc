/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The device nodes by which processes use a function, as numbers: what they are called and where
 * they stand is each container's own affair. */

#include <sys/types.h>

#include "host/host.h"
#include "host/root.h"

typedef struct Node {
        dev_t number;
        size_t owner; /* of whoever asks: which function it belongs to */
} Node;

typedef struct Nodes {
        Arena *arena; /* owns the items, and remembers when memory was out */
        Node *items;
        size_t n_items;
} Nodes;

/*
 * Adds the nodes of `f`: all below its directory in sysfs (DRM, sound, framebuffer, i2c, input,
 * USB, VFIO's own), its VFIO group's, and what nvidia.ko makes outside of the driver model. Called
 * in a worker: what nvidia.ko shows in /proc is behind its own locks.
 */
void scan_nodes(const Root *root, const Function *f, size_t owner, Nodes *nodes);
