/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/run-dir.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/tree.h"

/* For what the tests do not look at. */
static const char *trouble;

static Tree *tree_with_run(void)
{
        Tree *tree = tree_new();

        tree_add_directory(tree, "run");
        return tree;
}

Test(run_dir, is_made_with_a_lock_and_readable_files)
{
        _cleanup_(tree_freep) Tree *tree = tree_with_run();
        _cleanup_(root_done) Root root = tree_real_root(tree);
        _cleanup_(run_dir_done) RunDir dir = RUN_DIR_NULL;
        struct stat st = {0};

        umask(077);
        cr_assert_eq(run_dir_open(&root, 5000, &dir, &trouble), 0);
        cr_assert_eq(run_dir_write(&dir, "status.json", "{}"), 0);
        cr_assert_eq(fstatat(dir.fd, "status.json", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0644);
        cr_assert_eq(fstat(dir.fd, &st), 0);
        cr_expect_eq(st.st_mode & 07777, 0755, "mode %o: others cannot read what is in it",
                st.st_mode & 07777);
}

Test(run_dir, may_be_there_already)
{
        _cleanup_(tree_freep) Tree *tree = tree_with_run();
        _cleanup_(root_done) Root root = tree_real_root(tree);

        for (int i = 0; i < 2; i++) {
                RunDir dir = RUN_DIR_NULL;

                cr_assert_eq(run_dir_open(&root, 5000, &dir, &trouble), 0);
                cr_expect_eq(run_dir_write(&dir, "status.json", "{}"), 0);
                run_dir_done(&dir);
                cr_expect_lt(dir.fd, 0);
                cr_expect_lt(dir.lock_fd, 0);
        }
}

typedef struct Squat {
        const char *name;
        void (*make)(Tree *tree);
        int error;
        const char *words;
} Squat;

static void make_link(Tree *tree)
{
        tree_add_directory(tree, "run/elsewhere");
        tree_link(tree, "run/vfio-gpu", "elsewhere");
}

static void make_file(Tree *tree)
{
        tree_set(tree, "run/vfio-gpu", "");
}

static void make_folder(Tree *tree, mode_t mode, uid_t owner)
{
        _cleanup_free_ char *path = tree_path(tree, "run/vfio-gpu");

        tree_add_directory(tree, "run/vfio-gpu");
        cr_assert_eq(chown(path, owner, (gid_t)-1), 0);
        cr_assert_eq(chmod(path, mode), 0);
}

static void make_group_writable(Tree *tree)
{
        make_folder(tree, 0775, geteuid());
}

static void make_writable_for_all(Tree *tree)
{
        make_folder(tree, 01777, geteuid());
}

static void make_anothers(Tree *tree)
{
        make_folder(tree, 0755, 1000);
}

static void make_lock_fifo(Tree *tree)
{
        _cleanup_free_ char *path = tree_path(tree, "run/vfio-gpu/lock");

        tree_add_directory(tree, "run/vfio-gpu");
        cr_assert_eq(mkfifo(path, 0600), 0);
}

static void make_lock_link(Tree *tree)
{
        tree_set(tree, "run/victim", "");
        tree_add_directory(tree, "run/vfio-gpu");
        tree_link(tree, "run/vfio-gpu/lock", "../victim");
}

static void make_lock_folder(Tree *tree)
{
        tree_add_directory(tree, "run/vfio-gpu/lock");
}

#define NO_FOLDER "it is a link or a file, not a folder"
#define NOT_OURS  "it belongs to somebody else, or others can write to it"
#define NO_LOCK   "its `lock` is no file"

/* Who comes first could otherwise choose what root reads, and where root writes. */
Test(run_dir, what_others_have_put_there_is_not_used, .timeout = 10)
{
        static const Squat squats[] = {
                {"a link", make_link, -ENOTDIR, NO_FOLDER},
                {"a file", make_file, -ENOTDIR, NO_FOLDER},
                {"writable for the group", make_group_writable, -EPERM, NOT_OURS},
                {"writable for all", make_writable_for_all, -EPERM, NOT_OURS},
                {"another's", make_anothers, -EPERM, NOT_OURS},
                {"a FIFO for a lock", make_lock_fifo, -EISNAM, NO_LOCK},
                {"a link for a lock", make_lock_link, -ELOOP, NO_LOCK},
                {"a folder for a lock", make_lock_folder, -EISDIR, NO_LOCK},
        };

        for (size_t i = 0; i < ARRAY_SIZE(squats); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_with_run();
                _cleanup_(root_done) Root root = tree_real_root(tree);
                RunDir dir = RUN_DIR_NULL;

                if (squats[i].make == make_anothers && geteuid() != 0)
                        continue;
                squats[i].make(tree);
                cr_expect_eq(run_dir_open(&root, 5000, &dir, &trouble), squats[i].error, "%s",
                        squats[i].name);
                cr_expect_lt(dir.fd, 0);
                cr_expect(strncmp(trouble, squats[i].words, strlen(squats[i].words)) == 0, "%s: %s",
                        squats[i].name, trouble);
        }
}

/* Root's own leftovers. */
Test(run_dir, what_stands_in_a_report_s_place_is_replaced_and_not_followed, .timeout = 10)
{
        _cleanup_(tree_freep) Tree *tree = tree_with_run();
        _cleanup_(root_done) Root root = tree_real_root(tree);
        _cleanup_(run_dir_done) RunDir dir = RUN_DIR_NULL;
        _cleanup_free_ char *fifo = tree_path(tree, "run/vfio-gpu/system.json");
        _cleanup_free_ char *victim = NULL;
        _cleanup_free_ char *text = NULL;

        tree_set(tree, "run/victim", "mine");
        tree_add_directory(tree, "run/vfio-gpu/initrd.json");
        tree_link(tree, "run/vfio-gpu/status.json", "../victim");
        cr_assert_eq(mkfifo(fifo, 0600), 0);
        cr_assert_eq(run_dir_open(&root, 5000, &dir, &trouble), 0);
        cr_expect_eq(run_dir_write(&dir, "status.json", "{}"), 0);
        cr_expect_eq(run_dir_write(&dir, "system.json", "{}"), 0);
        cr_expect_eq(run_dir_write(&dir, "initrd.json", "{}"), -EISDIR);
        victim = tree_get(tree, "run/victim");
        cr_expect_str_eq(victim, "mine");
        text = tree_get(tree, "run/vfio-gpu/system.json");
        cr_expect_str_eq(text, "{}");
}

Test(run_dir, without_run_is_an_error)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_real_root(tree);
        RunDir dir = RUN_DIR_NULL;

        cr_expect_eq(run_dir_open(&root, 5000, &dir, &trouble), -ENOENT);
}

