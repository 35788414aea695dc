/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/at-work.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/run-place.h"

#define FILE_PATH "run/vfio-gpu/at-work"

/* Which of 01:00.0, 01:00.1 and 02:00.0 somebody is stuck at. */
static const char *who(const Root *root, char ret[static 4])
{
        _cleanup_(host_freep) Host *host = host_new();
        Function functions[] = {
                {.address = {.bus = 1}},
                {.address = {.bus = 1, .function = 1}},
                {.address = {.bus = 2}},
        };

        host->functions = functions;
        host->n_functions = ARRAY_SIZE(functions);
        at_work_mark(root, host);
        for (size_t i = 0; i < host->n_functions; i++)
                ret[i] = functions[i].stuck ? 's' : '-';
        ret[host->n_functions] = '\0';
        return ret;
}

#define WHO(root) who(root, (char[4]){0})

static int forget(RunPlace *place)
{
        const Ops ops = run_place_ops(place);

        return at_work_forget(&place->root, &place->dir, &ops);
}

static const Step first_card[] = {
        {.type = STEP_LOAD, .claim = STEP_NO_CLAIM},
        {.type = STEP_HOLD, .claim = 0, .address = {.bus = 1}},
        {.type = STEP_BIND, .claim = 0, .address = {.bus = 1}},
        {.type = STEP_BIND, .claim = 0, .address = {.bus = 1, .function = 1}},
        {.type = STEP_PROBE, .claim = 0, .address = {.bus = 1}},
};
static const Step second_card[] = {{.type = STEP_BIND, .claim = 0, .address = {.bus = 2}}};

static AtWork begin(const RunPlace *place, const Step *steps, size_t n_steps)
{
        AtWork at_work = AT_WORK_NULL;

        cr_assert_eq(at_work_begin(&place->dir, STAGE_SYSTEM, steps, n_steps, &at_work), 0);
        return at_work;
}

/* A run that is killed at the steps, and has left a worker, whose number is returned. */
static pid_t killed_run(const RunPlace *place, const Step *steps, size_t n_steps)
{
        int fds[2], status = 0;
        pid_t worker = 0;

        cr_assert_eq(pipe(fds), 0);
        pid_t run = fork();
        if (run == 0) {
                (void)begin(place, steps, n_steps);
                worker = fork();
                if (worker > 0 && write(fds[1], &worker, sizeof(worker)) == sizeof(worker))
                        (void)raise(SIGKILL);
                for (;;)
                        pause();
        }
        cr_assert_eq(read(fds[0], &worker, sizeof(worker)), (ssize_t)sizeof(worker));
        cr_assert_eq(waitpid(run, &status, 0), run);
        close(fds[0]);
        close(fds[1]);
        return worker;
}

Test(at_work, nothing_is_left_of_a_run_that_ends)
{
        RUN_PLACE(place);
        struct stat st = {0};
        AtWork at_work = begin(&place, first_card, ARRAY_SIZE(first_card));
        _cleanup_free_ char *text = tree_get(place.tree, FILE_PATH);
        char expected[128];

        snprintf(expected, sizeof(expected), "0000:01:00.0 %d system\n0000:01:00.1 %d system\n",
                (int)getpid(), (int)getpid());
        cr_expect_str_eq(text, expected);
        cr_expect_eq(fstat(at_work.fd, &st), 0);
        cr_expect_eq(st.st_mode & 0777, 0600);
        at_work_end(&place.dir, &at_work);
        cr_expect_not(root_exists(&place.root, FILE_PATH));

        at_work = begin(&place, first_card, 1); /* of no card */
        cr_expect_lt(at_work.fd, 0);
        cr_expect_not(root_exists(&place.root, FILE_PATH));
        at_work_end(&place.dir, &at_work);
}

/* Whoever looks while a run is at work does not take it for stuck. */
Test(at_work, a_run_that_is_there)
{
        RUN_PLACE(place);
        AtWork at_work = begin(&place, first_card, ARRAY_SIZE(first_card));
        int status = 0;
        pid_t other = fork();

        if (other == 0)
                _exit(strcmp(WHO(&place.root), "---") != 0);
        cr_assert_eq(waitpid(other, &status, 0), other);
        cr_expect_eq(status, 0);
        at_work_end(&place.dir, &at_work);
}

Test(at_work, a_killed_run_whose_worker_hangs)
{
        RUN_PLACE(place);
        pid_t worker = killed_run(&place, first_card, ARRAY_SIZE(first_card));

        cr_expect_str_eq(WHO(&place.root), "ss-");
        cr_expect_eq(forget(&place), 0);
        cr_expect_str_empty(place.log);
        cr_expect_str_eq(WHO(&place.root), "ss-");

        /* a run for another card does not make it forgotten */
        AtWork at_work = begin(&place, second_card, ARRAY_SIZE(second_card));
        at_work_end(&place.dir, &at_work);
        cr_expect_str_eq(WHO(&place.root), "ss-");

        /* the worker of another machine is not known to be there */
        _cleanup_(root_done) Root other = tree_root(place.tree);
        cr_expect_str_eq(WHO(&other), "---");

        cr_assert_eq(kill(worker, SIGKILL), 0);
        cr_expect_str_eq(WHO(&place.root), "---");
        cr_expect_eq(forget(&place), 0);
        cr_expect_str_eq(place.log, " 0000:01:00.0=1 0000:01:00.1=1");
        cr_expect_not(root_exists(&place.root, FILE_PATH));
}

Test(at_work, two_killed_runs)
{
        RUN_PLACE(place);
        pid_t first = killed_run(&place, first_card, ARRAY_SIZE(first_card));
        pid_t second = killed_run(&place, second_card, ARRAY_SIZE(second_card));

        cr_expect_str_eq(WHO(&place.root), "sss");
        (void)kill(first, SIGKILL);
        (void)kill(second, SIGKILL);
        cr_expect_eq(forget(&place), 0);
        cr_expect_str_eq(WHO(&place.root), "---");
}

/* Its workers went with it: a number that somebody else has by now is nobody's. */
Test(at_work, a_killed_run_without_workers)
{
        RUN_PLACE(place);

        tree_set(place.tree, FILE_PATH,
                "0000:01:00.0 1 system\nnonsense\n0000:02:00.0 1 \x1b[2J\n0000:02:00.9 1 system\n");
        cr_expect_str_eq(WHO(&place.root), "---");
        cr_expect_eq(forget(&place), 0);
        cr_expect_str_eq(place.log, " 0000:01:00.0=1");
        cr_expect_not(root_exists(&place.root, FILE_PATH));
        cr_expect_eq(forget(&place), 0);
}

Test(at_work, cannot_be_written)
{
        RUN_PLACE(place);
        AtWork at_work = AT_WORK_NULL;

        tree_add_directory(place.tree, FILE_PATH);
        cr_expect_eq(at_work_begin(&place.dir, STAGE_SYSTEM, first_card, ARRAY_SIZE(first_card),
                             &at_work),
                -EISDIR);
        at_work_end(&place.dir, &at_work);
}
