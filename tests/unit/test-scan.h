/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the tests of the scan share: a card as a tree, and how a scan of it went. */

#include <criterion/criterion.h>
#include <string.h>

#include "host/scan.h"
#include "lib/tree.h"

#define DEVICES "sys/devices/pci/"
#define GPU     DEVICES "0000:01:00.0/"

static const TreeFunction gpu = {
        .address = "0000:01:00.0",
        .vendor = 0x10de,
        .device = 0x1eb8,
        .class = 0x030000,
        .subsystem_vendor = 0x10de,
        .subsystem_device = 0x12a2,
        .iommu_group = 13,
        .boot_vga = "0",
};
static const TreeFunction audio = {
        .address = "0000:01:00.1",
        .vendor = 0x10de,
        .device = 0x10f8,
        .class = 0x040300,
        .subsystem_vendor = 0x10de,
        .subsystem_device = 0x12a2,
        .iommu_group = 13,
        .driver = "snd_hda_intel",
};

static inline Host *scan(Tree *tree, unsigned flags)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_free_ char *message = NULL;
        Host *host = NULL;
        int r = scan_host(&root, flags, &host, &message);

        cr_assert_eq(r, 0, "%s: %s", strerror(-r), message);
        return host;
}

/* What could not be read, "" when all could; it is warned of, and its neighbours are all right. */
static inline const char *trouble_of(const Host *host, const char *address)
{
        PciAddress a = {0};

        cr_assert_eq(pci_address_parse(address, &a, NULL), 0);

        const Function *f = host_find(host, a);

        cr_assert(f, "%s", address);
        return f->unreadable ? f->unreadable : "";
}

static inline bool warned_of(const Host *host, const char *text)
{
        for (size_t i = 0; i < host->n_warnings; i++)
                if (strstr(host->warnings[i], text))
                        return true;
        return false;
}
