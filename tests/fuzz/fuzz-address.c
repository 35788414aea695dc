/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses, paths, ids and serial numbers: what is parsed is what its own text parses to. */
#include "fuzz.h"

#include "base/pci-address.h"
#include "base/pci-path.h"

static void try_address(const char *text)
{
        PciAddress a = {0}, b = {0};
        bool named = false, again = false;

        if (pci_address_parse(text, &a, &named) < 0)
                return;
        must(a.device < 32 && a.function < 8 && (named || a.function == 0));
        must(pci_address_parse(PCI_ADDRESS(a), &b, &again) == 0 && again);
        must(pci_address_compare(a, b) == 0 && pci_address_same_slot(a, b));
}

static void try_path(const char *text, Arena *arena)
{
        PciPath a = {0}, b = {0};

        if (pci_path_parse(text, &a) < 0)
                return;
        must(a.n_hops <= PCI_PATH_HOPS_MAX && pci_path_function(&a) < 8);

        const char *formatted = pci_path_format(&a, arena);
        must(formatted && pci_path_parse(formatted, &b) == 0 && pci_path_same_slot(&a, &b));
        must(strcmp(formatted, pci_path_format(&b, arena)) == 0);
}

static void try_id(const char *text)
{
        PciId a = {0}, b = {0};
        char again[sizeof("ffff:ffff")];

        if (pci_id_parse(text, &a) < 0)
                return;
        snprintf(again, sizeof(again), "%04x:%04x", a.vendor, a.device);
        must(pci_id_parse(again, &b) == 0 && a.vendor == b.vendor && a.device == b.device);
        must(strcasecmp(again, text) == 0);
}

static void try_serial(const char *text)
{
        uint64_t a = 0, b = 1;

        if (pci_serial_parse(text, &a) == 0)
                must(pci_serial_parse(PCI_SERIAL(a), &b) == 0 && a == b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = fuzz_text(data, size);

        try_address(text);
        try_id(text);
        try_serial(text);
        if (strchr(text, '/')) {
                _cleanup_(arena_freep) Arena *arena = arena_new();

                try_path(text, arena);
        }
        return 0;
}
