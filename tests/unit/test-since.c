/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/since.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "lib/scene.h"

#define HOST  "0000:00:02.0 8086:4680 030000 group=9 driver=i915\n"
#define READY "0000:01:00.0\t10de:26b1\tinitrd\tready\tvfio-pci\t-\n"
#define ON    "0000:01:00.0 10de:26b1 030000 group=13 driver="

static const struct {
        const char *what, *history, *machine, *config, *expected; /* a line a difference */
} cases[] = {
        {"nothing is known", "", ON "nouveau\n" HOST, "{ address = '01:00'; }", ""},
        {"all is as it was", READY, ON "vfio-pci vfio=vfio0\n" HOST, "{ address = '01:00'; }", ""},
        {"taken away", READY, ON "nouveau\n" HOST, "{ address = '01:00'; }",
                "0000:01:00.0 (10de:26b1), ready on vfio-pci after the initrd stage, is on nouveau "
                "now\n"},
        {"let go", READY, "0000:01:00.0 10de:26b1 030000 group=13\n" HOST, "{ address = '01:00'; }",
                "0000:01:00.0 (10de:26b1), ready on vfio-pci after the initrd stage, has no driver "
                "now\n"},
        {"another VFIO driver", READY, ON "nvgrace_gpu_vfio_pci vfio=vfio0\n" HOST,
                "{ address = '01:00'; }",
                "0000:01:00.0 (10de:26b1), ready on vfio-pci after the initrd stage, is on "
                "nvgrace_gpu_vfio_pci now\n"},
        {"half", READY, ON "vfio-pci\n" HOST, "{ address = '01:00'; }",
                "0000:01:00.0 (10de:26b1), ready on vfio-pci after the initrd stage, is not known "
                "to VFIO any more\n"},
        {"pulled out", READY, HOST, "{ address = '01:00'; }",
                "0000:01:00.0 (10de:26b1), ready on vfio-pci after the initrd stage, is gone\n"},
        {"exchanged", READY,
                "0000:01:00.0 10de:2204 030000 group=13 driver=vfio-pci vfio=vfio0\n" HOST,
                "{ address = '01:00'; }",
                "0000:01:00.0 (10de:26b1), ready on vfio-pci after the initrd stage, is gone, and "
                "10de:2204 is in its place\n"},
        {"taken out of the config", READY, ON "vfio-pci vfio=vfio0\n" HOST, "",
                "0000:01:00.0 (10de:26b1), ready on vfio-pci after the initrd stage, is still "
                "there, and no entry picks it any more: `vfio-gpu release 0000:01:00.0` gives it "
                "back\n"},
        {"refused, and no other driver since",
                "0000:01:00.0\t10de:26b1\tsystem\t-\tnouveau\tnouveau\n", ON "nouveau\n" HOST,
                "{ address = '01:00'; }", ""},
        {"refused, and out of the config since",
                "0000:01:00.0\t10de:26b1\tsystem\t-\tnouveau\tnouveau\n", ON "nouveau\n" HOST, "",
                ""},
        {"refused, and another driver since",
                "0000:01:00.0\t10de:26b1\tsystem\t-\tnouveau\tnouveau\n", ON "nvidia\n" HOST,
                "{ address = '01:00'; }",
                "0000:01:00.0 (10de:26b1), on nouveau after the system stage, is on nvidia now\n"},
        {"found without a driver", "0000:01:00.0\t10de:26b1\tsystem\t-\t-\t-\n", ON "nvidia\n" HOST,
                "{ address = '01:00'; }",
                "0000:01:00.0 (10de:26b1), without a driver after the system stage, is on nvidia "
                "now\n"},
};

static const char *differences(Scene *scene, const char *text, const char *config_path)
{
        Text lines = TEXT_IN(scene->arena);
        History history = {0};
        Since since = {0};

        history_read(&history, text, scene->arena);
        cr_assert_eq(
                since_build(&history, scene->host, scene->plan, config_path, scene->arena, &since),
                0);
        for (size_t i = 0; i < since.n_items; i++)
                text_add(&lines, "%s\n", since.items[i].message);
        return lines.string;
}

Test(since, what_is_otherwise)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SCENE(scene, cases[i].machine, cases[i].config);
                scene_plan(&scene);
                const char *found = differences(&scene, cases[i].history, NULL);

                cr_expect_str_eq(found, cases[i].expected, "%s: %s", cases[i].what, found);
        }
}

Test(since, released)
{
        SCENE(scene, ON "nouveau\n" HOST, "{ address = '01:00'; }");
        scene_function(&scene, "0000:01:00.0")->released = true;
        scene_plan(&scene);
        cr_expect_str_eq(differences(&scene, READY, NULL),
                "0000:01:00.0 (10de:26b1), ready on vfio-pci after the initrd stage, was released "
                "and is on nouveau now\n");
}

Test(since, the_config_was_edited)
{
        SCENE(scene, ON "vfio-pci vfio=vfio0\n" HOST, "{ address = '01:00'; }");
        scene_plan(&scene);
        cr_expect_str_eq(differences(&scene, READY, "/etc/vfio-gpu.conf"),
                "/etc/vfio-gpu.conf was edited after the system stage had read it: see `vfio-gpu "
                "check`; `systemctl restart vfio-gpu` puts it in force\n");
}

Test(since, where_all_is_switched_off_no_entry_is_asked)
{
        _cleanup_(scene_done) Scene scene = {0};

        scene_set(&scene, ON "vfio-pci vfio=vfio0\n" HOST, "{ address = '01:00'; }", "vfio_gpu=0");
        scene_plan(&scene);
        cr_expect_str_eq(differences(&scene, READY, NULL), "");
}

Test(since, one_that_cannot_be_read_is_not_another)
{
        SCENE(scene, ON "vfio-pci vfio=vfio0\n" HOST, "{ address = '01:00'; }");
        Function *f = scene_function(&scene, "0000:01:00.0");

        scene_plan(&scene);
        f->unreadable = "it answers nothing";
        f->id = (PciId){0};
        cr_expect_str_eq(differences(&scene, READY, NULL), "");
}
