/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/say.h"

#include <stdarg.h>

#include "report/report-systemd.h"

static void _printf_(2, 0) say(const char *level, const char *format, va_list args)
{
        /* sd-daemon(3): the level before a line is what the journal makes its priority of */
        if (systemd_is_journal(STDERR_FILENO))
                fputs(level, stderr);
        fputs("vfio-gpu: ", stderr);
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
}

void say_error(const char *format, ...)
{
        va_list args;

        va_start(args, format);
        say("<3>", format, args);
        va_end(args);
}

void say_detail(const char *format, ...)
{
        va_list args;

        va_start(args, format);
        say("<6>", format, args);
        va_end(args);
}

static void say_problem(const char *path, const ConfigProblem *problem)
{
        _cleanup_free_ char *sentence = NULL;
        char place[16] = "";

        if (problem->line > 0)
                snprintf(place, sizeof(place), ":%u", problem->line);
        if (asprintf(&sentence, "%s%s: %s%s%s", path, place, problem->key ? problem->key : "",
                    problem->key ? ": " : "", problem->text) < 0) {
                sentence = NULL;
                return;
        }
        if (systemd_is_journal(STDERR_FILENO))
                systemd_journal_problem(path, problem->line, sentence);
        else
                say_error("%s", sentence);
}

void say_problems(const char *path, const ConfigProblems *problems)
{
        for (size_t i = 0; i < problems->n_items; i++)
                say_problem(path, &problems->items[i]);
}
