/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/tree.h"

/* The files of a test are in the folder `f`. */
static int open_folder(Tree *tree)
{
        tree_add_directory(tree, "f");
        _cleanup_free_ char *path = tree_path(tree, "f");
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        cr_assert_geq(fd, 0);
        return fd;
}

static void expect_text(const Tree *tree, const char *name, const char *expected)
{
        _cleanup_free_ char *text = tree_get(tree, name);

        cr_expect_str_eq(text, expected);
}

/* How much there is beside what is `expected`. */
static size_t others(const Tree *tree, const char *expected)
{
        _cleanup_free_ char *path = tree_path(tree, "f");
        _cleanup_closedir_ DIR *folder = opendir(path);
        size_t n = 0;

        cr_assert(folder);
        for (const struct dirent *entry; (entry = readdir(folder));)
                n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                     strcmp(entry->d_name, expected) != 0;
        return n;
}

static void begin(int folder, FileDraft *ret, const char *text)
{
        cr_assert_eq(file_draft_begin(folder, "report", 0644, ret), 0);
        cr_assert_eq(file_write(ret->fd, text, strlen(text)), 0);
}

static void check_two_at_once(const Tree *tree, int folder)
{
        FileDraft one = FILE_DRAFT_NULL, two = FILE_DRAFT_NULL, three = FILE_DRAFT_NULL;

        begin(folder, &one, "one");
        begin(folder, &two, "two");
        begin(folder, &three, "given up");
        cr_expect_eq(file_draft_commit(&two, "report", true), 0);
        expect_text(tree, "f/report", "two");
        cr_expect_eq(file_draft_commit(&one, "report", true), 0);
        file_draft_done(&one);
        file_draft_done(&two);
        file_draft_done(&three);
        expect_text(tree, "f/report", "one");
        cr_expect_eq(others(tree, "report"), 0);
}

static void check_all(void)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);
        struct stat st = {0};

        umask(077);
        cr_assert_eq(file_create_at(fd, "report", "one", 0644), 0);
        cr_assert_eq(fstatat(fd, "report", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0644);
        cr_expect_eq(file_create_at(fd, "report", "two", 0644), -EEXIST);
        expect_text(tree, "f/report", "one");
        cr_expect_eq(file_replace_at(fd, "report", "", 0640), 0);
        expect_text(tree, "f/report", "");
        cr_assert_eq(fstatat(fd, "report", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0640);
        cr_expect_eq(st.st_nlink, 1);
        cr_expect_eq(others(tree, "report"), 0);
        check_two_at_once(tree, fd);
}

/* From here on the system call fails where these bits are set in its argument. */
static void deny(unsigned number, unsigned argument, unsigned bits, unsigned error)
{
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                        (unsigned)offsetof(struct seccomp_data, args) + 8 * argument),
                BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {ARRAY_SIZE(filter), filter};

        cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void deny_nameless(void)
{
        deny(SYS_openat, 2, O_TMPFILE, EOPNOTSUPP);
}

Test(file, is_made_and_replaced)
{
        check_all();
}

Test(file, where_all_have_names)
{
        deny_nameless();
        check_all();
}

Test(file, where_there_are_no_links)
{
        deny_nameless();
        deny(SYS_linkat, 0, 0, EPERM);
        check_all();
}

Test(file, where_to_rename_is_to_replace)
{
        deny_nameless();
        deny(SYS_renameat2, 4, RENAME_NOREPLACE, EINVAL);
        check_all();
}

Test(file, a_link_is_replaced_and_never_followed)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);

        tree_set(tree, "f/victim", "mine");
        tree_link(tree, "f/report", "victim");
        cr_assert_eq(file_replace_at(fd, "report", "two", 0644), 0);
        expect_text(tree, "f/victim", "mine");
        expect_text(tree, "f/report", "two");
        tree_link(tree, "f/link", "nowhere");
        cr_expect_eq(file_create_at(fd, "link", "two", 0644), -EEXIST);
        cr_expect_eq(faccessat(fd, "nowhere", F_OK, 0), -1);
}

Test(file, who_is_killed_leaves_nothing)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);
        FileDraft draft = FILE_DRAFT_NULL;
        pid_t child = fork();

        if (child == 0) {
                begin(fd, &draft, "half of");
                kill(getpid(), SIGKILL);
        }
        cr_assert_eq(waitpid(child, NULL, 0), child);
        cr_expect_eq(others(tree, ""), 0);
}

/* The old file stays, and nothing half-written does. */
Test(file, failure_leaves_all_as_it_was)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_close_ int fd = open_folder(tree);

        tree_add_directory(tree, "f/report/inside");
        cr_expect_eq(file_replace_at(fd, "report", "new", 0644), -EISDIR);
        cr_expect_eq(others(tree, "report"), 0);
        cr_expect_eq(faccessat(fd, "report/inside", F_OK, 0), 0);
        cr_expect_eq(file_replace_at(-EBADF, "x", "new", 0644), -EBADF);
        cr_expect_eq(file_create_at(-EBADF, "x", "new", 0644), -EBADF);
}

Test(file, proc_is_read_with_room_to_spare)
{
        const size_t size = (size_t)16 * 1024 * 1024;
        _cleanup_free_ char *buffer = malloc(size);
        _cleanup_close_ int fd = open("/proc/sys/kernel/osrelease", O_RDONLY | O_CLOEXEC);

        cr_assert(fd >= 0 && buffer);
        cr_expect_gt(file_read_up_to(fd, buffer, size), 0);
}
