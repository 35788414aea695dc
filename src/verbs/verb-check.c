/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/scan.h"
#include "verbs/session.h"
#include "verbs/verbs.h"

/* Of the way to cards that are handed over at each boot. */
static ExitStatus add_next(Session *s, Report *report)
{
        const char *config = s->options->config;
        const NextInput input = {
                .host = s->host,
                .plan = s->plan,
                .image = report->image,
                .config = config && strcmp(config, CONFIG_PATH) != 0 ? session_shell_word(s, config)
                                                                     : NULL,
                .check = session_command(s, config, "check"),
        };
        NextSteps *next = NULL;

        if (next_steps_build(&input, s->arena, &next) < 0)
                return session_out_of_memory(s);
        report->next = next;
        return EXIT_STATUS_OK;
}

/* `plan` and `check` tell the same story; plan adds the steps. */
static ExitStatus foresee(Session *s, bool steps)
{
        Report report = {0};
        ExitStatus status = session_foresee(s, &report);

        if (status == EXIT_STATUS_OK && !steps)
                status = add_next(s, &report);
        if (status == EXIT_STATUS_OK)
                status = session_print_report(s, &report, steps);
        return status != EXIT_STATUS_OK ? status : report_exit_status(&report);
}

static ExitStatus run(const Options *options, bool steps)
{
        Session s;
        ExitStatus status = session_open(options, SCAN_RIVALS | SCAN_RECIPES | SCAN_IMAGES, &s);

        if (status == EXIT_STATUS_OK)
                status = session_look_elsewhere(&s);
        if (status == EXIT_STATUS_OK)
                status = session_ask_users(&s);
        if (status == EXIT_STATUS_OK)
                status = foresee(&s, steps);
        session_done(&s);
        return status;
}

ExitStatus verb_check(const Options *options)
{
        return run(options, false);
}

ExitStatus verb_plan(const Options *options)
{
        return run(options, true);
}
