/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/text-lines.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "lib/tree.h"

static void note(const TextLine *line, void *context)
{
        text_add(context, "%s:%u=%s|", line->file, line->number, line->text);
}

Test(text_lines, of_a_file)
{
        static const struct {
                const char *text;
                bool joined;
                const char *expected;
        } rows[] = {
                {"", false, ""},
                {"\n\n  \t\n", false, ""},
                {"a\nb", false, "/etc/x:1=a|/etc/x:2=b|"},
                {"# no\n ; no\n\t# no\nyes # yes\n", false, "/etc/x:4=yes # yes|"},
                {"  a b\t\r\n", false, "/etc/x:1=a b|"},
                {"a \\\n b\nc\n", true, "/etc/x:1=a    b|/etc/x:3=c|"},
                {"a \\\n b\n", false, "/etc/x:1=a \\|/etc/x:2=b|"},
                {"a\\", true, "/etc/x:1=a\\|"},
                {"a\\\n\\\nb\nc", true, "/etc/x:1=a    b|/etc/x:4=c|"},
                {"# a \\\nb\nc", true, "/etc/x:3=c|"},
                {"\\\n\nc", true, "/etc/x:3=c|"},
        };
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Text text = TEXT_IN(arena);

                tree_set(tree, "etc/x", rows[i].text);
                cr_assert_eq(text_lines_of_file(&root, "etc/x", rows[i].joined, note, &text), 0);
                cr_expect_str_eq(text.string, rows[i].expected, "%zu: %s", i, text.string);
        }
        cr_expect_eq(text_lines_of_file(&root, "etc/none", false, note, NULL), -ENOENT);
        tree_set_bytes(tree, "etc/x", "a\0b", 3);
        cr_expect_eq(text_lines_of_file(&root, "etc/x", false, note, NULL), -EBADMSG);
}

Test(text_lines, of_folders)
{
        static const char *const folders[] = {"etc/y.d", "run/y.d", "usr/y.d"};
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Text text = TEXT_IN(arena);

        text_lines_of_folders(&root, folders, ARRAY_SIZE(folders), ".conf", false, note, &text);
        cr_expect_str_eq(text.string, "");
        tree_set(tree, "usr/y.d/a.conf", "hidden");
        tree_set(tree, "usr/y.d/z.conf", "last");
        tree_set(tree, "usr/y.d/m.conf", "hidden by a link");
        tree_set(tree, "etc/y.d/a.conf", "first");
        tree_set(tree, "etc/y.d/.b.conf", "hidden");
        tree_set(tree, "etc/y.d/b.conf.dpkg-old", "no suffix");
        tree_set(tree, "etc/y.d/c.conf/d.conf", "a folder");
        tree_link(tree, "etc/y.d/m.conf", "/dev/null");
        tree_set(tree, "run/y.d/e\\ve.conf", "between");
        text_lines_of_folders(&root, folders, ARRAY_SIZE(folders), ".conf", false, note, &text);
        cr_expect_str_eq(text.string,
                "/etc/y.d/a.conf:1=first|/run/y.d/e\\ve.conf:1=between|/usr/y.d/z.conf:1=last|",
                "%s", text.string);
        text = TEXT_IN(arena);
        tree_set(tree, "etc/y.d/\e[2J.conf", "an escape sequence");
        text_lines_of_folders(&root, folders, 1, "J.conf", false, note, &text);
        cr_expect_not_null(strstr(text.string, "an escape sequence"));
        cr_expect_null(strchr(text.string, '\e'), "%s", text.string);
}
