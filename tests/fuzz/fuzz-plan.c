/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Config × machine → plan: the invariants of every plan, and of what is exported of it. */
#include "fuzz.h"

#include "lib/export-scene.h"
#include "lib/invariants.h"
#include "lib/random-scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_(scene_done) Scene scene = {0};
        RandomScene texts = random_scene(data, size, arena);

        scene_set(&scene, texts.machine, texts.config, texts.cmdline);

        const char *broken = invariants_of_plan(&scene);
        if (!broken)
                broken = invariants_of_exports(&scene);
        if (broken)
                fprintf(stderr, "%s\n%s%s\n%s\n", broken, texts.machine, texts.config,
                        texts.cmdline);
        must(!broken);
        return 0;
}
