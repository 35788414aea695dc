/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Reading the machine: libpci for the devices, sysfs and /proc below a root for the rest. */

#include "host/host.h"
#include "host/root.h"

typedef enum ScanFlags {
        SCAN_NAMES = 1 << 0,    /* names of GPUs out of pci.ids */
        SCAN_RELEASED = 1 << 1, /* which were released: apply takes those, too */
        SCAN_RIVALS = 1 << 2,   /* what will have a claimed card next, in the real root: what takes
                                   part in every boot, */
        SCAN_RECIPES = 1 << 3,  /* and what lies about and might, or does so later; */
        SCAN_DISCREET = 1 << 4, /* of both, nothing from files that may hold somebody's secrets:
                                   scripts, and where the command line is written; */
        SCAN_EARLY =
                1 << 5,       /* nothing below /boot, /efi and /var: where they are mounted
                                 when somebody looks in, that waits for udev, which waits for apply */
        SCAN_IMAGES = 1 << 6, /* the images that the next boots of this machine take */
} ScanFlags;

/*
 * Reads all that a plan needs from the machine below `root`. A device that vanishes while it is
 * read or has a garbled attribute becomes `unreadable`, with a warning in the Host; all others go
 * on. Returns 0, -ENOMEM, or the error of what no plan can do without (no sysfs: -ENOENT; a libpci
 * that gives up: -EIO), with a sentence for the user in `*reterr_message` (to be freed).
 */
int scan_host(const Root *root, unsigned flags, Host **ret, char **reterr_message) _must_check_;

/* Reads the parameters of vfio-pci in force anew. Returns 0 or -ENOMEM. */
int scan_vfio_parameters(const Root *root, Host *host) _must_check_;

/* In which stage the machine below `root` is. */
Stage scan_stage(const Root *root);

/* Reads one function's driver link and VFIO registration anew; strings live in `arena`. Touches
 * neither `driver_override` nor `uevent`, which block while a driver hangs (seen on kernel 6.1).
 * Returns 0, -ENOENT when the device is gone, or -ENOMEM. */
int scan_binding(const Root *root, PciAddress address, Arena *arena, Binding *ret) _must_check_;
