/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tree.h"

static int open_folder(const Tree *tree)
{
        int fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        cr_assert_geq(fd, 0);
        return fd;
}

static void expect_text(const Tree *tree, const char *name, const char *expected)
{
        _cleanup_free_ char *text = tree_get(tree, name);

        cr_expect_str_eq(text, expected);
}

static bool exists(const Tree *tree, const char *name)
{
        _cleanup_free_ char *path = tree_path(tree, name);
        struct stat st = {0};

        return lstat(path, &st) == 0;
}

Test(file, is_made_and_replaced_with_its_mode)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);
        struct stat st = {0};

        umask(077);
        cr_assert_eq(file_replace_at(fd, "report", "one", 0644), 0);
        expect_text(tree, "report", "one");
        cr_assert_eq(file_replace_at(fd, "report", "", 0644), 0);
        expect_text(tree, "report", "");
        cr_assert_eq(fstatat(fd, "report", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0644);
        cr_expect_not(exists(tree, ".report.new"));
}

Test(file, a_link_is_replaced_and_never_followed)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);

        tree_set(tree, "victim", "mine");
        tree_link(tree, "report", "victim");
        tree_link(tree, ".report.new", "victim");
        cr_assert_eq(file_replace_at(fd, "report", "two", 0644), 0);
        expect_text(tree, "victim", "mine");
        expect_text(tree, "report", "two");
}

Test(file, what_a_killed_run_left_is_no_obstacle)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);

        tree_set(tree, ".report.new", "half of it");
        cr_assert_eq(file_replace_at(fd, "report", "whole", 0644), 0);
        expect_text(tree, "report", "whole");
}

Test(file, what_is_there_is_never_replaced)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);
        struct stat st = {0};

        umask(077);
        cr_assert_eq(file_create_at(fd, "config", "one", 0644), 0);
        cr_assert_eq(fstatat(fd, "config", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0644);
        cr_expect_eq(st.st_nlink, 1);
        cr_expect_eq(file_create_at(fd, "config", "two", 0644), -EEXIST);
        expect_text(tree, "config", "one");
        tree_link(tree, "link", "nowhere");
        cr_expect_eq(file_create_at(fd, "link", "two", 0644), -EEXIST);
        cr_expect_not(exists(tree, "nowhere"));
        cr_expect_not(exists(tree, ".config.new"));
        cr_expect_not(exists(tree, ".link.new"));
        cr_expect_eq(file_create_at(-EBADF, "x", "new", 0644), -EBADF);
}

/* The old file stays, and nothing half-written does. */
Test(file, failure_leaves_all_as_it_was)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);

        tree_add_directory(tree, "report/inside");
        cr_expect_eq(file_replace_at(fd, "report", "new", 0644), -EISDIR);
        cr_expect_not(exists(tree, ".report.new"));
        cr_expect(exists(tree, "report/inside"));
        tree_add_directory(tree, ".other.new");
        cr_expect_lt(file_replace_at(fd, "other", "new", 0644), 0);
        cr_expect_not(exists(tree, "other"));
        cr_expect_eq(file_replace_at(-EBADF, "x", "new", 0644), -EBADF);
}

Test(file, proc_is_read_with_room_to_spare)
{
        const size_t size = (size_t)16 * 1024 * 1024;
        _cleanup_free_ char *buffer = malloc(size);
        _cleanup_close_ int fd = open("/proc/sys/kernel/osrelease", O_RDONLY | O_CLOEXEC);

        cr_assert(fd >= 0 && buffer);
        cr_expect_gt(file_read_up_to(fd, buffer, size), 0);
}
