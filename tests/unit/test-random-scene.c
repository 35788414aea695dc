/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/random-scene.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/export-scene.h"
#include "lib/invariants.h"

#define SCENES     20000u
#define BYTES_MAX  500u
#define FIRST_SEED UINT64_C(1)

/* xorshift64*: the same numbers everywhere, which random(3) does not promise. */
static uint64_t next(uint64_t *state)
{
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        return *state * UINT64_C(2685821657736338717);
}

static size_t make_bytes(uint64_t seed, uint8_t bytes[static BYTES_MAX])
{
        uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
        size_t size = BYTES_MAX - next(&state) % BYTES_MAX * (next(&state) % 4) / 3;

        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(next(&state) >> 56);
        return size;
}

/* NULL, or what is broken; its text and the scene's are in `arena`. */
static const char *judge(const uint8_t *bytes, size_t size, Arena *arena, RandomScene *ret)
{
        _cleanup_(scene_done) Scene scene = {0};

        *ret = random_scene(bytes, size, arena);
        scene_set(&scene, ret->machine, ret->config, ret->cmdline);

        const char *broken = invariants_of_plan(&scene);
        if (!broken)
                broken = invariants_of_exports(&scene);
        return broken ? arena_strdup(arena, broken) : NULL;
}

static bool is_broken(const uint8_t *bytes, size_t size)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        RandomScene scene = {0};

        return judge(bytes, size, arena, &scene);
}

/* Shorter and plainer for as long as it stays broken. Returns the size. */
static size_t shrink(uint8_t *bytes, size_t size)
{
        while (size > 0 && is_broken(bytes, size - 1))
                size--;
        for (size_t i = 0; i < size; i++)
                for (uint8_t was = bytes[i], value = 0; value < was; value++) {
                        bytes[i] = value;
                        if (is_broken(bytes, size))
                                break;
                        bytes[i] = was;
                }
        return size;
}

/* Tells of it so that it can be kept: the bytes are an input of tests/fuzz/plan. */
static void tell(uint64_t seed, uint8_t *bytes, size_t size)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        RandomScene scene = {0};

        size = shrink(bytes, size);

        const char *broken = judge(bytes, size, arena, &scene);
        char hex[2 * BYTES_MAX + 1] = "";

        for (size_t i = 0; i < size; i++)
                snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
        cr_assert_fail("seed %ju: %s\n%s\n%s\n%s\nas bytes: %s", (uintmax_t)seed, broken,
                scene.cmdline, scene.machine, scene.config, hex);
}

Test(random_scene, every_plan_holds, .timeout = 120)
{
        for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + SCENES; seed++) {
                uint8_t bytes[BYTES_MAX] = {0};
                size_t size = make_bytes(seed, bytes);

                if (is_broken(bytes, size))
                        tell(seed, bytes, size);
        }
}

/* A generator that makes nothing but refusals would prove nothing. */
Test(random_scene, all_kinds_come_up)
{
        unsigned results[_RESULT_MAX] = {0}, reasons[_REASON_MAX] = {0},
                 steps[_STEP_TYPE_MAX] = {0};

        for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + SCENES; seed++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                _cleanup_(scene_done) Scene scene = {0};
                uint8_t bytes[BYTES_MAX] = {0};
                RandomScene r = random_scene(bytes, make_bytes(seed, bytes), arena);

                scene_set(&scene, r.machine, r.config, r.cmdline);
                const Plan *plan = scene_plan(&scene);
                for (size_t i = 0; i < plan->claims.n_items; i++) {
                        results[verify_expected(&plan->claims.items[i], arena).result]++;
                        reasons[claim_reason(&plan->claims.items[i])]++;
                }
                for (size_t i = 0; i < plan->n_steps; i++)
                        steps[plan->steps[i].type]++;
        }
        cr_expect_gt(results[RESULT_READY], 1500);
        cr_expect_gt(results[RESULT_SKIPPED], 200);
        for (int reason = REASON_ABSENT; reason <= REASON_NO_DRIVER; reason++)
                cr_expect_gt(reasons[reason], 3, "%s", reason_word((Reason)reason));
        for (int step = STEP_POLICY; step <= STEP_BIND; step++)
                cr_expect(steps[step] > 3 || step == STEP_FORGET, "%s",
                        step_type_name((StepType)step));
}
