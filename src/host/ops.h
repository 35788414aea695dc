/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Everything that this program can do to a machine. The kernel (ops-kernel.c) and the simulated
 * kernel of the tests are two implementations; a new power is a new row here and nothing else.
 *
 * Every operation returns 0 or the kernel's negative errno, and may block for as long as a driver
 * does: apply.c calls them in worker processes with a deadline.
 */

#include "base/arena.h"
#include "host/host.h"

/* No driver has this name, so a function with this override belongs to nobody, whatever loads. */
#define OPS_HOLD "vfio-gpu-hold"

/* What modprobe and udev obey until shutdown; below the root. */
#define POLICY_DIRECTORY "run/modprobe.d"
#define POLICY_FILE      "vfio-gpu.conf"
#define POLICY_PATH      POLICY_DIRECTORY "/" POLICY_FILE

typedef struct Ops {
        void *context;
        /* Replace /run/modprobe.d/vfio-gpu.conf by `text`, whole or not at all. */
        int (*write_policy)(void *context, const char *text);
        /* Set driver_override of `address` (Documentation/ABI/testing/sysfs-bus-pci). Drivers are
         * given with `-` or `_`, and named to the kernel as they are on the bus by then. NULL
         * clears it. */
        int (*set_override)(void *context, PciAddress address, const char *driver);
        /* Load `module` with `options`. */
        int (*load)(void *context, const char *module, const char *options);
        /* Take the platform device `device`, the firmware's framebuffer, from `driver`: the
         * console on it goes dark. */
        int (*free_framebuffer)(void *context, const char *device, const char *driver);
        /* Take `address` from `driver`. */
        int (*unbind)(void *context, PciAddress address, const char *driver);
        /* Set an attribute of `address` and read it back (-EIO: the kernel has kept another value):
         * `reset_method`, names with blanks between; `d3cold_allowed`, 1 or 0. */
        int (*set_reset_method)(void *context, PciAddress address, const char *methods);
        int (*set_d3cold)(void *context, PciAddress address, const char *allowed);
        /* Bind `address` to `driver`: the driver's `bind`, whose errno tells what drivers_probe
         * hides. */
        int (*bind)(void *context, PciAddress address, const char *driver);
        /*
         * Let others read, or refuse them, the files of `address` for which the kernel takes the
         * device's lock (`uevent` and `driver_override` on some kernels, seen on 6.1;
         * `sriov_numvfs`). Never blocks. A driver at work holds that lock. A reader waits for it,
         * unkillable: a udev worker, and with it switch-root; the journal, which looks up the
         * device of each kernel message. Refused (EACCES, even to root: fs/kernfs/file.c), udev and
         * the journal do without, and what writes to these files still can.
         */
        int (*set_readable)(void *context, PciAddress address, bool readable);
        /* Make vfio-pci forget a model that its ids= names (its `remove_id`); 0 as well where it
         * knows none, or is not there. */
        int (*forget_id)(void *context, PciId id);
        /* Let the drivers that are loaded have `address` (`drivers_probe`): 0 whatever comes of it.
         */
        int (*probe)(void *context, PciAddress address);
        /* Wait until no driver is at work on `address`, whatever comes of it. */
        int (*settle)(void *context, PciAddress address);
        /* Tell udev of `address` as if it had just been found (an "add" uevent): it loads the
         * driver that this host prefers. */
        int (*announce)(void *context, PciAddress address);
        /* Read back who has `address`; changes nothing, must not block. Strings in `arena`. */
        int (*read_binding)(void *context, PciAddress address, Arena *arena, Binding *ret);
} Ops;
