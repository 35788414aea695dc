/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* PCIe Device Serial Numbers. Reading one wakes a sleeping card, and takes CAP_SYS_ADMIN. */

#include "host/capabilities.h"
#include "host/host.h"
#include "host/root.h"

/* What its workers need; without it they see less, and say so. */
#define SCAN_SERIAL_CAPABILITIES CAPABILITY(CAP_SYS_ADMIN)

/* For all cards together; lint adds it to the other deadlines of a run. */
#define SCAN_SERIAL_MS 2000

/*
 * Reads the serial number of each function for which `wanted`, an item for each, is true: in
 * workers of their own, side by side, since a card that does not wake up holds its reader for a
 * minute (drivers/pci/pci.c, pci_dev_wait()). What could not be read says why. Returns 0 or
 * -ENOMEM.
 */
int scan_serials(const Root *root, Host *host, const bool *wanted) _must_check_;
