/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>

#include "host/apply.h"
#include "host/capabilities.h"
#include "host/ops-kernel.h"
#include "host/run-dir.h"
#include "host/scan-serial.h"
#include "host/scan-users.h"
#include "host/scan.h"
#include "host/stuck.h"
#include "report/report-json.h"
#include "report/report-systemd.h"
#include "report/report-text.h"
#include "verbs/say.h"
#include "verbs/session.h"
#include "verbs/verbs.h"

/* What each part of a run needs beyond root's own files. A config that --config names may lie in a
 * folder that is not root's; and the files that others have open are to be seen. */
#define TO_READ   (TO_CHANGE | SCAN_USERS_CAPABILITIES | SCAN_SERIAL_CAPABILITIES)
#define TO_CHANGE CAPABILITY(CAP_SYS_MODULE)
#define TO_TELL   0

/* A whole run stays, with the wait for the lock (run-dir.c), below the unit's TimeoutStartSec=:
 * lint adds them up. */
static WorkerLimits limits_of(const Config *config)
{
        return (WorkerLimits){.step_ms = config->timeout * 1000, .total_ms = 30000};
}

static void say_steps(const Session *s, const StepOutcome *outcomes)
{
        static const char *const states[] = {
                [STEP_NOT_TAKEN] = "not taken",
                [STEP_DONE] = "done",
                [STEP_FAILED] = "failed: ",
                [STEP_TIMED_OUT] = "did not end in time",
        };

        for (size_t i = 0; i < s->plan->n_steps; i++)
                say_detail("%s: %s%s", step_describe(&s->plan->steps[i], s->arena),
                        states[outcomes[i].state],
                        outcomes[i].state == STEP_FAILED ? strerror(outcomes[i].error) : "");
}

/* A function that is gone when it is looked for again has no driver. */
static Binding *read_back(const Session *s, const Ops *ops, const Claim *claim)
{
        Binding *now = arena_array(s->arena, claim->n_functions, sizeof(Binding));

        for (size_t i = 0; now && i < claim->n_functions; i++)
                (void)ops->read_binding(
                        ops->context, claim->functions[i]->address, s->arena, &now[i]);
        return now;
}

static Verdict *judge(Session *s, const Ops *ops, const StepOutcome *outcomes)
{
        size_t n = s->plan->claims.n_items;
        Verdict *verdicts = arena_array(s->arena, n, sizeof(Verdict));

        for (size_t i = 0; verdicts && i < n; i++) {
                Binding *now = read_back(s, ops, &s->plan->claims.items[i]);

                if (now)
                        verdicts[i] = verify_claim(s->plan, i, now, outcomes, s->arena);
        }
        return verdicts;
}

/* Takes the steps, and leaves word of what never came back. */
static int take_steps(const Session *s, const RunDir *dir, const Ops *ops, StepOutcome *outcomes)
{
        const Plan *plan = s->plan;
        const WorkerLimits limits = limits_of(s->config);
        int r = apply_steps(
                plan->steps, plan->n_steps, plan->claims.n_items, ops, &limits, outcomes);

        if (r == 0 &&
                stuck_add(&s->root, dir, s->host->stage, plan->steps, plan->n_steps, outcomes) < 0)
                say_error("/" RUN_DIR ": what never came back could not be written down");
        return r;
}

static ExitStatus change(Session *s, const RunDir *dir, Report *ret)
{
        StepOutcome *outcomes = arena_array(s->arena, s->plan->n_steps, sizeof(StepOutcome));
        Ops ops = {0};

        if (!outcomes)
                return session_out_of_memory(s);

        int r = ops_kernel_init(&s->root, &ops);
        if (r == 0)
                r = stuck_forget(&s->root, dir, &ops);
        if (r == 0)
                r = take_steps(s, dir, &ops, outcomes);
        if (r == 0)
                r = capabilities_keep(TO_TELL);
        if (r == 0)
                r = scan_vfio_parameters(&s->root, s->host);
        if (r < 0)
                return session_fail(
                        s, EXIT_STATUS_MACHINE, -r, "nothing more can be done: %s", strerror(-r));
        if (s->options->verbose)
                say_steps(s, outcomes);

        Verdict *verdicts = judge(s, &ops, outcomes);
        if (verdicts && !arena_failed(s->arena))
                verify_groups(s->plan, verdicts, s->arena);
        return session_report(s, verdicts, outcomes, false, ret);
}

