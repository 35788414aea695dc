/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A script of operations, run against any machine: the running kernel, or the simulated one. Lines:
 *
 *     function ADDRESS ID CLASS [group=N] [bridge] [driver=NAME] [vf=PF]   what is looked at
 *     driver NAME MODULE [vfio] [loaded] [takes=VENDOR/CLASS|ID] [vfs|leaves-vfs]   can be loaded
 *
 * VFs are not there at first; a driver with `vfs` enables them and disables them when it goes, one
 * with `leaves-vfs` does not disable them.
 *
 *     policy [LINE]                     the operations of host/ops.h
 *     override ADDRESS NAME|-           (LONG: a name of 4096 letters)
 *     load MODULE [OPTION...]
 *     unbind|bind ADDRESS DRIVER
 *     probe|settle|announce ADDRESS
 *     forget ID
 *     reset-method ADDRESS METHOD[,METHOD...]
 *     d3cold ADDRESS VALUE
 *     readable ADDRESS yes|no
 *
 *     unplug ADDRESS                    what others do
 *     rescan
 *     vfs ADDRESS COUNT
 *     unload MODULE
 *     udev                              waits until udev has seen all
 *     until ADDRESS DRIVER|-            waits until its link says that
 *     pause MS
 *
 *     within MS STEP                    the same, given up after so long, and left to go on
 *     unseen STEP                       the same, and nobody looks what has become of it yet
 *
 * Of each step one line comes out: the step, what it came to (0, or the errno's name, or
 * "timeout"), and each function that is otherwise than before:
 *
 *     bind 01:00.0 vfio-pci: 0; 01:00.0 driver=vfio-pci vfio=yes group=viable override=vfio-pci
 *
 * override=blocked: it could not be read in time, as when a driver holds the device's lock.
 */

#include <stdio.h>

#include "host/ops.h"
#include "lib/others.h"
#include "lib/sim-core.h"
#include "lib/sim.h"

/* The machine of the script, with a simulated kernel of that version. */
Sim *ops_script_machine(const char *script, unsigned major, unsigned minor);

/* All times of the script are divided by `speed`, as by a simulated kernel with the same one.
 * Returns 0, or -EINVAL where the script cannot be read, which is said in `out`. */
int ops_script_run(const char *script, const Ops *ops, const Others *others, unsigned speed,
        FILE *out) _must_check_;
