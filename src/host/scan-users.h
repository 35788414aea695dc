/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Who uses a function through the driver that has it: what must let go before that driver may. */

#include "host/capabilities.h"
#include "host/host.h"
#include "host/root.h"

/* With these a process sees which files all others have open. */
#define SCAN_USERS_CAPABILITIES (CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_DAC_READ_SEARCH))

/*
 * Fills in `users` of the `n` functions: processes that have a device node of it open ("Xorg (pid
 * 812)"), the framebuffer console, USB devices and disks behind a controller. The processes are
 * looked at in workers with a deadline; what was not found out in time, or may not be, is told as a
 * doubt. Of another machine's tree only USB devices and disks are known: then there is a warning in
 * `host`. Sound is looked for by its open nodes: its state in /proc is behind a lock that a hanging
 * driver keeps (sound/core/pcm.c). Returns 0 or -ENOMEM.
 */
int scan_users(const Root *root, Host *host, Function *const *functions, size_t n) _must_check_;

/* What is attached to `f`, and in use by being there: "USB device 3-1, block device sda", in
 * `arena`, or NULL. sysfs alone tells. */
const char *scan_users_attached(const Root *root, const Function *f, Arena *arena);
