/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What somebody could type a passphrase on, and which PCI function it hangs on. */

#include "host/host.h"
#include "host/root.h"

/* Fills `keyboards` from /sys/class/input; those that are made by software do not count. */
void scan_keyboards(const Root *root, Host *host);
