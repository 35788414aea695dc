/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "host/capabilities.h"

/* What a worker tells about each of its steps; smaller than PIPE_BUF, so it arrives whole. */
typedef struct Note {
        size_t step;
        int result;
} Note;

typedef struct Worker {
        const WorkerTask *task;
        size_t n_done;
        pid_t pid;
        int fd; /* where its notes come from; negative once it is finished with */
        int64_t deadline;
} Worker;

/* One that hangs must not hold the other end of a pipe that somebody reads our output from. */
static void let_go_of_output(void)
{
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
                if (fd < 0)
                        close(standard);
                else
                        (void)dup2(fd, standard);
}

static void work(
        const WorkerTask *task, WorkerFunction function, void *context, int fd, pid_t parent)
{
        /* whoever kills the parent wants no more changes, and may have done so before this */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(0);
        let_go_of_output();

        int r = capabilities_keep(task->capabilities);
        for (size_t i = 0; i < task->n_steps; i++) {
                Note note = {.step = task->steps[i]};

                note.result = r < 0 ? r : function(context, note.step);
                if (write(fd, &note, sizeof(note)) != sizeof(note) || note.result < 0)
                        break;
        }
        _exit(0);
}

static int start(Worker *worker, WorkerFunction function, void *context)
{
        int fds[2] = {-EBADF, -EBADF};

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;

        pid_t parent = getpid();
        pid_t pid = fork();
        if (pid < 0) {
                int error = errno;

                close(fds[0]);
                close(fds[1]);
                return -error;
        }
        if (pid == 0)
                work(worker->task, function, context, fds[1], parent);
        close(fds[1]);
        worker->pid = pid;
        worker->fd = fds[0];
        return 0;
}

static void finish(Worker *worker)
{
        close(worker->fd);
        worker->fd = -EBADF;
        /* One that sits in the kernel is not waited for; the reaper of orphans gets it. */
        (void)waitpid(worker->pid, NULL, WNOHANG);
}

/* The step that it is at has come to this. */
static void fail(const Worker *worker, StepOutcome outcome, StepOutcome *outcomes)
{
        if (worker->n_done < worker->task->n_steps)
                outcomes[worker->task->steps[worker->n_done]] = outcome;
}

/* Takes the notes that are there. */
static void listen(Worker *worker, const WorkerLimits *limits, StepOutcome *outcomes)
{
        Note note = {0};
        ssize_t n = read(worker->fd, &note, sizeof(note));

        if (n < 0 && errno == EINTR)
                return;
        if (n != sizeof(note)) {
                /* it died */
                fail(worker, (StepOutcome){.state = STEP_FAILED, .error = EIO}, outcomes);
                finish(worker);
                return;
        }
        outcomes[note.step] = (StepOutcome){
                .state = note.result < 0 ? STEP_FAILED : STEP_DONE,
                .error = note.result < 0 ? -note.result : 0,
        };
        worker->n_done++;
        worker->deadline = clock_ms() + limits->step_ms;
        if (note.result < 0 || worker->n_done == worker->task->n_steps)
                finish(worker);
}

static void give_up(Worker *worker, StepOutcome *outcomes)
{
        fail(worker, (StepOutcome){.state = STEP_TIMED_OUT, .worker = worker->pid}, outcomes);
        (void)kill(worker->pid, SIGKILL);
        finish(worker);
}

static int64_t earliest(const Worker *workers, size_t n, int64_t end)
{
        for (size_t i = 0; i < n; i++)
                if (workers[i].fd >= 0 && workers[i].deadline < end)
                        end = workers[i].deadline;
        return end;
}

static size_t n_running(const Worker *workers, size_t n)
{
        size_t running = 0;

        for (size_t i = 0; i < n; i++)
                running += workers[i].fd >= 0;
        return running;
}

static void watch(Worker *workers, struct pollfd *fds, size_t n, const WorkerLimits *limits,
        StepOutcome *outcomes)
{
        const int64_t end = clock_ms() + limits->total_ms;

        while (n_running(workers, n) > 0) {
                int64_t wait = earliest(workers, n, end) - clock_ms();

                for (size_t i = 0; i < n; i++)
                        fds[i] = (struct pollfd){.fd = workers[i].fd, .events = POLLIN};
                if (poll(fds, n, wait > 0 ? (int)wait : 0) < 0 && errno != EINTR)
                        wait = 0;
                for (size_t i = 0; i < n; i++) {
                        if (workers[i].fd < 0)
                                continue;
                        /* a note that came in time counts, however late it is read */
                        if (fds[i].revents)
                                listen(&workers[i], limits, outcomes);
                        else if (clock_ms() >= workers[i].deadline || clock_ms() >= end)
                                give_up(&workers[i], outcomes);
                }
        }
}

int worker_run_all(const WorkerTask *tasks, size_t n_tasks, WorkerFunction function, void *context,
        const WorkerLimits *limits, StepOutcome *outcomes)
{
        _cleanup_free_ Worker *workers = calloc(n_tasks ? n_tasks : 1, sizeof(Worker));
        _cleanup_free_ struct pollfd *fds = calloc(n_tasks ? n_tasks : 1, sizeof(struct pollfd));

        if (!workers || !fds)
                return -ENOMEM;
        for (size_t i = 0; i < n_tasks; i++) {
                workers[i] = (Worker){.task = &tasks[i], .fd = -EBADF};
                workers[i].deadline = clock_ms() + limits->step_ms;

                int r = tasks[i].n_steps ? start(&workers[i], function, context) : 0;
                if (r < 0)
                        fail(&workers[i], (StepOutcome){.state = STEP_FAILED, .error = -r},
                                outcomes);
        }
        watch(workers, fds, n_tasks, limits, outcomes);
        return 0;
}
