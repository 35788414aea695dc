/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What others than this program do to a machine, and what there is to see of a function beside its
 * driver. As with the operations of host/ops.h, the running kernel (others-kernel.c) and the
 * simulated one (sim-others.c) are two implementations.
 */

#include "host/host.h"
#include "host/root.h"

typedef struct Others {
        void *context;
        /* The function is unplugged; what was unplugged is found again. */
        int (*unplug)(void *context, PciAddress address);
        int (*rescan)(void *context);
        /* So many VFs of a PF are enabled (`sriov_numvfs`). */
        int (*set_vfs)(void *context, PciAddress pf, unsigned count);
        int (*unload)(void *context, const char *module);
        /* Waits until udev has seen the policy that was written last, and all that it was told. */
        int (*udev)(void *context);
        /* Reads driver_override; "" when there is none. May block. */
        int (*read_override)(void *context, PciAddress address, char *text, size_t size);
        /* Whether VFIO finds the function's group viable, 1 or 0; -ENOENT: it has no such group. */
        int (*read_group)(void *context, PciAddress address);
        /* Fills in what the function is: id, class, iommu_group. */
        int (*describe)(void *context, Function *function);
} Others;

/* `root` must outlive it. */
void others_kernel_init(const Root *root, Others *ret);
