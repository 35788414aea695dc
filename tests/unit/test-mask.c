/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/mask.h"

#include <criterion/criterion.h>
#include <string.h>

Test(mask, hides_what_identifies)
{
        static const struct {
                const char *text, *masked;
        } cases[] = {
                {"", ""},
                {"nothing to hide", "nothing to hide"},
                {"UUID=2f1d3bA0-0c1e-4c5e-9d52-2b6f0a3c1d4e x",
                        "UUID=00000000-0000-0000-0000-000000000001 x"},
                {"luks-2f1d3ba0-0c1e-4c5e-9d52-2b6f0a3c1d4e",
                        "luks-00000000-0000-0000-0000-000000000001"},
                {"BOOTIF=01-52-54-00-aa-bb-cc ip=52:54:00:aa:bb:cc",
                        "BOOTIF=00-00-00-00-00-00-01 ip=00:00:00:00:00:02"},
                {"serial = \"00-11-22-33-44-55-66-77\";", "serial = \"00-00-00-00-00-00-00-01\";"},
                {"serial = \"0011223344556677\";", "serial = \"0000000000000001\";"},
                {"machine_id=0123456789abcdef0123456789abcdef",
                        "machine_id=00000000000000000000000000000001"},
                {"/dev/disk/by-id/nvme-Maker_S3Z9NB0K-part3 none", "/dev/disk/by-id/-- none"},
                {"LABEL=\"of mine\"", "LABEL=--\"of mine\""},
                {"/dev/disk/by-label/mine\n/dev/sda1", "/dev/disk/by-label/--\n/dev/sda1"},
                /* addresses, ids and versions are no identifiers */
                {"0000:01:00.0 10de:26b1 6.1.0-13-amd64 pci:v000010DEd*sv*sd*bc03sc*i*",
                        "0000:01:00.0 10de:26b1 6.1.0-13-amd64 pci:v000010DEd*sv*sd*bc03sc*i*"},
                {"2026-11-24 deadbeef", "2026-11-24 deadbeef"},
                {"0123456789abcdef0", "0123456789abcdef0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                Mask mask = MASK_IN(arena);

                cr_expect_str_eq(mask_identifiers(&mask, cases[i].text), cases[i].masked);
        }
}

Test(mask, what_was_the_same_stays_the_same)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Mask mask = MASK_IN(arena);

        cr_expect_str_eq(
                mask_identifiers(&mask, "52:54:00:00:00:0a 52:54:00:00:00:0b 52:54:00:00:00:0A"),
                "00:00:00:00:00:01 00:00:00:00:00:02 00:00:00:00:00:01");
        cr_expect_str_eq(mask_identifiers(&mask, "52:54:00:00:00:0b"), "00:00:00:00:00:02");
        cr_expect_str_eq(
                mask_identifiers(&mask, "serial 00-11-22-33-44-55-66-FF is 00112233445566ff"),
                "serial 00-00-00-00-00-00-00-03 is 0000000000000003");
}
