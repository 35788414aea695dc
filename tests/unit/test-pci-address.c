/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "base/pci-address.h"

Test(pci_address, parse_and_format)
{
        static const struct {
                const char *text;
                PciAddress address;
                bool function;
                const char *formatted;
        } rows[] = {
                {"0000:01:00.0", {0, 1, 0, 0}, true, "0000:01:00.0"},
                {"01:00.0", {0, 1, 0, 0}, true, "0000:01:00.0"},
                {"01:00", {0, 1, 0, 0}, false, "0000:01:00.0"},
                {"0000:01:00", {0, 1, 0, 0}, false, "0000:01:00.0"},
                {"ABCD:eF:1f.7", {0xabcd, 0xef, 0x1f, 7}, true, "abcd:ef:1f.7"},
                {"10000:e1:00.0", {0x10000, 0xe1, 0, 0}, true, "10000:e1:00.0"},
                {"ffffffff:ff:1f.7", {0xffffffff, 0xff, 0x1f, 7}, true, "ffffffff:ff:1f.7"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                PciAddress address = {0};
                bool function = !rows[i].function;
                cr_assert_eq(pci_address_parse(rows[i].text, &address, &function), 0, "%s",
                        rows[i].text);
                cr_expect_eq(pci_address_compare(address, rows[i].address), 0, "%s", rows[i].text);
                cr_expect_eq(function, rows[i].function, "%s", rows[i].text);
                cr_expect_str_eq(PCI_ADDRESS(address), rows[i].formatted);
                cr_expect_eq(pci_address_parse(rows[i].text, &address, NULL), 0);
        }
}

Test(pci_address, refuses)
{
        static const char *const texts[] = {"", ":", ".", "00.00", "1:2:3", "1:00.0", "001:00.0",
                "01:0.0", "01:000.0", "01:00.", "01:00.00", "01:00.8", "01:00.f", "01:20.0",
                "01:00.0 ", " 01:00.0", "01:00.0\n", "0x01:00.0", "01:00:0", "01-00.0",
                "000:01:00.0", ":01:00.0", "0000:01:00.0x", "0000:01", "0000::00.0",
                "000000000:01:00.0", "00000:0001:00:00.0", "01:00,0", "g1:00.0", "-1:00.0",
                "+1:00.0", "0000:01:00.0:0"};

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                PciAddress address = {1, 2, 3, 4};
                bool function = true;
                cr_expect_eq(
                        pci_address_parse(texts[i], &address, &function), -EINVAL, "%s", texts[i]);
                cr_expect_eq(pci_address_compare(address, (PciAddress){1, 2, 3, 4}), 0,
                        "%s: set on failure", texts[i]);
                cr_expect(function);
        }
}

Test(pci_address, ids)
{
        static const struct {
                const char *text;
                int r;
                PciId id;
        } rows[] = {
                {"10de:26b1", 0, {0x10de, 0x26b1}},
                {"FFFF:0000", 0, {0xffff, 0}},
                {"10de:26b1x", -EINVAL, {0}},
                {"10de:26b", -EINVAL, {0}},
                {"10de:026b1", -EINVAL, {0}},
                {"10de26b1", -EINVAL, {0}},
                {"10de:", -EINVAL, {0}},
                {"10de", -EINVAL, {0}},
                {"", -EINVAL, {0}},
                {" 10de:26b1", -EINVAL, {0}},
                {"0x10de:26b1", -EINVAL, {0}},
                {"10dg:26b1", -EINVAL, {0}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                PciId id = {0};
                cr_expect_eq(pci_id_parse(rows[i].text, &id), rows[i].r, "%s", rows[i].text);
                cr_expect_eq(id.vendor, rows[i].id.vendor, "%s", rows[i].text);
                cr_expect_eq(id.device, rows[i].id.device, "%s", rows[i].text);
        }
}

Test(pci_address, hex)
{
        static const struct {
                const char *text;
                unsigned digits;
                int r;
                uint32_t value;
        } rows[] = {
                {"10de", 4, 0, 0x10de},
                {"030000", 6, 0, 0x030000},
                {"FFFFffff", 8, 0, 0xffffffff},
                {"7", 1, 0, 7},
                {"10de", 3, -EINVAL, 0},
                {"10de", 5, -EINVAL, 0},
                {"", 1, -EINVAL, 0},
                {"0x1f", 4, -EINVAL, 0},
                {"10d ", 4, -EINVAL, 0},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                uint32_t value = 0;
                cr_expect_eq(pci_hex_parse(rows[i].text, rows[i].digits, &value), rows[i].r, "%s",
                        rows[i].text);
                cr_expect_eq(value, rows[i].value, "%s", rows[i].text);
        }
}

Test(pci_address, compare)
{
        /* in ascending order; each differs from the one before in one part */
        static const PciAddress sorted[] = {{0, 0, 0, 0}, {0, 0, 0, 7}, {0, 0, 1, 0}, {0, 0, 31, 0},
                {0, 1, 0, 0}, {0, 255, 0, 0}, {1, 0, 0, 0}, {0x10000, 0, 0, 0},
                {0xffffffff, 0, 0, 0}};

        for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
                for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
                        int order = pci_address_compare(sorted[i], sorted[j]);
                        cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j), "%zu %zu", i, j);
                }
}

Test(pci_address, same_slot)
{
        static const struct {
                PciAddress a, b;
                bool same;
        } rows[] = {
                {{0, 1, 0, 0}, {0, 1, 0, 0}, true},
                {{0, 1, 0, 0}, {0, 1, 0, 7}, true},
                {{0, 1, 0, 0}, {0, 1, 1, 0}, false},
                {{0, 1, 0, 0}, {0, 2, 0, 0}, false},
                {{0, 1, 0, 0}, {1, 1, 0, 0}, false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect_eq(pci_address_same_slot(rows[i].a, rows[i].b), rows[i].same, "%zu", i);
}

Test(pci_address, serials)
{
        static const struct {
                const char *text;
                int r;
                uint64_t serial;
        } rows[] = {
                {"00-11-22-33-44-55-66-77", 0, 0x0011223344556677},
                {"0011223344556677", 0, 0x0011223344556677},
                {"fedc-BA98-7654-3210", 0, 0xfedcba9876543210},
                {"0-0-0-0-0-0-0-0-0-0-0-0-0-0-0-1", 0, 1},
                {"", -EINVAL, 0},
                {"001122334455667", -EINVAL, 0},
                {"00112233445566778", -EINVAL, 0},
                {"00-11-22-33-44-55-66-7", -EINVAL, 0},
                {"00-11-22-33-44-55-66-77-", -EINVAL, 0},
                {"-0011223344556677", -EINVAL, 0},
                {"00--11223344556677", -EINVAL, 0},
                {"00:11:22:33:44:55:66:77", -EINVAL, 0},
                {"00-11-22-33-44-55-66-7g", -EINVAL, 0},
                {"0x11223344556677", -EINVAL, 0},
                {"0011223344556677 ", -EINVAL, 0},
                {" 0011223344556677", -EINVAL, 0},
                {"-", -EINVAL, 0},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                uint64_t serial = 42;

                cr_expect_eq(
                        pci_serial_parse(rows[i].text, &serial), rows[i].r, "%s", rows[i].text);
                cr_expect_eq(serial, rows[i].r < 0 ? 42 : rows[i].serial, "%s", rows[i].text);
        }
        cr_expect_str_eq(PCI_SERIAL(0xfedcba9876543210), "fe-dc-ba-98-76-54-32-10");
        cr_expect_str_eq(PCI_SERIAL(1), "00-00-00-00-00-00-00-01");
}
