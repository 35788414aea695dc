/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/released.h"
#include "host/scan-users.h"
#include "host/scan.h"
#include "policy/release-target.h"
#include "policy/release.h"
#include "report/report-json.h"
#include "report/report-systemd.h"
#include "verbs/change.h"
#include "verbs/say.h"
#include "verbs/standing.h"
#include "verbs/verbs.h"

static ExitStatus select_targets(Session *s, Claims *ret)
{
        const char *unknown = NULL;
        int r = release_target_select(s->config, s->host, s->options->arguments,
                s->options->n_arguments, s->arena, ret, &unknown);

        if (r == -ENOENT)
                return session_fail(s, EXIT_STATUS_USAGE, EINVAL, "%s", unknown);
        return r < 0 ? session_out_of_memory(s) : EXIT_STATUS_OK;
}

static ExitStatus ask_users(Session *s, const Claims *targets)
{
        Function **asked = arena_array(s->arena, s->host->n_functions, sizeof(*asked));
        size_t n = 0;

        for (size_t i = 0; asked && i < s->host->n_functions; i++)
                if (release_takes(targets, &s->host->functions[i]))
                        asked[n++] = &s->host->functions[i];
        if (!asked || (n > 0 && scan_users(&s->root, s->host, asked, n) < 0))
                return session_out_of_memory(s);
        return EXIT_STATUS_OK;
}

/* Marks the claim's functions as released, or as not. */
static void mark(Host *host, const Claim *claim, bool released)
{
        for (size_t i = 0; i < host->n_functions; i++)
                if (claim_holds(claim, &host->functions[i]))
                        host->functions[i].released = released;
}

static ExitStatus plan(Session *s, Claims *targets, Plan **ret)
{
        ExitStatus status = ask_users(s, targets);

        if (status != EXIT_STATUS_OK)
                return status;
        release_judge(targets, s->arena);
        for (size_t i = 0; i < targets->n_items; i++)
                if (claim_is_accepted(&targets->items[i]))
                        mark(s->host, &targets->items[i], true);
        /* what is left when they are gone */
        status = session_plan(s);
        if (status == EXIT_STATUS_OK && release_plan(targets, s->host, s->plan, ret) < 0)
                status = session_out_of_memory(s);
        return status;
}

static Verdict *judge(
        Session *s, const Change *change, const Plan *plan, const StepOutcome *outcomes)
{
        size_t n = plan->claims.n_items;
        Verdict *verdicts = arena_array(s->arena, n, sizeof(Verdict));

        for (size_t i = 0; verdicts && i < n; i++) {
                const Claim *claim = &plan->claims.items[i];
                Binding *now = change_read_back(s, change, claim);

                if (!now)
                        return NULL;
                verdicts[i] = release_verify(plan, i, now, outcomes, s->arena);
                if (verdicts[i].result != RESULT_SKIPPED)
                        mark(s->host, claim, false);
        }
        return verdicts;
}

/* Before the first step: whatever looks at the machine in between leaves them alone. */
static ExitStatus remember(Session *s, const Change *change)
{
        int r = released_write(&change->dir, s->host);

        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r, "/" RUN_DIR ": %s", strerror(-r));
        return EXIT_STATUS_OK;
}

static ExitStatus take(Session *s, const Change *change, const Plan *plan, Report *ret)
{
        StepOutcome *outcomes = NULL;
        ExitStatus status = remember(s, change);

        if (status == EXIT_STATUS_OK)
                status = change_take(s, change, plan, &outcomes);
        if (status != EXIT_STATUS_OK)
                return status;

        Verdict *verdicts = judge(s, change, plan, outcomes);
        const ReportInput input = {
                .config_path = s->config_path,
                .config = s->config,
                .release = true,
                .host = s->host,
                .plan = plan,
                .verdicts = verdicts,
                .outcomes = outcomes,
        };

        if (report_build(&input, s->arena, ret) < 0)
                return session_out_of_memory(s);
        return remember(s, change);
}

static ExitStatus publish(Session *s, const Report *report)
{
        if (systemd_journal_report(report) < 0)
                return session_out_of_memory(s);
        return session_print_report(s, report, false);
}

static ExitStatus write_standing(Session *s, const Change *change)
{
        Stages stages = {0};
        Report report = {0};

        stages_read(&s->root, s->arena, &stages);

        ExitStatus status = standing_report(s, &stages, &report);
        _cleanup_free_ char *json = status == EXIT_STATUS_OK ? report_json(&report, false) : NULL;
        int r = json ? run_dir_write(&change->dir, "status.json", json) : -ENOMEM;

        stages_done(&stages);
        if (status == EXIT_STATUS_OK && r < 0)
                status = session_fail(s, EXIT_STATUS_MACHINE, -r,
                        "/" RUN_DIR ": the report could not be written: %s", strerror(-r));
        return status;
}

/* status.json speaks for the whole, as it is now. What is read of a card with rights that have been
 * given away is kept. */
static ExitStatus update_status(Session *s, const Change *change)
{
        for (size_t i = 0; i < s->host->n_functions; i++) {
                Function *f = &s->host->functions[i];
                Binding now = {0};

                (void)change->ops.read_binding(
                        change->ops.context, f->address, s->host->arena, &now);
                f->binding = now;
        }
        plan_free(TAKE_PTR(s->plan));

        ExitStatus status = session_plan(s);
        return status == EXIT_STATUS_OK ? write_standing(s, change) : status;
}

static ExitStatus release(Session *s, const Change *change)
{
        _cleanup_(plan_freep) Plan *steps = NULL;
        Claims targets = {0};
        Report report = {0};
        ExitStatus status = session_scan(s, SCAN_RELEASED);

        /* an address needs no config */
        if (status == EXIT_STATUS_OK)
                status = session_read_config(s, s->options->n_arguments > 0);
        if (status == EXIT_STATUS_OK)
                status = session_ask_cards(s);
        if (status == EXIT_STATUS_OK)
                status = select_targets(s, &targets);
        if (status == EXIT_STATUS_OK)
                status = plan(s, &targets, &steps);
        if (status == EXIT_STATUS_OK)
                status = take(s, change, steps, &report);
        if (status == EXIT_STATUS_OK)
                status = publish(s, &report);
        if (status == EXIT_STATUS_OK)
                status = update_status(s, change);
        return status != EXIT_STATUS_OK ? status : report_exit_status(&report);
}

ExitStatus verb_release(const Options *options)
{
        Session s;
        Change change = CHANGE_NULL;
        ExitStatus status = session_start(options, &s);

        if (status == EXIT_STATUS_OK)
                status = change_open(&s, &change);
        if (status == EXIT_STATUS_OK)
                status = release(&s, &change);
        change_done(&change);
        session_done(&s);
        return status;
}
