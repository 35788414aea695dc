/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-crypttab.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "lib/tree.h"

/* "root asks, data silent" */
static void expect_disks(Tree *tree, const char *crypttab, const char *expected)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host host = {.arena = arena};
        Text text = TEXT_IN(arena);

        tree_set(tree, "etc/crypttab", crypttab);
        scan_crypttab(&root, &host);
        for (size_t i = 0; i < host.n_disks; i++) {
                text_separate(&text, ", ");
                text_add(&text, "%s %s %s", host.disks[i].name, host.disks[i].device,
                        host.disks[i].asks ? "asks" : "silent");
        }
        cr_expect_str_eq(text.string, expected, "%s: %s", crypttab, text.string);
}

Test(scan_crypttab, lines)
{
        static const struct {
                const char *crypttab, *disks;
        } rows[] = {
                {"", ""},
                {"# root UUID=1 none luks\n\n   \n", ""},
                {"root UUID=1 none luks,discard\n", "root UUID=1 asks"},
                {"root UUID=1\n", "root UUID=1 asks"},
                {"root UUID=1 -", "root UUID=1 asks"},
                {"\troot  UUID=1\tnone \t luks", "root UUID=1 asks"},
                {"root UUID=1 /etc/keys/root luks", "root UUID=1 silent"},
                {"swap /dev/vda2 /dev/urandom swap", "swap /dev/vda2 silent"},
                {"root UUID=1 none tpm2-device=auto", "root UUID=1 silent"},
                {"root UUID=1 none luks,fido2-device=auto", "root UUID=1 silent"},
                {"root UUID=1 none pkcs11-uri=auto,discard", "root UUID=1 silent"},
                {"root UUID=1 none keyscript=/bin/x", "root UUID=1 silent"},
                {"root UUID=1 none headless", "root UUID=1 silent"},
                {"root UUID=1 none luks,noauto", ""},
                {"root UUID=1 none noauto,luks", ""},
                {"root UUID=1 none notpm2-device=auto,noautomatic", "root UUID=1 asks"},
                {"root", ""},
                {"named UUID=1 none luks", "named UUID=1 silent"},
                {"a UUID=1 none\nb UUID=2 /key\n", "a UUID=1 asks, b UUID=2 silent"},
        };
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_set(tree, "etc/cryptsetup-keys.d/named.key", "");
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_disks(tree, rows[i].crypttab, rows[i].disks);
}

Test(scan_crypttab, none)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host host = {.arena = arena};

        scan_crypttab(&root, &host);
        cr_expect_eq(host.n_disks, 0);
}
