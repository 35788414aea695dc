/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/scan.h"
#include "report/report-json.h"
#include "report/report-text.h"
#include "verbs/standing.h"
#include "verbs/verbs.h"

/* Another machine's record may hold anything: control characters stay away from the terminal. */
static void print_line(const char *title, const char *line)
{
        printf("%s: ", title);
        for (; *line; line++)
                putchar((unsigned char)*line < ' ' || *line == 0x7f ? '?' : *line);
        putchar('\n');
}

static void print_stages(const Stages *stages)
{
        static const char *const titles[] = {"initrd stage", "system stage"};
        const char *last = stages->last ? record_status(stages->last) : NULL;

        for (size_t i = 0; i < ARRAY_SIZE(stages->records); i++) {
                const char *line = stages->records[i] ? record_status(stages->records[i]) : NULL;

                print_line(titles[i], line ? line : "did not run");
                if (line && last && strcmp(line, last) == 0)
                        last = NULL;
        }
        if (last)
                print_line("last run", last);
}

static ExitStatus show(Session *s, const Stages *stages)
{
        Report report = {0};
        ExitStatus status = standing_report(s, stages, &report);

        if (status == EXIT_STATUS_OK)
                status = session_print(
                        s, s->options->json ? report_json(&report, false) : report_text(&report));
        if (status == EXIT_STATUS_OK && !s->options->json)
                print_stages(stages);
        return status != EXIT_STATUS_OK ? status : report_exit_status(&report);
}

ExitStatus verb_status(const Options *options)
{
        Session s;
        ExitStatus status = session_open(options, SCAN_RELEASED, &s);

        if (status == EXIT_STATUS_OK) {
                Stages stages = {0};

                stages_read(&s.root, s.arena, &stages);
                status = show(&s, &stages);
                stages_done(&stages);
        }
        session_done(&s);
        return status;
}
