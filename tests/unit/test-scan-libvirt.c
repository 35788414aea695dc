/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-libvirt.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "lib/tree.h"

#define DOMAIN(name, bus)                                                                          \
        "<domain><name>" name "</name><devices><hostdev mode='subsystem' type='pci' "              \
        "managed='yes'><source><address bus='" bus "'/></source></hostdev></devices></domain>"

static void expect(const Tree *tree, const char *expected)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host host = {.arena = arena};
        Text text = TEXT_IN(arena);

        scan_libvirt(&root, &host);
        cr_expect_not(arena_failed(arena));
        for (size_t i = 0; i < host.n_rivals; i++) {
                const Rival *rival = &host.rivals[i];

                text_separate(&text, "; ");
                text_add(&text, "%s", rival->value);
                if (rival->kind == RIVAL_LIBVIRT)
                        text_add(&text, " %s %s", rival->file, PCI_ADDRESS(rival->address));
                else
                        cr_expect_eq(rival->kind, RIVAL_UNSEEN);
        }
        cr_expect_str_eq(text.string, expected, "%s", text.string);
}

Test(scan_libvirt, domains)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        expect(tree, "");
        tree_set(tree, "etc/libvirt/qemu/z.xml", DOMAIN("z", "2"));
        tree_set(tree, "etc/libvirt/qemu/a.xml", DOMAIN("a", "1"));
        tree_set(tree, "etc/libvirt/qemu/b.xml.save", DOMAIN("b", "3"));
        tree_set(tree, "etc/libvirt/qemu/networks/default.xml", DOMAIN("n", "4"));
        tree_link(tree, "etc/libvirt/qemu/autostart/a.xml", "../a.xml");
        expect(tree, "a /etc/libvirt/qemu/a.xml 0000:01:00.0; z /etc/libvirt/qemu/z.xml "
                     "0000:02:00.0");
}

Test(scan_libvirt, what_could_not_be_looked_at)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        tree_set(tree, "etc/libvirt/qemu/a.xml", "<domain");
        tree_set(tree, "etc/libvirt/qemu/b.xml", DOMAIN("b", "1"));
        tree_add_directory(tree, "etc/libvirt/qemu/c.xml");
        expect(tree, "\"/etc/libvirt/qemu/a.xml\" is no XML: whether it takes a card is not known; "
                     "b /etc/libvirt/qemu/b.xml 0000:01:00.0; "
                     "\"/etc/libvirt/qemu/c.xml\": Is a directory: whether it takes a card is not "
                     "known");
        tree_remove(tree, "etc/libvirt/qemu");
        tree_set(tree, "etc/libvirt/qemu", "no folder");
        expect(tree, "libvirt's domains in /etc/libvirt/qemu are for root's eyes: run as root to "
                     "see which of them take a card (managed='yes')");
}
