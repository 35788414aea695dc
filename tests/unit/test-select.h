/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the tests of selection share: a machine, an entry, and what comes of the two. */

#include <criterion/criterion.h>
#include <string.h>

#include "policy/select.h"
#include "unit/no-memory.h"

typedef struct Pick {
        const char *config;
        const char *claims;
        const char *says; /* in the sentence of the first reason of the first claim */
} Pick;

static inline const char *first_sentence(const Claims *claims)
{
        const Claim *claim = claims->n_items ? &claims->items[0] : NULL;
        Reason reason = claim ? claim_reason(claim) : REASON_NONE;

        return reason == REASON_NONE ? "" : claim->findings[reason].cause;
}

static int select_without_memory(const void *context, Arena *arena)
{
        const Scene *scene = context;
        Claims claims = {0};
        int r = select_claims(scene->config, &scene->words, scene->host, arena, &claims);

        cr_expect(r == 0 || claims.n_items == 0);
        return r;
}

static inline void expect_pick(const char *machine, const Pick *pick, const char *cmdline)
{
        _cleanup_(scene_done) Scene scene = {0};
        Claims claims = {0};

        scene_set(&scene, machine, pick->config, cmdline);
        cr_assert_eq(
                select_claims(scene.config, &scene.words, scene.host, scene.arena, &claims), 0);
        cr_expect_str_eq(scene_claims_text(&scene, &claims), pick->claims, "%s: %s, not %s",
                pick->config, scene_claims_text(&scene, &claims), pick->claims);
        if (pick->says)
                cr_expect(strstr(first_sentence(&claims), pick->says), "%s: \"%s\" lacks \"%s\"",
                        pick->config, first_sentence(&claims), pick->says);
        if (scene.config->n_entries > 0)
                cr_expect_gt(no_memory(select_without_memory, &scene), 0);
}

static inline void expect_picks(const char *machine, const Pick *picks, size_t n)
{
        for (size_t i = 0; i < n; i++)
                expect_pick(machine, &picks[i], NULL);
}
