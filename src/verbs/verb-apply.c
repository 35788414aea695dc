/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>

#include "host/released.h"
#include "host/scan-framebuffer.h"
#include "host/scan.h"
#include "report/report-json.h"
#include "report/report-systemd.h"
#include "verbs/change.h"
#include "verbs/say.h"
#include "verbs/standing.h"
#include "verbs/verbs.h"

static Verdict *judge(Session *s, const Change *change, const StepOutcome *outcomes)
{
        size_t n = s->plan->claims.n_items;
        Verdict *verdicts = arena_array(s->arena, n, sizeof(Verdict));

        for (size_t i = 0; verdicts && i < n; i++) {
                Binding *now = change_read_back(s, change, &s->plan->claims.items[i]);

                if (!now)
                        return NULL;
                verdicts[i] = verify_claim(s->plan, i, now, outcomes, s->arena);
        }
        return verdicts;
}

/* What the verb is to do: all of it, or what concerns the slot that its argument names. */
typedef struct Task {
        bool narrow;
        PciAddress slot;
        bool published;
} Task;

static ExitStatus read_arguments(const Options *options, Task *ret)
{
        Task task = {.narrow = options->n_arguments > 0};

        if (options->n_arguments > 1) {
                say_error("apply takes one address, or none");
                return EXIT_STATUS_USAGE;
        }
        if (task.narrow && pci_address_parse(options->arguments[0], &task.slot, NULL) < 0) {
                say_error("%s is no PCI address, such as 0000:01:00.0", options->arguments[0]);
                return EXIT_STATUS_USAGE;
        }
        *ret = task;
        return EXIT_STATUS_OK;
}

static ExitStatus take(Session *s, const Change *change, const Task *task, Report *ret)
{
        StepOutcome *outcomes = NULL;
        ExitStatus status = change_take(s, change, s->plan, &outcomes);

        if (status != EXIT_STATUS_OK)
                return status;
        /* from here on nothing is left alone any more; a card that appears changes no mind */
        if (!task->narrow && released_forget(&change->dir) < 0)
                say_error("/" RUN_DIR ": what was released could not be forgotten");
        if (scan_vfio_parameters(&s->root, s->host) < 0)
                return session_out_of_memory(s);

        (void)scan_framebuffer(&s->root, s->host); /* what could not be read was told before */

        Verdict *verdicts = judge(s, change, outcomes);
        if (verdicts && !arena_failed(s->arena))
                verify_groups(s->plan, verdicts, s->arena);
        return session_report(s, verdicts, outcomes, false, ret);
}

static const char *stage_file(Stage stage)
{
        return stage == STAGE_INITRD ? "initrd.json" : "system.json";
}

static bool has_config(const Session *s)
{
        return s->config_text && (!s->plan || s->plan->off == PLAN_ON);
}

/* What the initrd worked with is kept, also where it was wrong: the real root compares. */
static int write_initrd_config(const Session *s, const RunDir *dir, Stage stage)
{
        return stage == STAGE_INITRD && has_config(s)
                       ? run_dir_write(dir, "initrd.conf", s->config_text)
                       : 0;
}

/* And with the real root's report the config that led to it: `status` compares. */
static int write_stage(const Session *s, const RunDir *dir, Stage stage, const char *json)
{
        int r = run_dir_write(dir, stage_file(stage), json);

        if (r == 0 && stage == STAGE_SYSTEM && has_config(s) && !s->options->config)
                r = run_dir_write(dir, "system.conf", s->config_text);
        return r;
}

static int write_history(const Session *s, const RunDir *dir, const Report *report)
{
        History history = standing_history(&s->root, s->arena);

        history_add(&history, report, s->arena);

        const char *text = history_text(&history, s->arena);
        if (arena_failed(s->arena))
                return -ENOMEM;
        return history.n_items > 0 ? run_dir_write(dir, HISTORY_FILE, text) : 0;
}

/* status.json at the end: it speaks for the whole. What its stage did is not replaced by what was
 * done for one card later on. */
