/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * measure RUNS BEFORE [NAME COMMAND]...: runs the commands one after the other, RUNS times round,
 * each after the command BEFORE, which is not measured; and one round more that warms up and does
 * not count. Commands are split at blanks. A line a run:
 *
 *     NAME nanoseconds-from-start-to-exit microseconds-of-processor-time KiB-of-memory-at-most
 *
 * A command that fails ends it. Small and static, since what a process is started from counts as
 * its memory.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64

extern char **environ;

typedef struct Cost {
        long long nanoseconds;
        long microseconds;
        long kilobytes;
} Cost;

static long long now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long microseconds(struct timeval t)
{
        return t.tv_sec * 1000000L + t.tv_usec;
}

static long processor_time(const struct rusage *usage)
{
        return microseconds(usage->ru_utime) + microseconds(usage->ru_stime);
}

/* What it has started and not waited for is part of it; of memory, the most that one of them had.
 */
static void add_orphans(Cost *cost)
{
        struct rusage usage;

        while (wait4(-1, NULL, 0, &usage) > 0) {
                cost->microseconds += processor_time(&usage);
                if (usage.ru_maxrss > cost->kilobytes)
                        cost->kilobytes = usage.ru_maxrss;
        }
}

/* Its output goes nowhere: a terminal's or a pipe's speed is not what is measured. */
static Cost run(const char *command)
{
        char *text = strdup(command), *rest = text, *words[WORDS_MAX + 1] = {NULL};
        posix_spawn_file_actions_t actions;
        struct rusage usage;
        pid_t pid = 0;
        int status = 0;

        for (int n = 0; n < WORDS_MAX && rest; n++)
                words[n] = strsep(&rest, " ");
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

        long long start = now();
        errno = posix_spawnp(&pid, words[0], &actions, NULL, words, environ);
        if (errno != 0)
                err(1, "%s", words[0]);
        while (wait4(pid, &status, 0, &usage) < 0)
                ;
        long long end = now();

        if (status != 0)
                errx(1, "\"%s\" failed (status %#x)", command, status);
        posix_spawn_file_actions_destroy(&actions);
        free(text);

        Cost cost = {end - start, processor_time(&usage), usage.ru_maxrss};
        add_orphans(&cost);
        return cost;
}

int main(int argc, char **argv)
{
        int runs = argc > 2 ? atoi(argv[1]) : 0;

        if (runs < 1 || argc < 5 || argc % 2 == 0)
                errx(2, "usage: measure RUNS BEFORE [NAME COMMAND]...");
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                err(1, "prctl");
        for (int i = 0; i <= runs; i++)
                for (int k = 3; k < argc; k += 2) {
                        run(argv[2]);

                        Cost cost = run(argv[k + 1]);
                        if (i > 0)
                                printf("%s %lld %ld %ld\n", argv[k], cost.nanoseconds,
                                        cost.microseconds, cost.kilobytes);
                        fflush(stdout);
                }
        return 0;
}
