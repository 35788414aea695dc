/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/module-index.h"

#include <criterion/criterion.h>
#include <string.h>

#include "host/modules.h"
#include "host/scan.h"
#include "lib/tree.h"

#define INDEX "lib/modules/" TREE_RELEASE "/modules.alias.bin"

static Tree *make_tree(void)
{
        Tree *tree = tree_new();

        tree_add_module(tree, "nouveau", "pci:v000010DEd*sv*sd*bc03sc*i*");
        tree_add_module(tree, "vfio-pci", "vfio_pci:v*d*sv*sd*bc*sc*i*");
        tree_depmod(tree, "kernel/drivers/base.ko\n");
        tree_add_directory(tree, "sys/bus/pci/devices");
        return tree;
}

/* What depmod made is whole; without its end, wherever that begins, it is not. */
Test(module_index, cut_off_anywhere)
{
        _cleanup_(tree_freep) Tree *tree = make_tree();
        _cleanup_free_ char *path = tree_path(tree, INDEX);
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        static uint8_t bytes[1 << 16];

        cr_assert(file);
        size_t size = fread(bytes, 1, sizeof(bytes), file);

        cr_assert(size > 100 && size < sizeof(bytes));
        cr_expect(module_index_is_whole(bytes, size));
        for (size_t n = 0; n < size; n++)
                cr_expect_not(module_index_is_whole(bytes, n), "%zu of %zu bytes", n, size);
}

#define HEADER "\xb0\x07\xf4\x57\x00\x02\x00\x01"

Test(module_index, made_by_somebody_else)
{
        static const struct {
                const char *what, *bytes;
                size_t size;
                bool whole;
        } files[] = {
                {"nothing in it", HEADER "\0\0\0\0", 12, true},
                {"another magic", "\xb0\x07\xf4\x58\x00\x02\x00\x01\0\0\0\0", 12, false},
                {"another version", "\xb0\x07\xf4\x57\x00\x03\x00\x00\0\0\0\0", 12, false},
                {"a root in the header", HEADER "\x80\0\0\4", 12, false},
                {"a root behind the end", HEADER "\x80\0\0\x0c", 12, false},
                {"a prefix",
                        HEADER "\x80\0\0\x0c"
                               "a\0",
                        14, true},
                {"a prefix without its end",
                        HEADER "\x80\0\0\x0c"
                               "ab",
                        14, false},
                {"a child that is its own parent",
                        HEADER "\x20\0\0\x0c"
                               "aa\x20\0\0\x0c",
                        18, false},
                {"a child further on",
                        HEADER "\x20\0\0\x0c"
                               "aa\x80\0\0\x12"
                               "b\0",
                        20, true},
                {"children from b to a",
                        HEADER "\x20\0\0\x0c"
                               "ba\0\0\0\0",
                        18, false},
                {"a child behind ASCII",
                        HEADER "\x20\0\0\x0c"
                               "\x80\x80\0\0\0\0",
                        18, false},
                {"no child at its place",
                        HEADER "\x20\0\0\x0c"
                               "aa\0\0\0\0",
                        18, true},
                {"a child that comes before",
                        HEADER "\x20\0\0\x0e"
                               "b\0"
                               "aa\x80\0\0\x0c",
                        20, true},
                {"more values than there are",
                        HEADER "\x40\0\0\x0c"
                               "\0\0\0\2"
                               "\0\0\0\1"
                               "m\0",
                        22, false},
                {"a value",
                        HEADER "\x40\0\0\x0c"
                               "\0\0\0\1"
                               "\0\0\0\1"
                               "m\0",
                        22, true},
        };

        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                cr_expect_eq(module_index_is_whole((const uint8_t *)files[i].bytes, files[i].size),
                        files[i].whole, "%s", files[i].what);
}

/* Two nodes that each lead twice to the one before: a short file with 2^n ways through it. */
Test(module_index, many_ways_down, .timeout = 10)
{
        uint8_t bytes[1024] = HEADER;
        size_t at = 12, before = 0;

        memcpy(bytes + at, "x", 2);
        before = 0x80000000u | at;
        at += 2;
        for (unsigned n = 0; n < 60; n++) {
                size_t start = at;

                memcpy(bytes + at, "ab", 2);
                at += 2;
                for (unsigned k = 0; k < 2; k++)
                        for (int shift = 24; shift >= 0; shift -= 8)
                                bytes[at++] = (uint8_t)(before >> shift);
                before = 0x20000000u | start;
        }
        for (int shift = 24, i = 8; shift >= 0; shift -= 8)
                bytes[i++] = (uint8_t)(before >> shift);
        cr_expect_not(module_index_is_whole(bytes, at));
}

Test(module_index, a_broken_one_is_told_of_and_not_used)
{
        _cleanup_(tree_freep) Tree *tree = make_tree();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(host_freep) Host *host = NULL;
        _cleanup_free_ char *message = NULL;

        tree_set(tree, INDEX, "torn");
        cr_assert_eq(scan_host(&root, 0, &host, &message), 0, "%s", message);
        cr_expect_eq(host->vfio_pci, MODULE_MISSING);
        cr_assert_eq(host->n_warnings, 1);
        cr_expect(strstr(host->warnings[0], "modules.alias.bin is broken") &&
                          strstr(host->warnings[0], "depmod -a " TREE_RELEASE),
                "%s", host->warnings[0]);
}
