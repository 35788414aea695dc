/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The one place that knows libpci: which functions there are, and what pci.ids calls them. */

#include "base/arena.h"
#include "base/pci-address.h"

typedef struct Libpci Libpci;

/*
 * Opens libpci on a sysfs tree of PCI devices ("/sys/bus/pci"). Whatever libpci finds fatal becomes
 * an error of these functions, and libpci_error() says what it was. Returns 0, -ENOMEM or -EIO.
 */
int libpci_open(const char *sysfs_path, Libpci **ret) _must_check_;
void libpci_free(Libpci *libpci);
DEFINE_CLEANUP(Libpci *, libpci_free);

/* The addresses of all functions, sorted, in `arena`. No configuration space is read: that would
 * wake sleeping cards. Returns 0, -ENOMEM or -EIO. */
int libpci_list(Libpci *libpci, Arena *arena, PciAddress **ret, size_t *ret_n) _must_check_;

/* The name of a device model, in `arena`, or NULL when pci.ids has none (or memory is out). */
const char *libpci_name(Libpci *libpci, PciId id, Arena *arena);

/* What libpci said last when it gave up. */
const char *libpci_error(void);
