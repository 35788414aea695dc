/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The slots of the case (Documentation/ABI/testing/sysfs-bus-pci: slots). */

#include "host/host.h"
#include "host/root.h"

/* Reads them into `host`; most machines have none that are known. The host's arena remembers when
 * memory was out. */
void scan_slots(const Root *root, Host *host);
