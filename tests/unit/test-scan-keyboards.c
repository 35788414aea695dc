/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-keyboards.h"

#include <criterion/criterion.h>

#include "base/text.h"
#include "lib/tree.h"

/* As the kernel prints them: of a keyboard, of a mouse, of a power button. */
#define LETTERS "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n"
#define BUTTONS "70000 0 0 0 0\n"
#define POWER   "10000000000000 0\n"

static void add_input(Tree *tree, const char *name, const char *device, const char *keys)
{
        _cleanup_free_ char *link = NULL, *target = NULL, *bitmap = NULL;

        cr_assert(asprintf(&link, "sys/class/input/%s", name) > 0);
        cr_assert(asprintf(&target, "../../devices/%s/input/%s", device, name) > 0);
        cr_assert(asprintf(&bitmap, "sys/devices/%s/input/%s/capabilities/key", device, name) > 0);
        tree_set(tree, bitmap, keys);
        tree_link(tree, link, target);
}

#define XHCI "pci0000:00/0000:00:01.0/0000:01:00.2/usb3/3-1/3-1:1.0/0003:046D:C31C.0001"

/* The functions that the keyboards of the tree hang on, "-" for none. */
static void expect_keyboards(Tree *tree, const char *expected)
{
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Host host = {.arena = arena};
        Text text = TEXT_IN(arena);

        scan_keyboards(&root, &host);
        for (size_t i = 0; i < host.n_keyboards; i++) {
                text_separate(&text, " ");
                text_add(&text, "%s",
                        host.keyboards[i].on_pci ? PCI_ADDRESS(host.keyboards[i].address) : "-");
        }
        cr_expect_str_eq(text.string, expected, "%s", text.string);
}

Test(scan_keyboards, and_what_they_hang_on)
{
        static const struct {
                const char *device, *keys, *keyboards;
        } rows[] = {
                {XHCI, LETTERS, "0000:01:00.2"},
                {XHCI, BUTTONS, ""},
                {"LNXSYSTM:00/LNXPWRBN:00", POWER, ""},
                {"platform/i8042/serio0", LETTERS, "-"},
                {"virtual", LETTERS, ""},
                {"pci10000:e0/10000:e0:06.0/10000:e1:00.0/usb1", LETTERS, "10000:e1:00.0"},
                {XHCI, "", ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();

                add_input(tree, "input7", rows[i].device, rows[i].keys);
                expect_keyboards(tree, rows[i].keyboards);
        }
}

Test(scan_keyboards, event_nodes_of_the_same_do_not_count)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();

        expect_keyboards(tree, "");
        add_input(tree, "input7", XHCI, LETTERS);
        add_input(tree, "event3", XHCI, LETTERS);
        expect_keyboards(tree, "0000:01:00.2");
}
