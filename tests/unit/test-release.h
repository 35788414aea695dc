/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the tests of release share: the way from names to a plan. */

#include <criterion/criterion.h>
#include <string.h>

#include "policy/release-target.h"
#include "policy/release.h"
#include "unit/no-memory.h"

#define NAMES_MAX 4

/* Words, separated by blanks. */
static inline size_t split(Arena *arena, const char *text, const char *names[static NAMES_MAX])
{
        char *rest = arena_strdup(arena, text);
        size_t n = 0;

        for (char *name; *text && (name = strsep(&rest, " "));) {
                cr_assert_lt(n, NAMES_MAX);
                names[n++] = name;
        }
        return n;
}

typedef struct Naming {
        const Scene *scene;
        const char *names[NAMES_MAX];
        size_t n;
} Naming;

static inline int select_without_memory(const void *context, Arena *arena)
{
        const Naming *naming = context;
        Claims claims = {0};
        const char *unknown = NULL;
        int r = release_target_select(naming->scene->config, naming->scene->host, naming->names,
                naming->n, arena, &claims, &unknown);

        cr_expect(r == 0 || claims.n_items == 0);
        return r;
}

static inline int select_targets(
        Scene *scene, const char *text, Claims *ret, const char **reterr_unknown)
{
        Naming naming = {.scene = scene};

        naming.n = split(scene->arena, text, naming.names);
        no_memory(select_without_memory, &naming);
        return release_target_select(scene->config, scene->host, naming.names, naming.n,
                scene->arena, ret, reterr_unknown);
}

typedef struct Giving {
        const Scene *scene;
        const Claims *targets;
} Giving;

static inline int give_without_memory(const void *context, Arena *arena)
{
        const Giving *giving = context;
        Claims targets = {0};
        Plan *plan = NULL;

        for (size_t i = 0; i < giving->targets->n_items; i++) {
                Claim *claim = arena_push(arena, &targets.items, &targets.n_items);

                if (!claim)
                        return -ENOMEM;
                *claim = giving->targets->items[i];
        }
        release_judge(&targets, arena);

        int r = release_plan(&targets, giving->scene->host, giving->scene->plan, &plan);
        cr_expect_eq(plan != NULL, r == 0);
        plan_freep(&plan);
        return r == 0 && arena_failed(arena) ? -ENOMEM : r;
}

/* Makes the plan that gives back what `text` names the plan of the scene. */
static inline const Plan *give_back(Scene *scene, const char *text)
{
        Claims targets = {0};
        const char *unknown = NULL;
        Plan *plan = NULL;

        cr_assert_eq(select_targets(scene, text, &targets, &unknown), 0, "%s", unknown);
        scene_plan(scene);
        no_memory(give_without_memory, &(const Giving){scene, &targets});
        release_judge(&targets, scene->arena);
        for (size_t i = 0; i < targets.n_items; i++)
                for (size_t k = 0; k < targets.items[i].n_functions; k++)
                        if (claim_is_accepted(&targets.items[i]))
                                scene_function(
                                        scene, PCI_ADDRESS(targets.items[i].functions[k]->address))
                                        ->released = true;
        cr_assert_eq(release_plan(&targets, scene->host, scene_plan(scene), &plan), 0);
        plan_free(scene->plan);
        scene->plan = plan;
        return plan;
}
