/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/publish.h"

#include <criterion/criterion.h>
#include <sys/stat.h>

#include "lib/tree.h"

Test(publish, a_file)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_free_ char *path = tree_path(tree, "etc/f/name");
        _cleanup_free_ char *first = NULL, *second = NULL, *victim = NULL;
        struct stat st = {0};

        cr_expect_eq(publish_file(&root, "etc/f", "name", "text\n"), -ENOENT);
        cr_expect_eq(publish_file(&root, "etc/f", "name", NULL), -ENOENT);
        tree_add_directory(tree, "etc/f");
        cr_expect_eq(publish_file(&root, "etc/f", "name", NULL), 0);
        cr_expect_eq(publish_file(&root, "etc/f", "name", "one\n"), 1);
        first = tree_get(tree, "etc/f/name");
        cr_expect_str_eq(first, "one\n");
        cr_assert_eq(stat(path, &st), 0);
        cr_expect_eq(st.st_mode & 07777u, 0644);

        /* a link of somebody else is replaced, and what it leads to stays as it is */
        tree_remove(tree, "etc/f/name");
        tree_set(tree, "etc/victim", "kept\n");
        tree_link(tree, "etc/f/name", "../victim");
        cr_expect_eq(publish_file(&root, "etc/f", "name", "two\n"), 1);
        second = tree_get(tree, "etc/f/name");
        victim = tree_get(tree, "etc/victim");
        cr_expect_str_eq(second, "two\n");
        cr_expect_str_eq(victim, "kept\n");

        cr_expect_eq(publish_file(&root, "etc/f", "name", NULL), 1);
        cr_expect_eq(publish_file(&root, "etc/f", "name", NULL), 0);
        tree_set(tree, "etc/file", "");
        cr_expect_eq(publish_file(&root, "etc/file", "name", "x"), -ENOTDIR);
        tree_set(tree, "etc/f/name/inside", "");
        cr_expect_eq(publish_file(&root, "etc/f", "name", NULL), -EISDIR);
}
