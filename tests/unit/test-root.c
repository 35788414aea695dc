/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "host/root.h"
#include "lib/tree.h"

/* A file of this machine that a tree must not show. */
#define OUTSIDE "/etc/passwd"

Test(root, reads_text)
{
        static const struct {
                const char *name;
                const char *content;
                size_t size, max;
                int r;
                const char *text;
        } cases[] = {
                {"newline", "word\n", 5, 64, 0, "word"},
                {"one newline only", "word\n\n", 6, 64, 0, "word\n"},
                {"no newline", "word", 4, 64, 0, "word"},
                {"empty", "", 0, 64, 0, ""},
                {"exactly max", "12345678", 8, 8, 0, "12345678"},
                {"too large", "123456789", 9, 8, -EFBIG, NULL},
                {"binary", "wo\0rd", 5, 64, -EBADMSG, NULL},
        };
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = NULL;

                tree_set_bytes(tree, "etc/file", cases[i].content, cases[i].size);
                cr_assert_eq(root_read(&root, "etc/file", cases[i].max, &text), cases[i].r, "%s",
                        cases[i].name);
                if (cases[i].text)
                        cr_assert_str_eq(text, cases[i].text, "%s", cases[i].name);
                else
                        cr_assert_null(text, "%s", cases[i].name);
        }
}

Test(root, errors_of_reading)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_free_ char *fifo = tree_path(tree, "fifo");
        char *text = NULL;

        cr_assert_eq(root_read(&root, "none", 64, &text), -ENOENT);
        cr_assert_eq(root_read(&root, "proc", 64, &text), -EISDIR);
        cr_assert_eq(root_read(&root, "proc/cmdline/x", 64, &text), -ENOTDIR);
        cr_assert_eq(mkfifo(fifo, 0600), 0);
        cr_assert_eq(root_read(&root, "fifo", 64, &text), 0, "a FIFO is not waited for");
        cr_assert_str_eq(text, "");
        free(text);
}

Test(root, links_stay_inside)
{
        static const struct {
                const char *path, *target, *read;
                int r;
        } cases[] = {
                {"etc/absolute", OUTSIDE, "etc/absolute", -ENOENT},
                {"etc/up", "../../../../../../" OUTSIDE, "etc/up", -ENOENT},
                {"var", "/etc", "var/passwd", -ENOENT},
                {"etc/inside", "/proc/cmdline", "etc/inside", 0},
                {"etc/relative", "../proc/cmdline", "etc/relative", 0},
                {"etc/loop", "loop", "etc/loop", -ELOOP},
        };
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = NULL;

                tree_link(tree, cases[i].path, cases[i].target);
                cr_assert_eq(root_read(&root, cases[i].read, 4096, &text), cases[i].r, "%s",
                        cases[i].path);
                cr_assert_eq(
                        root_exists(&root, cases[i].read), cases[i].r == 0, "%s", cases[i].path);
                if (cases[i].r == 0)
                        cr_assert_str_eq(text, "root=/dev/vda ro");
        }
}

Test(root, leading_slash_means_the_tree)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);

        cr_assert(root_exists(&root, "/proc/cmdline"));
        cr_assert_not(root_exists(&root, OUTSIDE));
}

Test(root, link_names)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(root_done) Root real = tree_real_root(tree);
        const Root *roots[] = {&root, &real};
        char *name = NULL;

        tree_link(tree, "a/dangling", "../../drivers/nouveau");
        tree_link(tree, "a/plain", "vfio-pci");
        for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
                cr_assert_eq(root_link_name(roots[i], "a/dangling", &name), 0);
                cr_assert_str_eq(name, "nouveau");
                free(name);
                cr_assert_eq(root_link_target(roots[i], "a/dangling", &name), 0);
                cr_assert_str_eq(name, "../../drivers/nouveau");
                free(name);
                cr_assert_eq(root_link_name(roots[i], "a/plain", &name), 0);
                cr_assert_str_eq(name, "vfio-pci");
                free(name);
                cr_assert_eq(root_link_name(roots[i], "a/none", &name), -ENOENT);
                cr_assert_eq(root_link_name(roots[i], "proc/cmdline", &name), -EINVAL);
                cr_assert_eq(root_link_target(roots[i], "a/none", &name), -ENOENT);
                cr_assert_eq(root_link_target(roots[i], "proc/cmdline", &name), -EINVAL);
        }
}

Test(root, directories)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        char path[FILE_FD_PATH_SIZE];

        cr_assert_eq(root_open_directory(&root, "proc/cmdline", &fd), -ENOTDIR);
        cr_assert_eq(root_open_directory(&root, "none", &fd), -ENOENT);
        cr_assert_eq(root_open_directory(&root, "proc", &fd), 0);
        cr_assert_eq(directory_read(fd, "cmdline", 64, &text), 0);
        cr_assert_str_eq(text, "root=/dev/vda ro");

        tree_link(tree, "proc/link", "cmdline");
        cr_assert_eq(directory_read(fd, "link", 64, &text), -ELOOP, "links are not followed");
        cr_assert_eq(chdir(file_fd_path(fd, path)), 0);
        cr_assert_eq(access("cmdline", R_OK), 0);
        cr_assert_eq(chdir("/"), 0);
}

Test(root, opens_this_machine_or_another)
{
        _cleanup_(root_done) Root real = ROOT_NULL;
        _cleanup_(root_done) Root other = ROOT_NULL;
        _cleanup_(root_done) Root none = ROOT_NULL;

        cr_assert_eq(root_open(NULL, NULL, &real), 0);
        cr_assert(real.real);
        cr_assert_str_eq(real.path, "/");
        cr_assert_eq(root_open("/tmp", "6.1", &other), 0);
        cr_assert_not(other.real);
        cr_assert_str_eq(other.release, "6.1");
        cr_assert_eq(root_open("/none", NULL, &none), -ENOENT);
        cr_assert_eq(root_open(OUTSIDE, NULL, &none), -ENOTDIR);
        cr_assert_eq(none.fd, -EBADF, "set on success only");
}
