/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/report-scene.h"

#include <err.h>

Report report_of_scene(Scene *scene, bool expected)
{
        const Plan *plan = scene_plan(scene);
        Verdict *verdicts = arena_array(scene->arena, plan->claims.n_items + 1, sizeof(Verdict));
        Report report = {0};

        for (size_t i = 0; i < plan->claims.n_items; i++)
                verdicts[i] = verify_expected(&plan->claims.items[i], scene->arena);

        const ReportInput input = {.config_path = "/etc/vfio-gpu.conf",
                .config = scene->config,
                .host = scene->host,
                .plan = plan,
                .expected = expected,
                .verdicts = verdicts};
        if (report_build(&input, scene->arena, &report) < 0)
                errx(1, "out of memory");
        return report;
}