/* Holds the lock for a while, as another run would; the pid, to be waited for. */
static pid_t lock_for(const Root *root, unsigned ms)
{
        int fds[2] = {-1, -1};
        char ready = 0;

        cr_assert_eq(pipe(fds), 0);
        pid_t pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0) {
                RunDir dir = RUN_DIR_NULL;
                int r = run_dir_open(root, 5000, &dir, &trouble);

                (void)!write(fds[1], &ready, 1);
                usleep(ms * 1000);
                _exit(r == 0 ? 0 : 1);
        }
        cr_assert_eq(read(fds[0], &ready, 1), 1);
        close(fds[0]);
        close(fds[1]);
        return pid;
}

Test(run_dir, a_run_waits_for_the_other, .timeout = 4)
{
        _cleanup_(tree_freep) Tree *tree = tree_with_run();
        _cleanup_(root_done) Root root = tree_real_root(tree);
        _cleanup_(run_dir_done) RunDir dir = RUN_DIR_NULL;
        int status = -1;
        pid_t pid = lock_for(&root, 200);

        cr_expect_eq(run_dir_open(&root, 5000, &dir, &trouble), 0);
        cr_expect_eq(waitpid(pid, &status, 0), pid);
        cr_expect_eq(status, 0);
}

/* Takes the lock, forks a worker, and is gone; the worker's pid. */
static pid_t leave_worker_behind(const Root *root)
{
        RunDir dir = RUN_DIR_NULL;
        pid_t pid = -1;

        cr_assert_eq(run_dir_open(root, 5000, &dir, &trouble), 0);
        pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0) {
                pause();
                _exit(0);
        }
        run_dir_done(&dir);
        return pid;
}

Test(run_dir, a_worker_left_behind_holds_no_lock, .timeout = 15)
{
        _cleanup_(tree_freep) Tree *tree = tree_with_run();
        _cleanup_(root_done) Root root = tree_real_root(tree);
        pid_t worker = leave_worker_behind(&root);
        pid_t next = lock_for(&root, 0);
        int status = -1;

        cr_assert_eq(waitpid(next, &status, 0), next);
        cr_expect_eq(status, 0, "the next run cannot start");
        cr_assert_eq(kill(worker, SIGKILL), 0);
        cr_assert_eq(waitpid(worker, NULL, 0), worker);
}

/* But not for one that never ends. */
Test(run_dir, and_gives_up, .timeout = 15)
{
        _cleanup_(tree_freep) Tree *tree = tree_with_run();
        _cleanup_(root_done) Root root = tree_real_root(tree);
        RunDir dir = RUN_DIR_NULL;
        pid_t pid = lock_for(&root, 20000);

        cr_expect_eq(run_dir_open(&root, 5000, &dir, &trouble), -EBUSY);
        cr_expect_lt(dir.fd, 0);
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
        cr_expect_eq(
                run_dir_open(&root, 5000, &dir, &trouble), 0, "the lock of one that died is free");
        run_dir_done(&dir);
}
