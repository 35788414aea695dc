/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-metrics.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/export-scene.h"

static const char *metrics(Scene *scene, Export *ret)
{
        const char *unknown = NULL;

        cr_assert_eq(export_of(scene, NULL, 0, ret, &unknown), 0);
        export_metrics(ret);
        cr_assert_not(arena_failed(scene->arena));
        return ret->text.string;
}

static void expect_line(const char *text, const char *line)
{
        const char *at = strstr(text, line);

        cr_expect(at && (at == text || at[-1] == '\n') && at[strlen(line)] == '\n', "%s in %s",
                line, text);
}

#define HOST "0000:00:02.0 8086:4680 030000 group=9\n"

Test(export_metrics, of_each_gpu)
{
        Export e;
        SCENE(scene,
                HOST "0000:01:00.0 10de:26b1 030200 group=1 driver=vfio-pci vfio=vfio0\n"
                     "0000:02:00.0 10de:26b1 030200 group=2\n"
                     "0000:03:00.0 1002:73bf 030000\n",
                "{ name = 'pool'; id = '10de:26b1'; count = 'all'; }, { name = 'navi'; address = "
                "'03:00'; }, { name = 'gone'; address = '07:00'; optional = true; }");
        const char *text = metrics(&scene, &e);

        expect_line(text, "vfio_gpu_result{result=\"failed\"} 1");
        expect_line(text, "vfio_gpu_result{result=\"ok\"} 0");
        expect_line(text, "vfio_gpu_stale_initramfs 0");
        expect_line(text, "vfio_gpu_ready{name=\"pool\",address=\"0000:01:00.0\",result=\"ready\","
                          "reason=\"\"} 1");
        expect_line(text, "vfio_gpu_ready{name=\"pool\",address=\"0000:02:00.0\",result=\"ready\","
                          "reason=\"\"} 1");
        expect_line(text, "vfio_gpu_ready{name=\"navi\",address=\"0000:03:00.0\","
                          "result=\"refused\",reason=\"no-iommu\"} 0");
        expect_line(text, "vfio_gpu_ready{name=\"gone\",address=\"\",result=\"absent\","
                          "reason=\"absent\"} 0");
        expect_line(text, "vfio_gpu_info{name=\"pool\",address=\"0000:01:00.0\",id=\"10de:26b1\","
                          "iommu_group=\"1\",driver=\"vfio-pci\"} 1");
        expect_line(text, "vfio_gpu_info{name=\"navi\",address=\"0000:03:00.0\",id=\"1002:73bf\","
                          "iommu_group=\"\",driver=\"\"} 1");
        cr_expect_null(strstr(text, "vfio_gpu_info{name=\"gone\""), "%s", text);
}

Test(export_metrics, where_nothing_is_done)
{
        _cleanup_(scene_done) Scene scene = {0};
        Export e;

        scene_set(&scene, HOST "0000:01:00.0 10de:26b1 030200 group=1\n",
                "{ name = 'a'; address = '01:00'; }", "vfio_gpu=0");
        const char *text = metrics(&scene, &e);
        expect_line(text, "vfio_gpu_result{result=\"disabled\"} 1");
        expect_line(text, "vfio_gpu_result{result=\"ok\"} 0");
        cr_expect_null(strstr(text, "vfio_gpu_ready"), "%s", text);
}
