/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/standing.h"

#include "host/conf-file.h"
#include "host/run-dir.h"
#include "policy/unit-mask.h"

#define RECORD_MAX ((size_t)1024 * 1024)

static const char *const stage_files[2] = {RUN_DIR "/initrd.json", RUN_DIR "/system.json"};

static Record *read_record(const Root *root, const char *path)
{
        _cleanup_free_ char *text = NULL;
        Record *record = NULL;

        if (root_read(root, path, RECORD_MAX, &text) < 0 || record_parse(text, &record) < 0)
                return NULL;
        return record;
}

History standing_history(const Root *root, Arena *arena)
{
        _cleanup_free_ char *text = NULL;
        History history = {0};

        if (root_read(root, RUN_DIR "/" HISTORY_FILE, RECORD_MAX, &text) == 0)
                history_read(&history, text, arena);
        return history;
}

void stages_read(const Root *root, Arena *arena, Stages *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(stage_files); i++)
                ret->records[i] = read_record(root, stage_files[i]);
        ret->last = read_record(root, RUN_DIR "/status.json");
        if (root_read(root, RUN_DIR "/system.conf", CONF_FILE_MAX, &ret->config) < 0)
                ret->config = NULL;
        ret->history = standing_history(root, arena);
}

void stages_done(Stages *stages)
{
        for (size_t i = 0; i < ARRAY_SIZE(stages->records); i++)
                if (stages->records[i])
                        record_free(stages->records[i]);
        if (stages->last)
                record_free(stages->last);
        free(stages->config);
}

static const char *driver_before(const Stages *stages, const Function *f)
{
        const Past *past = history_find(&stages->history, f);

        return past ? past->driver_before : NULL;
}

static bool was_ready(const Stages *stages, const Function *f)
{
        const Past *past = history_find(&stages->history, f);

        return past && past->ready;
}

static const char *how_to_run(const Host *host, Arena *arena)
{
        const char *unmask = unit_mask_command(host);

        if (unmask)
                return arena_printf(arena,
                        "%s masks vfio-gpu.service: `%s`, and then `systemctl enable --now "
                        "vfio-gpu`",
                        host->masked, unmask);
        return "see `journalctl -b -u vfio-gpu`, or `systemctl enable --now vfio-gpu`";
}

static Finding how_lost(const Host *host, const char *where, bool was_ready, Arena *arena)
{
        if (was_ready)
                return (Finding){.cause = arena_printf(arena,
                                         "it was handed over in this boot, and taken away since, "
                                         "or removed and found again: %s",
                                         where)};
        return (Finding){
                .cause = arena_printf(
                        arena, "no stage of this boot has handed it over, and now %s", where),
                .remedy = how_to_run(host, arena),
        };
}

static Verdict judge(Session *s, const Stages *stages, size_t index)
{
        const Claim *claim = &s->plan->claims.items[index];
        Verdict verdict = verify_expected(claim, s->arena);

        verdict = verify_claim(s->plan, index, verdict.bindings, NULL, s->arena);
        for (size_t i = 0; verdict.drivers_before && i < claim->n_functions; i++)
                verdict.drivers_before[i] = driver_before(stages, claim->functions[i]);
        if (verdict.reason == REASON_LOST)
                verdict_blame(&verdict, claim, REASON_LOST,
                        how_lost(s->host, verdict.cause, was_ready(stages, claim->display),
                                s->arena),
                        s->arena);
        return verdict;
}

ExitStatus standing_report(Session *s, const Stages *stages, Report *ret)
{
        size_t n = s->plan->claims.n_items;
        Verdict *verdicts = arena_array(s->arena, n, sizeof(Verdict));

        for (size_t i = 0; verdicts && i < n; i++)
                verdicts[i] = judge(s, stages, i);
        if (verdicts && !arena_failed(s->arena))
                verify_groups(s->plan, verdicts, s->arena);
        return session_report(s, verdicts, NULL, false, ret);
}
