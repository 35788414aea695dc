/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/apply.h"
#include "host/ops-kernel.h"
#include "host/run-dir.h"
#include "report/report-json.h"
#include "report/report-systemd.h"
#include "report/report-text.h"
#include "verbs/say.h"
#include "verbs/session.h"
#include "verbs/verbs.h"

/*
 * One step of one card; and each of the four phases of a run together. Policy, holds, loads and
 * binds at their longest, and the wait for VFIO, stay below the unit's TimeoutStartSec=.
 */
static const WorkerLimits limits = {.step_ms = 5000, .total_ms = 8000};

static void say_steps(const Session *s, const StepOutcome *outcomes)
{
        static const char *const states[] = {
                [STEP_NOT_TAKEN] = "not taken",
                [STEP_DONE] = "done",
                [STEP_FAILED] = "failed: ",
                [STEP_TIMED_OUT] = "did not end in time",
        };

        for (size_t i = 0; i < s->plan->n_steps; i++)
                say_detail("%s: %s%s", report_step(&s->plan->steps[i], s->arena),
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

static ExitStatus change(Session *s, Report *ret)
{
        StepOutcome *outcomes = arena_array(s->arena, s->plan->n_steps, sizeof(StepOutcome));
        Ops ops = {0};

        if (!outcomes)
                return session_out_of_memory();

        int r = ops_kernel_init(&s->root, &ops);
        if (r == 0)
                r = apply_steps(s->plan->steps, s->plan->n_steps, s->plan->claims.n_items, &ops,
                        &limits, outcomes);
        if (r < 0) {
                say_error("nothing more can be done: %s", strerror(-r));
                return EXIT_STATUS_MACHINE;
        }
        if (s->options->verbose)
                say_steps(s, outcomes);
        return session_report(s, judge(s, &ops, outcomes), outcomes, ret);
}

static int write_record(const Session *s, const RunDir *dir, const char *json)
{
        bool initrd = s->host->stage == STAGE_INITRD;
        int r = run_dir_write(dir, "status.json", json);

        if (r == 0)
                r = run_dir_write(dir, initrd ? "initrd.json" : "system.json", json);
        if (r == 0 && initrd && s->plan->off == PLAN_ON)
                r = run_dir_write(dir, "initrd.conf", s->config_text);
        return r;
}

/* The journal and systemd first: they matter even where the file cannot be written. */
static ExitStatus publish(const Session *s, const RunDir *dir, const Report *report)
{
        _cleanup_free_ char *json = report_json(report, false);
        int r = systemd_journal_report(report);

        systemd_notify_status(report->status, report_error(report));
        if (!json || r < 0)
                return session_out_of_memory();
        r = write_record(s, dir, json);
        if (r < 0) {
                say_error("/" RUN_DIR ": the report could not be written: %s", strerror(-r));
                return EXIT_STATUS_MACHINE;
        }
        if (s->options->json)
                return session_print(TAKE_PTR(json));
        return systemd_stderr_is_journal() ? EXIT_STATUS_OK : session_print(report_text(report));
}

static ExitStatus apply(Session *s, const RunDir *dir)
{
        Report report = {0};
        ExitStatus status = session_plan(s);

        if (status == EXIT_STATUS_OK)
                status = change(s, &report);
        if (status == EXIT_STATUS_OK)
                status = publish(s, dir, &report);
        if (s->trouble)
                systemd_notify_status(s->trouble, s->error);
        return status != EXIT_STATUS_OK ? status : report_exit_status(&report);
}

static ExitStatus apply_locked(const Options *options, const RunDir *dir)
{
        Session s;
        ExitStatus status = session_open(options, 0, &s);

        if (status == EXIT_STATUS_OK)
                status = apply(&s, dir);
        session_done(&s);
        return status;
}

ExitStatus verb_apply(const Options *options)
{
        Root root = ROOT_NULL;
        RunDir dir = RUN_DIR_NULL;
        ExitStatus status = EXIT_STATUS_MACHINE;
        int r = root_open(NULL, NULL, &root);

        if (r == 0)
                r = run_dir_open(&root, &dir);
        if (r == -EBUSY)
                say_error("another vfio-gpu is at work on this machine, and does not end");
        else if (r < 0)
                say_error("/" RUN_DIR ": %s", strerror(-r));
        else
                status = apply_locked(options, &dir);
        run_dir_done(&dir);
        root_done(&root);
        return status;
}
