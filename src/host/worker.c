/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "host/capabilities.h"

/* What a worker tells about each of its steps. */
typedef struct Note {
        size_t step;
        int result;
} Note;

typedef struct Worker {
        const WorkerTask *task; /* that it is at */
        size_t n_done;
        uint64_t capabilities;
        pid_t pid;
        int fd; /* where its notes come from, and its tasks go to; negative once it is finished with
                 */
        int64_t deadline;
} Worker;

typedef struct Pool {
        const WorkerTask *tasks;
        size_t n_tasks, next; /* those before `next` were given to somebody */
        WorkerFunction function;
        void *context;
        const WorkerLimits *limits;
        StepOutcome *outcomes;
        Worker *workers;
        size_t n_workers;
        int64_t patience; /* until here one worker is thought to be enough */
        int64_t end;
} Pool;

/*
 * Most tasks are a write that the kernel answers at once, and a process costs more than all of
 * them: one worker takes them in turn. From here on it is thought that one of them is slow, and
 * each that nobody has begun gets a worker of its own. Long beside the writes for a dozen cards,
 * short beside a driver's probe.
 */
#define PATIENCE_MS 10

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

/* One task: its steps, until one does not succeed. */
static bool take_task(const Pool *pool, const WorkerTask *task, int fd, int error)
{
        for (size_t i = 0; i < task->n_steps; i++) {
                Note note = {.step = task->steps[i]};

                note.result = error < 0 ? error : pool->function(pool->context, note.step);
                if (send(fd, &note, sizeof(note), MSG_NOSIGNAL) != sizeof(note))
                        return false;
                if (note.result < 0)
                        break;
        }
        return true;
}

static void work(const Pool *pool, uint64_t capabilities, int fd, pid_t parent)
{
        /* whoever kills the parent wants no more changes, and may have done so before this */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(0);
        let_go_of_output();
        /* else the others do not see the end of theirs for as long as this one hangs */
        for (size_t i = 0; i < pool->n_workers; i++)
                closep(&pool->workers[i].fd);

        int r = capabilities_keep(capabilities);
        for (size_t task = 0; recv(fd, &task, sizeof(task), 0) == sizeof(task);)
                if (!take_task(pool, &pool->tasks[task], fd, r))
                        break;
        _exit(0);
}

static int give(const Pool *pool, Worker *worker, const WorkerTask *task)
{
        const size_t index = (size_t)(task - pool->tasks);

        if (send(worker->fd, &index, sizeof(index), MSG_NOSIGNAL) < 0)
                return -errno;
        worker->task = task;
        worker->n_done = 0;
        worker->deadline = clock_ms() + pool->limits->step_ms;
        return 0;
}

static void finish(Worker *worker)
{
        close(worker->fd);
        worker->fd = -EBADF;
        /* One that sits in the kernel is not waited for; the reaper of orphans gets it. */
        (void)waitpid(worker->pid, NULL, WNOHANG);
}

static int start(const Pool *pool, const WorkerTask *task, Worker *ret)
{
        Worker worker = {.capabilities = task->capabilities};
        int fds[2] = {-EBADF, -EBADF};

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;

        pid_t parent = getpid();
        worker.pid = fork();
        if (worker.pid < 0) {
                int error = errno;

                close(fds[0]);
                close(fds[1]);
                return -error;
        }
        if (worker.pid == 0) {
                close(fds[0]);
                work(pool, task->capabilities, fds[1], parent);
        }
        close(fds[1]);
        worker.fd = fds[0];

        int r = give(pool, &worker, task);
        if (r < 0)
                finish(&worker);
        else
                *ret = worker;
        return r;
}

/* The step that `task` is at has come to this. */
static void fail(const Pool *pool, const WorkerTask *task, size_t n_done, StepOutcome outcome)
{
        if (n_done < task->n_steps)
                pool->outcomes[task->steps[n_done]] = outcome;
}

static const WorkerTask *next_task(Pool *pool)
{
        while (pool->next < pool->n_tasks && pool->tasks[pool->next].n_steps == 0)
                pool->next++;
        return pool->next < pool->n_tasks ? &pool->tasks[pool->next] : NULL;
}

static void start_next(Pool *pool, const WorkerTask *task)
{
        int r = start(pool, task, &pool->workers[pool->n_workers]);

        pool->next++;
        if (r == 0)
                pool->n_workers++;
        else
                fail(pool, task, 0, (StepOutcome){.state = STEP_FAILED, .error = -r});
}

