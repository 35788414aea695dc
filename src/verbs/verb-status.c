/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/clock.h"
#include "base/quote.h"
#include "host/await.h"
#include "host/scan.h"
#include "report/report-json.h"
#include "report/systemd-unit.h"
#include "verbs/say.h"
#include "verbs/standing.h"
#include "verbs/verbs.h"

/* Longer than the unit may take (TimeoutStartSec=), and shorter than what waits in a unit of its
 * own. */
#define WAIT_DEFAULT 60U
#define WAIT_MAX     86400U

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

static void print_since(const Since *since)
{
        for (size_t i = 0; i < since->n_items; i++)
                print_line("since then", since->items[i].message);
}

/* The path of a config that is not the one that the system stage has read; NULL: it is. */
static const char *edited_config(const Session *s, const Stages *stages)
{
        if (!stages->config || !s->config_text || s->options->config || s->plan->off != PLAN_ON)
                return NULL;
        return image_config_is_same(stages->config, s->config_text) ? NULL : s->config_path;
}

static ExitStatus print(Session *s, const Stages *stages, const Report *report, const Since *since)
{
        ExitStatus status = EXIT_STATUS_OK;

        if (s->options->json)
                return session_print(
                        s, report_json_status(report, (const Record *const *)stages->records,
                                   stages->last, since));
        status = session_print_report(s, report, false);
        if (status == EXIT_STATUS_OK) {
                print_stages(stages);
                print_since(since);
        }
        return status;
}

/* Where all is switched off, no config was read that could know them. */
static ExitStatus check_names(Session *s)
{
        const Options *options = s->options;

        for (size_t i = 0; s->plan->off == PLAN_ON && i < options->n_arguments; i++)
                if (!config_find_entry(s->config, options->arguments[i]))
                        return session_fail(s, EXIT_STATUS_USAGE, EINVAL,
                                "no entry of %s has the name %s; %s", s->config_path,
                                quote(options->arguments[i]),
                                report_which_entry(s->config, options->arguments[i], s->arena));
        return EXIT_STATUS_OK;
}

static ExitStatus exit_status(const Options *options, const Report *report)
{
        for (size_t i = 0; i < options->n_arguments; i++) {
                ExitStatus status = report_exit_status_of(report, options->arguments[i]);

                if (status != EXIT_STATUS_OK)
                        return status;
        }
        return options->n_arguments > 0 ? EXIT_STATUS_OK : report_exit_status(report);
}

static ExitStatus show(Session *s, const Stages *stages)
{
        Report report = {0};
        Since since = {0};
        ExitStatus status = check_names(s);

        if (status == EXIT_STATUS_OK)
                status = standing_report(s, stages, &report);

        if (status == EXIT_STATUS_OK && since_build(&stages->history, s->host, s->plan,
                                                edited_config(s, stages), s->arena, &since) < 0)
                status = session_out_of_memory(s);
        if (status == EXIT_STATUS_OK)
                status = print(s, stages, &report, &since);
        return status != EXIT_STATUS_OK ? status : exit_status(s->options, &report);
}

static bool parse_seconds(const char *text, unsigned *ret)
{
        unsigned long seconds = WAIT_DEFAULT;
        char *end = NULL;

        if (*text)
                seconds = strtoul(text, &end, 10);
        if (*text && (*text < '0' || *text > '9' || *end || seconds > WAIT_MAX))
                return false;
        *ret = (unsigned)seconds;
        return true;
}

/* systemd knows best: of a unit that is not going to run, too. Where it cannot be asked (it takes
 * D-Bus, or root), the report that the stage leaves at its end says it. Returns as either. */
static int wait_until(int64_t end, bool verbose, bool *ret_asked)
{
        int r = systemd_unit_wait("vfio-gpu.service", end);

        *ret_asked = r >= 0 || r == -ENOPKG;
        if (r == -ENOPKG)
                return 1; /* nobody is going to run it */
        if (r >= 0)
                return r;
        if (verbose)
                say_detail("systemd cannot be asked (%s): the report of the system stage is waited "
                           "for",
                        strerror(-r));
        return await_system_stage(end);
}

static ExitStatus wait_for_stage(const Options *options)
{
        unsigned seconds = 0;
        bool asked = false;
        int r = 0;

        if (options->root) {
                say_error("--wait goes without --root: what is in a tree does not change");
                return EXIT_STATUS_USAGE;
        }
        if (!parse_seconds(options->wait, &seconds)) {
                say_error("--wait=%s: a number of seconds up to %u is expected", options->wait,
                        WAIT_MAX);
                return EXIT_STATUS_USAGE;
        }
        r = wait_until(clock_ms() + (int64_t)seconds * 1000, options->verbose, &asked);
        if (r < 0) {
                say_error("the end of the system stage cannot be waited for: %s", strerror(-r));
                return EXIT_STATUS_MACHINE;
        }
        if (r == 0)
                say_error("the system stage has not ended within %u seconds%s: this is how all "
                          "stands now",
                        seconds,
                        asked ? ""
                              : ", or nothing tells that it has (systemd cannot be asked: that "
                                "takes root or D-Bus)");
        return EXIT_STATUS_OK;
}

ExitStatus verb_status(const Options *options)
{
        Session s;
        ExitStatus status = options->wait ? wait_for_stage(options) : EXIT_STATUS_OK;

        if (status != EXIT_STATUS_OK)
                return status;
        status = session_open(options, SCAN_RELEASED | SCAN_RIVALS | SCAN_IMAGES, &s);
        if (status == EXIT_STATUS_OK) {
                Stages stages = {0};

                stages_read(&s.root, s.arena, &stages);
                status = show(&s, &stages);
                stages_done(&stages);
        }
        session_done(&s);
        return status;
}
