/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/standing.h"

#include "host/run-dir.h"

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

void stages_read(const Root *root, Stages *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(stage_files); i++)
                ret->records[i] = read_record(root, stage_files[i]);
        ret->last = read_record(root, RUN_DIR "/status.json");
}

void stages_done(Stages *stages)
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
        else if (verdict.reason == REASON_LOST)
                verdict.message = arena_printf(s->arena,
                        "it was handed over in this boot, and taken away since, or removed and "
                        "found again: %s",
                        verdict.message);
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
