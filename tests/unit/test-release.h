/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the tests of release share: the way from names to a plan. */

#include <criterion/criterion.h>
#include <string.h>

#include "lib/scene.h"
#include "policy/release-target.h"
#include "policy/release.h"

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

static inline int select_targets(
        Scene *scene, const char *text, Claims *ret, const char **reterr_unknown)
{
        const char *names[NAMES_MAX] = {NULL};
        size_t n = split(scene->arena, text, names);

        return release_target_select(
                scene->config, scene->host, names, n, scene->arena, ret, reterr_unknown);
}

/* Makes the plan that gives back what `text` names the plan of the scene. */
static inline const Plan *give_back(Scene *scene, const char *text)
{
        Claims targets = {0};
        const char *unknown = NULL;
        Plan *plan = NULL;

        cr_assert_eq(select_targets(scene, text, &targets, &unknown), 0, "%s", unknown);
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
