/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/run-dir.h"
#include "report/record.h"
#include "report/report-json.h"
#include "report/report-text.h"
#include "verbs/session.h"
#include "verbs/verbs.h"

#define RECORD_MAX ((size_t)1024 * 1024)

/* What each stage left, the earlier one first: it knows who had a card before anybody. The last run
 * may have been another than these: one that failed does not replace what its stage did before. */
typedef struct Stages {
        Record *records[2];
        Record *last;
} Stages;

static const char *const stage_files[2] = {RUN_DIR "/initrd.json", RUN_DIR "/system.json"};

static Record *read_record(const Root *root, const char *path)
{
        _cleanup_free_ char *text = NULL;
        Record *record = NULL;

        if (root_read(root, path, RECORD_MAX, &text) < 0 || record_parse(text, &record) < 0)
                return NULL;
        return record;
}

static void stages_read(const Root *root, Stages *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(stage_files); i++)
                ret->records[i] = read_record(root, stage_files[i]);
        ret->last = read_record(root, RUN_DIR "/status.json");
}

static void stages_done(Stages *stages)
{
        for (size_t i = 0; i < ARRAY_SIZE(stages->records); i++)
                if (stages->records[i])
                        record_free(stages->records[i]);
        if (stages->last)
                record_free(stages->last);
}

static const char *driver_before(const Stages *stages, PciAddress address)
{
        const char *driver = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(stages->records); i++)
                if (stages->records[i] &&
                        record_driver_before(stages->records[i], address, &driver))
                        break;
        return driver;
}

static bool any_had_ready(const Stages *stages, PciAddress address)
{
        for (size_t i = 0; i < ARRAY_SIZE(stages->records); i++)
                if (stages->records[i] && record_had_ready(stages->records[i], address))
                        return true;
        return false;
}

static Verdict judge(Session *s, const Stages *stages, size_t index)
{
        const Claim *claim = &s->plan->claims.items[index];
        Verdict verdict = verify_expected(claim, s->arena);

        verdict = verify_claim(s->plan, index, verdict.bindings, NULL, s->arena);
        for (size_t i = 0; verdict.drivers_before && i < claim->n_functions; i++)
                verdict.drivers_before[i] = driver_before(stages, claim->functions[i]->address);
        if (verdict.reason == REASON_LOST && !any_had_ready(stages, claim->display->address))
                verdict.message = "no stage of this boot has handed it over: see `journalctl -b -u "
                                  "vfio-gpu`, or `systemctl enable --now vfio-gpu`";
        return verdict;
}

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
        size_t n = s->plan->claims.n_items;
        Verdict *verdicts = arena_array(s->arena, n, sizeof(Verdict));
        Report report = {0};

        for (size_t i = 0; verdicts && i < n; i++)
                verdicts[i] = judge(s, stages, i);
        if (verdicts && !arena_failed(s->arena))
                verify_groups(s->plan, verdicts, s->arena);

        ExitStatus status = session_report(s, verdicts, NULL, false, &report);
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
        ExitStatus status = session_open(options, &s);

        if (status == EXIT_STATUS_OK) {
                Stages stages = {0};

                stages_read(&s.root, &stages);
                status = show(&s, &stages);
                stages_done(&stages);
        }
        session_done(&s);
        return status;
}