static int write_report(const Session *s, const RunDir *dir, const Task *task, const Report *report,
        const char *json)
{
        Stage stage = s->host->stage;
        int r = write_initrd_config(s, dir, stage);

        if (r == 0)
                r = write_history(s, dir, report);

        if (r == 0 && !task->narrow)
                r = write_stage(s, dir, stage, json);
        if (r == 0)
                r = run_dir_write(dir, "status.json", json);
        return r;
}

/* The journal and systemd first: they matter even where the file cannot be written. */
static ExitStatus publish(Session *s, const RunDir *dir, const Task *task, const Report *report)
{
        _cleanup_free_ char *json = report_json(report, false);
        int r = systemd_journal_report(report);

        systemd_notify_status(report->status, report_error(report));
        if (!json || r < 0)
                return session_out_of_memory(s);
        r = write_report(s, dir, task, report, json);
        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r,
                        "/" RUN_DIR ": the report could not be written: %s",
                        r == -EISDIR ? "a folder stands in its place: remove it" : strerror(-r));
        if (s->options->json)
                return session_print(s, TAKE_PTR(json));
        return systemd_is_journal(STDOUT_FILENO) ? EXIT_STATUS_OK
                                                 : session_print_report(s, report, false);
}

/* An earlier report of this boot's stage tells what was done, and is not replaced by one of
 * nothing. */
static int write_trouble(const Session *s, const RunDir *dir, Stage stage, const char *json)
{
        int r = write_initrd_config(s, dir, stage);

        if (r == 0 && faccessat(dir->fd, stage_file(stage), F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                r = write_stage(s, dir, stage, json);
        if (r == 0)
                r = run_dir_write(dir, "status.json", json);
        return r;
}

/* No "ok" of an earlier run may stay behind as if it were this one's. */
static void publish_trouble(Session *s, const RunDir *dir)
{
        Stage stage = scan_stage(&s->root);
        Report report =
                report_of_trouble(s->config_path, session_judge_image(s), stage, s->trouble);
        _cleanup_free_ char *json = report_json(&report, false);

        systemd_journal_trouble(&report, s->error);
        systemd_notify_status(s->trouble, s->error);
        if (dir->fd >= 0 && (!json || write_trouble(s, dir, stage, json) < 0))
                say_error("/" RUN_DIR ": the report could not be written");
}

static ExitStatus plan(Session *s, const Task *task)
{
        ExitStatus status =
                session_scan(s, task->narrow ? SCAN_RELEASED : SCAN_RIVALS | SCAN_EARLY);

        if (status == EXIT_STATUS_OK)
                status = session_plan(s);
        if (status != EXIT_STATUS_OK)
                return status;
        return s->plan->picked ? session_ask_users(s) : EXIT_STATUS_OK;
}

static ExitStatus apply(Session *s, const Change *change, Task *task)
{
        Report report = {0};
        ExitStatus status = plan(s, task);

        if (status == EXIT_STATUS_OK && !s->plan->picked) {
                say_detail("no entry of %s picks a GPU at %s", s->config_path,
                        PCI_ADDRESS(task->slot));
                return status;
        }
        if (status == EXIT_STATUS_OK)
                status = take(s, change, task, &report);
        if (status == EXIT_STATUS_OK) {
                task->published = true;
                s->recorded = false; /* what fails from here on has no other record */
                status = publish(s, &change->dir, task, &report);
        }
        if (status != EXIT_STATUS_OK)
                return status;
        return report_exit_status(&report);
}

ExitStatus verb_apply(const Options *options)
{
        Session s;
        Change change = CHANGE_NULL;
        Task task = {0};
        ExitStatus status = read_arguments(options, &task);

        if (status != EXIT_STATUS_OK)
                return status;
        status = session_start(options, &s);
        s.recorded = systemd_is_journal(STDERR_FILENO);
        s.slot = task.narrow ? &task.slot : NULL;
        if (status == EXIT_STATUS_OK)
                status = change_open(&s, &change);
        if (status == EXIT_STATUS_OK)
                status = apply(&s, &change, &task);
        if (s.trouble && !task.published)
                publish_trouble(&s, &change.dir);
        change_done(&change);
        session_done(&s);
        return status;
}
