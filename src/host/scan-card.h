/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What only the card itself can tell. To ask wakes one that sleeps. */

#include "host/capabilities.h"
#include "host/host.h"
#include "host/root.h"

typedef enum ScanCard {
        SCAN_CARD_ANSWER = 1 << 0, /* whether it answers at all; else it becomes `silent` */
        SCAN_CARD_SERIAL = 1 << 1, /* its PCIe Device Serial Number */
} ScanCard;

/* What workers need that look for a serial number; without it they see less, and say so. */
#define SCAN_CARD_CAPABILITIES CAPABILITY(CAP_SYS_ADMIN)

/* For all cards together; lint adds it to the other deadlines of a run. */
#define SCAN_CARD_MS 2000

/*
 * Asks each function for what `wanted`, an item for each, holds of ScanCard: in workers,
 * none behind one that hangs, since a card that does not wake up holds its reader for a minute
 * (drivers/pci/pci.c, pci_dev_wait()). One that does not answer becomes `silent`, with a
 * warning in the Host; a serial number that could not be read says why. Returns 0 or -ENOMEM.
 */
int scan_cards(const Root *root, Host *host, const unsigned *wanted) _must_check_;

/*
 * The part of its configuration space by which `f` answered, put together in `arena`, so that
 * another scan hears the same; nothing else of it was asked. NULL: it was not asked, has nothing
 * unusual to tell, or memory is out.
 */
const void *scan_card_retell(const Function *f, Arena *arena, size_t *ret_size);
