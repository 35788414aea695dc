/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/run-dir.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/tree.h"

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
        cr_assert_eq(run_dir_open(&root, &dir), 0);
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

                cr_assert_eq(run_dir_open(&root, &dir), 0);
                cr_expect_eq(run_dir_write(&dir, "status.json", "{}"), 0);
                run_dir_done(&dir);
                cr_expect_lt(dir.fd, 0);
                cr_expect_lt(dir.lock_fd, 0);
        }
}

Test(run_dir, cannot_be_a_link_or_a_file)
{
        static const struct {
                const char *link, *file;
                int error;
        } cases[] = {
                {"elsewhere", NULL, -ENOTDIR},
                {NULL, "run/vfio-gpu", -ENOTDIR},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_with_run();
                _cleanup_(root_done) Root root = tree_real_root(tree);
                RunDir dir = RUN_DIR_NULL;

                tree_add_directory(tree, "run/elsewhere");
                if (cases[i].link)
                        tree_link(tree, "run/vfio-gpu", cases[i].link);
                else
                        tree_set(tree, cases[i].file, "");
                cr_expect_eq(run_dir_open(&root, &dir), cases[i].error, "%zu", i);
                cr_expect_lt(dir.fd, 0);
        }
}

Test(run_dir, without_run_is_an_error)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_real_root(tree);
        RunDir dir = RUN_DIR_NULL;

        cr_expect_eq(run_dir_open(&root, &dir), -ENOENT);
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
                int r = run_dir_open(root, &dir);

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

        cr_expect_eq(run_dir_open(&root, &dir), 0);
        cr_expect_eq(waitpid(pid, &status, 0), pid);
        cr_expect_eq(status, 0);
}

/* Takes the lock, forks a worker, and is gone; the worker's pid. */
static pid_t leave_worker_behind(const Root *root)
{
        RunDir dir = RUN_DIR_NULL;
        pid_t pid = -1;

        cr_assert_eq(run_dir_open(root, &dir), 0);
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

        cr_expect_eq(run_dir_open(&root, &dir), -EBUSY);
        cr_expect_lt(dir.fd, 0);
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
        cr_expect_eq(run_dir_open(&root, &dir), 0, "the lock of one that died is free");
        run_dir_done(&dir);
}
