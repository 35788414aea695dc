/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "base/pci-path.h"

Test(pci_path, parse_and_format)
{
        static const struct {
                const char *text, *formatted;
                unsigned function;
        } rows[] = {
                {"00:02.0", "0000:00:02.0", 0},
                {"0000:00:01.0/00.0", "0000:00:01.0/00.0", 0},
                {"00:1C.4/00.0/1f.7", "0000:00:1c.4/00.0/1f.7", 7},
                {"10000:e0:06.0/00.1", "10000:e0:06.0/00.1", 1},
                {"ffffffff:ff:1f.7/1f.7", "ffffffff:ff:1f.7/1f.7", 7},
                {"00:01.0/00.0/02.0/00.0/10.0/00.0/00.1",
                        "0000:00:01.0/00.0/02.0/00.0/10.0/00.0/00.1", 1},
        };
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                PciPath path = {0};

                cr_assert_eq(pci_path_parse(rows[i].text, &path), 0, "%s", rows[i].text);
                cr_expect_str_eq(pci_path_format(&path, arena), rows[i].formatted);
                cr_expect_eq(pci_path_function(&path), rows[i].function, "%s", rows[i].text);
        }
}

Test(pci_path, refuses)
{
        static const char *const texts[] = {"", "/", "00:02", "0000:00:02", "02.0", "/00.0",
                "00:01.0/", "00:01.0//00.0", "00:01.0/00", "00:01.0/0.0", "00:01.0/000.0",
                "00:01.0/00.8", "00:01.0/20.0", "00:01.0/00.0/", "00:01.0/01:00.0",
                "00:01.0/0000:01:00.0", "00:01.0 /00.0", "00:01.0/ 00.0", "00:01.0/00.0 ",
                "00:01.0/00.0\n", "00:01.0/-0.0", "00:01.0/0x.0", "00:01.0/00.00", "00:01.0/00,0",
                "00:01.0\\00.0", "00:01/00.0", "000:01.0/00.0", "pci:00:01.0", "00:01.0/00.0x",
                "0123456789:00:01.0/00.0", "00:01.0/0000000000000000000000.0", "00:01.0/:00.0"};

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                PciPath path = {.n_hops = 7};

                cr_expect_eq(pci_path_parse(texts[i], &path), -EINVAL, "%s", texts[i]);
                cr_expect_eq(path.n_hops, 7, "%s: set on failure", texts[i]);
        }
}

/* A text of `n` hops behind a root port. */
static char *text_of(size_t n)
{
        char *text = calloc(n + 2, sizeof("/00.0"));

        strcpy(text, "00:01.0");
        for (size_t i = 0; i < n; i++)
                strcat(text, "/00.0");
        return text;
}

Test(pci_path, no_longer_than_a_domain_has_buses)
{
        _cleanup_free_ char *most = text_of(PCI_PATH_HOPS_MAX);
        _cleanup_free_ char *more = text_of(PCI_PATH_HOPS_MAX + 1);
        PciPath path = {0};

        cr_assert_eq(pci_path_parse(most, &path), 0);
        cr_assert_eq(path.n_hops, PCI_PATH_HOPS_MAX);
        cr_assert_not(pci_path_append(&path, (PciAddress){0}));
        cr_assert_eq(path.n_hops, PCI_PATH_HOPS_MAX);
        cr_assert_eq(pci_path_parse(more, &path), -EINVAL);
}

Test(pci_path, same_slot)
{
        static const struct {
                const char *a, *b;
                bool same;
        } rows[] = {
                {"00:02.0", "0000:00:02.0", true},
                {"00:02.0", "00:02.1", true},
                {"00:02.0", "00:03.0", false},
                {"00:02.0", "80:02.0", false},
                {"00:02.0", "0001:00:02.0", false},
                {"00:01.0/00.0", "00:01.0/00.7", true},
                {"00:01.0/00.0", "00:01.1/00.0", false},
                {"00:01.0/00.0", "01:01.0/00.0", false},
                {"00:01.0/00.0", "0001:00:01.0/00.0", false},
                {"00:01.0/00.0", "00:01.0/01.0", false},
                {"00:01.0/00.0", "00:01.0", false},
                {"00:01.0/00.0/02.0/00.0", "00:01.0/00.0/02.0/00.1", true},
                {"00:01.0/00.0/02.0/00.0", "00:01.0/00.0/02.1/00.0", false},
                {"00:01.0/00.0/02.0/00.0", "00:01.0/00.1/02.0/00.0", false},
                {"00:01.0/00.0/02.0/00.0", "00:01.0/00.0/02.0/00.0/00.0", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                PciPath a = {0}, b = {0};

                cr_assert_eq(pci_path_parse(rows[i].a, &a), 0);
                cr_assert_eq(pci_path_parse(rows[i].b, &b), 0);
                cr_expect_eq(
                        pci_path_same_slot(&a, &b), rows[i].same, "%s %s", rows[i].a, rows[i].b);
                cr_expect_eq(
                        pci_path_same_slot(&b, &a), rows[i].same, "%s %s", rows[i].b, rows[i].a);
        }
}
