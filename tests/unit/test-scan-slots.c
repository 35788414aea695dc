/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-slots.h"

#include "test-scan.h"

#define SLOTS "sys/bus/pci/slots/"

Test(scan_slots, by_name)
{
        static const struct {
                const char *path, *text;
        } files[] = {
                {SLOTS "3-1/address", "0000:02:00\n"},
                {SLOTS "3/address", "0000:01:00\n"},
                {SLOTS "vmd/address", "10000:e1:1f\n"},
                {SLOTS "bus/address", "0001:06\n"},
                /* what has no address, or none that is one, is no slot */
                {SLOTS "empty/power", "0\n"},
                {SLOTS "function/address", "0000:01:00.0\n"},
                {SLOTS "short/address", "01:00\n"},
                {SLOTS "garbled/address", "0000:01:00:00\n"},
                {SLOTS "nothing/address", "\n"},
                {SLOTS "long/address",
                        "0000:01:00                                                             "
                        "                                                                    \n"},
        };
        static const Slot expected[] = {
                {"3", {0, 1, 0, 0}, false},
                {"3-1", {0, 2, 0, 0}, false},
                {"bus", {1, 6, 0, 0}, true},
                {"vmd", {0x10000, 0xe1, 0x1f, 0}, false},
        };
        _cleanup_(tree_freep) Tree *tree = tree_new();

        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                tree_set(tree, files[i].path, files[i].text);

        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(host->n_slots, ARRAY_SIZE(expected));
        for (size_t i = 0; i < host->n_slots; i++) {
                cr_expect_str_eq(host->slots[i].name, expected[i].name);
                cr_expect_eq(pci_address_compare(host->slots[i].address, expected[i].address), 0,
                        "%s", expected[i].name);
                cr_expect_eq(
                        host->slots[i].whole_bus, expected[i].whole_bus, "%s", expected[i].name);
        }
}

Test(scan_slots, none_that_are_known)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(host_freep) Host *host = scan(tree, 0);

        cr_assert_eq(host->n_slots, 0);
        tree_add_directory(tree, "sys/bus/pci/slots");

        _cleanup_(host_freep) Host *empty = scan(tree, 0);

        cr_assert_eq(empty->n_slots, 0);
}
