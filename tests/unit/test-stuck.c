/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/stuck.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/run-place.h"

#define FILE_PATH "run/vfio-gpu/stuck"

/* With two workers that are there. */
static void add_workers(const RunPlace *place)
{
        tree_set(place->tree, "proc/412/comm", "vfio-gpu\n");
        tree_set(place->tree, "proc/413/comm", "vfio-gpu\n");
}

#define PLACE(name)                                                                                \
        RUN_PLACE(name);                                                                           \
        add_workers(&(name))

/* Who is stuck at 01:00.0 and 01:00.1, "-" for nobody. */
static const char *who(const Root *root, char ret[static 128])
{
        _cleanup_(host_freep) Host *host = host_new();
        Function functions[] = {
                {.address = {.bus = 1}},
                {.address = {.bus = 1, .function = 1}},
        };

        host->functions = functions;
        host->n_functions = ARRAY_SIZE(functions);
        stuck_mark(root, host);
        snprintf(ret, 128, "%s, %s", functions[0].stuck ? functions[0].stuck : "-",
                functions[1].stuck ? functions[1].stuck : "-");
        return ret;
}

#define WHO(root) who(root, (char[128]){0})

static const Step steps[] = {
        {.type = STEP_LOAD, .claim = STEP_NO_CLAIM},
        {.type = STEP_BIND, .claim = 0, .address = {.bus = 1}},
        {.type = STEP_BIND, .claim = 0, .address = {.bus = 1, .function = 1}},
};

static int add(const RunPlace *place, Stage stage, const StepOutcome *outcomes)
{
        return stuck_add(&place->root, &place->dir, stage, steps, ARRAY_SIZE(steps), outcomes);
}

Test(stuck, nothing_is_written_of_what_came_back)
{
        static const StepOutcome outcomes[] = {
                {.state = STEP_TIMED_OUT, .worker = 412}, /* of no card */
                {.state = STEP_FAILED, .error = EIO},
                {.state = STEP_TIMED_OUT, .worker = 999}, /* has ended meanwhile */
        };
        PLACE(place);

        cr_assert_eq(add(&place, STAGE_INITRD, outcomes), 0);
        cr_expect_not(root_exists(&place.root, FILE_PATH));
        cr_expect_str_eq(WHO(&place.root), "-, -");
}

Test(stuck, what_two_runs_left_behind)
{
        static const StepOutcome first[] = {{0}, {.state = STEP_TIMED_OUT, .worker = 412}, {0}};
        static const StepOutcome second[] = {{0}, {0}, {.state = STEP_TIMED_OUT, .worker = 413}};
        PLACE(place);

        cr_assert_eq(add(&place, STAGE_INITRD, first), 0);
        cr_expect_str_eq(WHO(&place.root), "process 412 of the initrd stage, -");
        cr_assert_eq(add(&place, STAGE_SYSTEM, second), 0);
        cr_expect_str_eq(WHO(&place.root),
                "process 412 of the initrd stage, process 413 of the system stage");

        _cleanup_free_ char *text = tree_get(place.tree, FILE_PATH);
        cr_expect_str_eq(text, "0000:01:00.0 412 initrd vfio-gpu\n"
                               "0000:01:00.1 413 system vfio-gpu\n");
}

/* A driver that was only slow: the process is gone, or its number is another's. */
Test(stuck, until_it_comes_back)
{
        static const StepOutcome outcomes[] = {{0}, {.state = STEP_TIMED_OUT, .worker = 412}, {0}};
        PLACE(place);

        cr_assert_eq(add(&place, STAGE_INITRD, outcomes), 0);
        tree_set(place.tree, "proc/412/comm", "sh\n");
        cr_expect_str_eq(WHO(&place.root), "-, -");
        tree_remove(place.tree, "proc/412");
        cr_expect_str_eq(WHO(&place.root), "-, -");

        /* what became of another machine's processes nobody knows */
        _cleanup_(root_done) Root other = tree_root(place.tree);
        cr_expect_str_eq(WHO(&other), "process 412 of the initrd stage, -");
}

Test(stuck, what_came_back_is_forgotten)
{
        static const char both[] = "0000:01:00.0 412 initrd vfio-gpu\n"
                                   "0000:01:00.1 413 system vfio-gpu\n";
        PLACE(place);
        const Ops ops = run_place_ops(&place);

        cr_assert_eq(stuck_forget(&place.root, &place.dir, &ops), 0);
        cr_expect_not(root_exists(&place.root, FILE_PATH));
        tree_set(place.tree, FILE_PATH, both);
        cr_assert_eq(stuck_forget(&place.root, &place.dir, &ops), 0);
        cr_expect_str_empty(place.log);

        tree_remove(place.tree, "proc/412");
        cr_assert_eq(stuck_forget(&place.root, &place.dir, &ops), 0);
        cr_expect_str_eq(place.log, " 0000:01:00.0=1");
        _cleanup_free_ char *text = tree_get(place.tree, FILE_PATH);
        cr_expect_str_eq(text, "0000:01:00.1 413 system vfio-gpu\n");

        tree_remove(place.tree, "proc/413");
        cr_assert_eq(stuck_forget(&place.root, &place.dir, &ops), 0);
        cr_expect_str_eq(place.log, " 0000:01:00.0=1 0000:01:00.1=1");
        cr_expect_str_eq(WHO(&place.root), "-, -");
}

Test(stuck, lines_that_nobody_wrote)
{
        static const char *const lines[] = {"", "0000:01:00.0", "0000:01:00.0 412 initrd",
                "0000:01:00 x initrd vfio-gpu", "0000:01:00.0 412 \x1b[2J vfio-gpu",
                "0000:01:00.9 412 initrd vfio-gpu", "nonsense 412 initrd vfio-gpu"};
        PLACE(place);

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                tree_set(place.tree, FILE_PATH, lines[i]);
                cr_expect_str_eq(WHO(&place.root), "-, -", "%s", lines[i]);
        }
}

Test(stuck, cannot_be_written)
{
        static const StepOutcome outcomes[] = {{0}, {.state = STEP_TIMED_OUT, .worker = 412}, {0}};
        PLACE(place);

        closep(&place.dir.fd);
        place.dir.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        cr_expect_eq(add(&place, STAGE_INITRD, outcomes), -ENOTDIR);
}