static const char *stage_file(Stage stage)
{
        return stage == STAGE_INITRD ? "initrd.json" : "system.json";
}

/* What the initrd worked with is kept, also where it was wrong: the real root compares. */
static int write_initrd_config(const Session *s, const RunDir *dir, Stage stage)
{
        bool off = s->plan && s->plan->off != PLAN_ON;

        if (stage != STAGE_INITRD || !s->config_text || off)
                return 0;
        return run_dir_write(dir, "initrd.conf", s->config_text);
}

/* status.json at the end: it speaks for the whole. */
static int write_report(const Session *s, const RunDir *dir, Stage stage, const char *json)
{
        int r = write_initrd_config(s, dir, stage);

        if (r == 0)
                r = run_dir_write(dir, stage_file(stage), json);
        if (r == 0)
                r = run_dir_write(dir, "status.json", json);
        return r;
}

/* The journal and systemd first: they matter even where the file cannot be written. */
static ExitStatus publish(Session *s, const RunDir *dir, const Report *report)
{
        _cleanup_free_ char *json = report_json(report, false);
        int r = systemd_journal_report(report);

        systemd_notify_status(report->status, report_error(report));
        if (!json || r < 0)
                return session_out_of_memory(s);
        r = write_report(s, dir, report->stage, json);
        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r,
                        "/" RUN_DIR ": the report could not be written: %s",
                        r == -EISDIR ? "a folder stands in its place: remove it" : strerror(-r));
        if (s->options->json)
                return session_print(s, TAKE_PTR(json));
        return systemd_is_journal(STDOUT_FILENO) ? EXIT_STATUS_OK
                                                 : session_print(s, report_text(report));
}

/* An earlier report of this boot's stage tells what was done, and is not replaced by one of
 * nothing. */
static int write_trouble(const Session *s, const RunDir *dir, Stage stage, const char *json)
{
        int r = write_initrd_config(s, dir, stage);

        if (r == 0 && faccessat(dir->fd, stage_file(stage), F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                r = run_dir_write(dir, stage_file(stage), json);
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

static ExitStatus open_run_dir(Session *s, RunDir *ret)
{
        const char *trouble = NULL;
        int r = run_dir_open(&s->root, ret, &trouble);

        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r, "/" RUN_DIR ": %s", trouble);
        return EXIT_STATUS_OK;
}

static ExitStatus apply(Session *s, const RunDir *dir, bool *ret_published)
{
        Report report = {0};
        ExitStatus status = session_scan(s, 0);

        if (status == EXIT_STATUS_OK)
                status = session_plan(s);
        if (status == EXIT_STATUS_OK)
                status = session_ask_users(s);
        if (status == EXIT_STATUS_OK)
                status = session_keep(s, TO_CHANGE);
        if (status == EXIT_STATUS_OK)
                status = change(s, dir, &report);
        if (status == EXIT_STATUS_OK) {
                *ret_published = true;
                s->recorded = false; /* what fails from here on has no other record */
                status = publish(s, dir, &report);
        }
        return status != EXIT_STATUS_OK ? status : report_exit_status(&report);
}

ExitStatus verb_apply(const Options *options)
{
        Session s;
        RunDir dir = RUN_DIR_NULL;
        bool published = false;
        ExitStatus status = session_start(options, &s);

        s.recorded = systemd_is_journal(STDERR_FILENO);
        if (status == EXIT_STATUS_OK)
                status = session_keep(&s, TO_READ);
        if (status == EXIT_STATUS_OK)
                status = open_run_dir(&s, &dir);
        if (status == EXIT_STATUS_OK)
                status = apply(&s, &dir, &published);
        if (s.trouble && !published)
                publish_trouble(&s, &dir);
        run_dir_done(&dir);
        session_done(&s);
        return status;
}