/* What was given away does not come back: another task is for a worker that may do as much. */
static void hand_on(Pool *pool, Worker *worker)
{
        const WorkerTask *task = next_task(pool);

        if (task && task->capabilities == worker->capabilities && give(pool, worker, task) == 0)
                pool->next++;
        else
                finish(worker);
}

/* Takes a note that is there. */
static void listen_to(Pool *pool, Worker *worker)
{
        Note note = {0};
        ssize_t n = recv(worker->fd, &note, sizeof(note), 0);

        if (n < 0 && errno == EINTR)
                return;
        if (n != sizeof(note)) {
                /* it died */
                fail(pool, worker->task, worker->n_done,
                        (StepOutcome){.state = STEP_FAILED, .error = EIO});
                finish(worker);
                return;
        }
        pool->outcomes[note.step] = (StepOutcome){
                .state = note.result < 0 ? STEP_FAILED : STEP_DONE,
                .error = note.result < 0 ? -note.result : 0,
        };
        worker->n_done++;
        worker->deadline = clock_ms() + pool->limits->step_ms;
        if (note.result < 0 || worker->n_done == worker->task->n_steps)
                hand_on(pool, worker);
}

static void give_up(const Pool *pool, Worker *worker)
{
        fail(pool, worker->task, worker->n_done,
                (StepOutcome){.state = STEP_TIMED_OUT, .worker = worker->pid});
        (void)kill(worker->pid, SIGKILL);
        finish(worker);
}

static size_t n_running(const Pool *pool)
{
        size_t running = 0;

        for (size_t i = 0; i < pool->n_workers; i++)
                running += pool->workers[i].fd >= 0;
        return running;
}

static void start_due(Pool *pool)
{
        const bool slow = clock_ms() >= pool->patience;

        for (const WorkerTask *task; (task = next_task(pool)) && (slow || n_running(pool) == 0);)
                start_next(pool, task);
}

/* For as long as nothing is to be done but to listen. */
static int wait_ms(Pool *pool)
{
        int64_t until = next_task(pool) && pool->patience < pool->end ? pool->patience : pool->end;

        for (size_t i = 0; i < pool->n_workers; i++)
                if (pool->workers[i].fd >= 0 && pool->workers[i].deadline < until)
                        until = pool->workers[i].deadline;
        until -= clock_ms();
        return until > 0 ? (int)until : 0;
}

static void listen_to_all(Pool *pool, struct pollfd *fds)
{
        const size_t n = pool->n_workers;

        for (size_t i = 0; i < n; i++)
                fds[i] = (struct pollfd){.fd = pool->workers[i].fd, .events = POLLIN};
        if (poll(fds, n, wait_ms(pool)) < 0)
                for (size_t i = 0; i < n; i++)
                        fds[i].revents = 0;
        for (size_t i = 0; i < n; i++) {
                Worker *worker = &pool->workers[i];

                if (worker->fd < 0)
                        continue;
                /* a note that came in time counts, however late it is read */
                if (fds[i].revents)
                        listen_to(pool, worker);
                else if (clock_ms() >= worker->deadline || clock_ms() >= pool->end)
                        give_up(pool, worker);
        }
}

/* What nobody has come to when the time is over. */
static void give_up_rest(Pool *pool)
{
        for (const WorkerTask *task; (task = next_task(pool)); pool->next++)
                fail(pool, task, 0, (StepOutcome){.state = STEP_TIMED_OUT});
}

int worker_run_all(const WorkerTask *tasks, size_t n_tasks, WorkerFunction function, void *context,
        const WorkerLimits *limits, StepOutcome *outcomes)
{
        _cleanup_free_ Worker *workers = calloc(n_tasks ? n_tasks : 1, sizeof(Worker));
        _cleanup_free_ struct pollfd *fds = calloc(n_tasks ? n_tasks : 1, sizeof(struct pollfd));
        const int64_t now = clock_ms();
        Pool pool = {
                .tasks = tasks,
                .n_tasks = n_tasks,
                .function = function,
                .context = context,
                .limits = limits,
                .outcomes = outcomes,
                .workers = workers,
                .patience = now + PATIENCE_MS,
                .end = now + limits->total_ms,
        };

        if (!workers || !fds)
                return -ENOMEM;
        for (start_due(&pool); n_running(&pool) > 0; start_due(&pool)) {
                listen_to_all(&pool, fds);
                if (clock_ms() >= pool.end)
                        give_up_rest(&pool);
        }
        return 0;
}
