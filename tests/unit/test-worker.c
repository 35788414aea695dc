/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/worker.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "host/capabilities.h"

#define MS(s, t)                                                                                   \
        (const WorkerLimits)                                                                       \
        {                                                                                          \
                .step_ms = (s), .total_ms = (t)                                                    \
        }

/* What the steps of a test do, one character each; shared, so that the workers can tell. */
typedef struct Script {
        const char *steps; /* . well, e EIO, h hangs, H cannot be killed, d dies, x exits, s sleeps
                              100 ms */
        pid_t pids[64];    /* who took the step */
        pid_t keeper;      /* who keeps what the worker held */
} Script;

/* A process with the descriptors of this one, that is not killed with it. */
static void leave_a_keeper(pid_t *ret)
{
        pid_t pid = fork();

        if (pid == 0)
                for (;;)
                        pause();
        *ret = pid;
}

static int take(void *context, size_t index)
{
        Script *script = context;

        script->pids[index] = getpid();
        switch (script->steps[index]) {
        case 'e':
                return -EIO;
        case 'h':
                for (;;)
                        pause();
        case 'H':
                leave_a_keeper(&script->keeper);
                for (;;)
                        pause();
        case 'd':
                (void)raise(SIGKILL);
                break;
        case 'x':
                _exit(0);
        case 's':
                (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
                break;
        default:
                break;
        }
        return 0;
}

static Script *script_new(const char *steps)
{
        Script *script = mmap(
                NULL, sizeof(Script), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        cr_assert_neq(script, MAP_FAILED);
        script->steps = steps;
        return script;
}

static int64_t now_ms(void)
{
        struct timespec ts = {0};

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Runs the script, a task for each of its words; the outcomes as text go to `ret`. */
static int64_t run(Script *script, const WorkerLimits *limits, char ret[static 64])
{
        static const char letters[] = {[STEP_NOT_TAKEN] = '-',
                [STEP_DONE] = '.',
                [STEP_FAILED] = 'F',
                [STEP_TIMED_OUT] = 'T'};
        StepOutcome outcomes[64] = {0};
        WorkerTask tasks[64] = {0};
        size_t indices[64], n_tasks = 1, n = strlen(script->steps);
        int64_t start = now_ms();

        cr_assert_lt(n, ARRAY_SIZE(outcomes));
        tasks[0].steps = indices;
        for (size_t i = 0; i < n; i++) {
                indices[i] = i;
                if (script->steps[i] == ' ')
                        tasks[n_tasks++].steps = indices + i + 1;
                else
                        tasks[n_tasks - 1].n_steps++;
        }
        cr_assert_eq(worker_run_all(tasks, n_tasks, take, script, limits, outcomes), 0);
        for (size_t i = 0; i < n; i++) {
                StepOutcome outcome = outcomes[i];

                ret[i] = script->steps[i] == ' ' ? ' ' : letters[outcome.state];
                cr_expect_eq(outcome.error != 0, outcome.state == STEP_FAILED);
                cr_expect_eq(outcome.worker > 0, outcome.state == STEP_TIMED_OUT);
                /* where it came as far as that */
                if (outcome.worker && script->pids[i])
                        cr_expect_eq(outcome.worker, script->pids[i]);
        }
        ret[n] = '\0';
        return now_ms() - start;
}

Test(worker, outcomes)
{
        static const struct {
                const char *steps, *outcomes;
        } scripts[] = {
                {"...", "..."},
                {". .. ...", ". .. ..."},
                {".e.", ".F-"},
                {"e ..", "F .."},
                {"h.. ..", "T-- .."},
                {".h ...", ".T ..."},
                /* who dies has not succeeded, even who ends as if all were well */
                {"d. ..", "F- .."},
                {"x. ..", "F- .."},
                {"..x ..", "..F .."},
                {"", ""},
                {" .", " ."},
                {"e h d .", "F T F ."},
        };

        for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
                char outcomes[64] = "";

                run(script_new(scripts[i].steps), &MS(800, 8000), outcomes);
                cr_expect_str_eq(outcomes, scripts[i].outcomes, "\"%s\": \"%s\", not \"%s\"",
                        scripts[i].steps, outcomes, scripts[i].outcomes);
        }
}

Test(worker, no_tasks)
{
        cr_expect_eq(worker_run_all(NULL, 0, take, NULL, &MS(100, 100), NULL), 0);
}

Test(worker, errors_are_those_of_the_step)
{
        const size_t index = 0;
        const WorkerTask task = {.steps = &index, .n_steps = 1};
        StepOutcome outcome = {0};

        cr_assert_eq(worker_run_all(&task, 1, take, script_new("e"), &MS(500, 500), &outcome), 0);
        cr_expect_eq(outcome.error, EIO);
}

/* Each step has its time anew; all of them together have theirs. */
Test(worker, time)
{
        static const struct {
                const char *steps, *outcomes;
                WorkerLimits limits;
                int64_t at_least, below;
        } scripts[] = {
                {"sss", "...", {250, 3000}, 300, 1000},
                {"s s s s s s s s", ". . . . . . . .", {1500, 3000}, 100, 300},
                {"h h h h", "T T T T", {200, 3000}, 200, 600},
                {"h", "T", {3000, 200}, 200, 600},
                {"ssssssss", "..T-----", {1500, 250}, 250, 600},
                {"h .", "T .", {200, 3000}, 200, 600},
        };

        for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
                char outcomes[64] = "";
                int64_t ms = 0;

                /* what else runs on this machine is not what is measured */
                for (int tries = 0; tries < 9 && (tries == 0 || ms >= scripts[i].below ||
                                                         strcmp(outcomes, scripts[i].outcomes));
                        tries++)
                        ms = run(script_new(scripts[i].steps), &scripts[i].limits, outcomes);
                cr_expect_str_eq(
                        outcomes, scripts[i].outcomes, "%s: %s", scripts[i].steps, outcomes);
                cr_expect_geq(ms, scripts[i].at_least, "%s: %ld ms", scripts[i].steps, (long)ms);
                cr_expect_lt(ms, scripts[i].below, "%s: %ld ms", scripts[i].steps, (long)ms);
        }
}

/* Waits until the process is there no more; somebody may have reaped it already. */
static bool is_dead_within(pid_t pid, int ms)
{
        for (; ms > 0; ms -= 10) {
                if (waitpid(pid, NULL, WNOHANG) == pid || kill(pid, 0) < 0)
                        return true;
                usleep(10000);
        }
        return false;
}

/* Quick tasks share a process. Who is slow or dies costs the others nothing; what went wrong in one
 * task is that task's own. */
Test(worker, who_takes_which_task)
{
        static const struct {
                const char *steps;
                size_t one, other;
                bool same;
        } pairs[] = {
                {".. ..", 0, 1, true},
                {".. ..", 0, 3, true},
                {". . . . . .", 0, 10, true},
                {"e .", 0, 2, true},
                {"s .", 0, 2, false},
                {"s . .", 2, 4, false},
                {"s s", 0, 2, false},
                {"h .", 0, 2, false},
                {"d . .", 0, 2, false},
                {"d . .", 2, 4, true},
                {". d . .", 0, 2, true},
                {". d . .", 0, 4, false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
                pid_t one = 0, other = 0;

                /* on a busy machine any step may be slow */
                for (int tries = 0; tries < 9 && (tries == 0 || (one == other) != pairs[i].same);
                        tries++) {
                        Script *script = script_new(pairs[i].steps);
                        char outcomes[64] = "";

                        run(script, &MS(500, 5000), outcomes);
                        one = script->pids[pairs[i].one];
                        other = script->pids[pairs[i].other];
                }
                cr_expect(one > 0 && other > 0 && one != getpid());
                cr_expect_eq(one == other, pairs[i].same, "%s: %d and %d", pairs[i].steps, (int)one,
                        (int)other);
        }
}

/* Privileges that a worker has given away do not come back. */
Test(worker, other_capabilities_are_another_process)
{
        const size_t steps[] = {0, 1};
        const uint64_t none = 0, some = CAPABILITY(CAP_SYS_MODULE);
        const WorkerTask tasks[] = {{&steps[0], 1, none}, {&steps[1], 1, some}};
        StepOutcome outcomes[2] = {0};
        Script *script = script_new("..");

        cr_assert_eq(worker_run_all(tasks, 2, take, script, &MS(500, 5000), outcomes), 0);
        cr_expect_neq(script->pids[0], script->pids[1]);
}

/* One that is left behind, and holds what it was born with, does not keep those from ending that
 * were there before. */
Test(worker, one_that_hangs_keeps_no_other)
{
        Script *script = script_new("s H .");
        char outcomes[64] = "";

        run(script, &MS(500, 5000), outcomes);
        cr_assert_gt(script->keeper, 0);
        cr_expect_str_eq(outcomes, ". T .");
        cr_expect(is_dead_within(script->pids[0], 2000) && is_dead_within(script->pids[4], 2000));
        cr_expect_eq(kill(script->keeper, SIGKILL), 0);
}

static pid_t started_within(const volatile pid_t *pid, int ms)
{
        for (; ms > 0 && *pid == 0; ms -= 10)
                usleep(10000);
        return *pid;
}

/* Whoever kills the program wants no more changes. */
Test(worker, dies_with_its_parent)
{
        Script *script = script_new("h");
        char outcomes[64] = "";

        cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        pid_t parent = fork();
        cr_assert_geq(parent, 0);
        if (parent == 0) {
                run(script, &MS(20000, 20000), outcomes);
                _exit(0);
        }
        pid_t worker = started_within(&script->pids[0], 2000);
        cr_assert_gt(worker, 0);
        cr_assert_eq(kill(parent, SIGKILL), 0);
        cr_assert_eq(waitpid(parent, NULL, 0), parent);
        cr_expect(is_dead_within(worker, 2000));
}

Test(worker, one_that_hangs_is_killed)
{
        Script *script = script_new("h");
        char outcomes[64] = "";

        run(script, &MS(300, 300), outcomes);
        cr_assert_gt(script->pids[0], 0);
        cr_expect(is_dead_within(script->pids[0], 2000));
}

/* Runs a script with a step that hangs in a process whose output is a pipe, and ends; returns the
 * other end. */
static int read_end_of_hanging(Script *script, int standard)
{
        const WorkerTask task = {.steps = (const size_t[]){0}, .n_steps = 1};
        StepOutcome outcome = {0};
        int fds[2] = {-EBADF, -EBADF};

        cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
        pid_t parent = fork();
        cr_assert_geq(parent, 0);
        if (parent == 0) {
                (void)dup2(fds[1], standard);
                close(fds[1]);
                /* no assertions: in a child of a test they may never come back */
                _exit(worker_run_all(&task, 1, take, script, &MS(20000, 500), &outcome) < 0);
        }
        close(fds[1]);
        return fds[0];
}

static bool ends_within(int fd, int ms)
{
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        char byte = 0;

        return poll(&poll_fd, 1, ms) == 1 && read(fd, &byte, 1) == 0;
}

/* Whoever reads what the program prints must not wait for a worker that is left behind: this one
 * cannot even be killed, as it were in the kernel. */
Test(worker, one_that_hangs_holds_no_output)
{
        static const int standards[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};

        for (size_t i = 0; i < ARRAY_SIZE(standards); i++) {
                Script *script = script_new("H");
                _cleanup_close_ int fd = read_end_of_hanging(script, standards[i]);

                pid_t keeper = started_within(&script->keeper, 20000);
                cr_assert_gt(keeper, 0);
                cr_expect(ends_within(fd, 20000), "descriptor %d is still held", standards[i]);
                cr_expect_eq(kill(keeper, SIGKILL), 0, "it was there all the time");
        }
}
