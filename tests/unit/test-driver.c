/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/driver.h"

#include <criterion/criterion.h>

#include "lib/scene.h"

#define CARD(variants)                                                                             \
        "0000:01:00.0 10de:2342 030200 group=1 " variants "\n"                                     \
        "0000:01:00.1 10de:22ba 040300 group=1\n"

static const char *wanted(Scene *scene, size_t i)
{
        scene_plan(scene);
        return scene->plan->claims.items[0].drivers[i];
}

/* The driver of the GPU, and of the audio function that comes along. */
Test(driver, wanted)
{
        static const struct {
                const char *machine, *driver, *gpu, *audio;
        } cases[] = {
                {CARD(""), "auto", "vfio-pci", "vfio-pci"},
                {CARD(""), "vfio-pci", "vfio-pci", "vfio-pci"},
                {CARD(""), "vfio_pci", "vfio-pci", "vfio-pci"},
                {CARD("variants=x_vfio_pci,y_vfio_pci"), "auto", "x_vfio_pci", "vfio-pci"},
                {CARD("variants=x_vfio_pci,y_vfio_pci"), "vfio-pci", "vfio-pci", "vfio-pci"},
                {CARD("variants=x_vfio_pci,y_vfio_pci"), "y-vfio-pci", "y_vfio_pci", "vfio-pci"},
                /* what is not there is wanted all the same: the rules say so */
                {CARD("variants=x_vfio_pci:missing,y_vfio_pci"), "auto", "x_vfio_pci", "vfio-pci"},
                {CARD("variants=x_vfio_pci"), "z-vfio-pci", "z-vfio-pci", "vfio-pci"},
                /* a companion that has its own */
                {"0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci\n"
                 "0000:01:00.1 10de:22ba 040300 group=1 variants=s_vfio_pci\n",
                        "auto", "x_vfio_pci", "s_vfio_pci"},
                {"0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci\n"
                 "0000:01:00.1 10de:22ba 040300 group=1 variants=s_vfio_pci\n",
                        "x_vfio_pci", "x_vfio_pci", "s_vfio_pci"},
                {"0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci\n"
                 "0000:01:00.1 10de:22ba 040300 group=1 variants=s_vfio_pci\n",
                        "vfio-pci", "vfio-pci", "vfio-pci"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char config[128];

                snprintf(config, sizeof(config), "{ address = '01:00'; driver = '%s'; }",
                        cases[i].driver);
                SCENE(scene, cases[i].machine, config);
                cr_expect_str_eq(wanted(&scene, 0), cases[i].gpu, "%zu: %s", i, wanted(&scene, 0));
                cr_expect_str_eq(
                        wanted(&scene, 1), cases[i].audio, "%zu: %s", i, wanted(&scene, 1));
        }
}

/* A name is for the card that the entry picks, and not for another one of its group. */
Test(driver, of_what_comes_along_by_group)
{
        SCENE(scene,
                CARD("variants=x_vfio_pci") "0000:02:00.0 10de:2342 030200 group=1 "
                                            "variants=y_vfio_pci\n",
                "{ address = '01:00'; driver = 'vfio-pci'; allow_group_members = [ '02:00' ]; }");

        cr_expect_str_eq(wanted(&scene, 0), "vfio-pci");
        cr_expect_str_eq(wanted(&scene, 2), "vfio-pci");
        scene_set(&scene,
                CARD("variants=x_vfio_pci") "0000:02:00.0 10de:2342 030200 group=1 "
                                            "variants=y_vfio_pci\n",
                "{ address = '01:00'; driver = 'x_vfio_pci'; allow_group_members = [ '02:00' ]; }",
                NULL);
        cr_expect_str_eq(wanted(&scene, 0), "x_vfio_pci");
        cr_expect_str_eq(wanted(&scene, 2), "y_vfio_pci");
}

/* vfio-pci's own alias has seven wildcards; who has as many is no better. */
Test(driver, as_vague_as_vfio_pci_is_no_better)
{
        SCENE(scene, CARD("variants=x_vfio_pci"), "{ address = '01:00'; }");

        scene_function(&scene, "0000:01:00.0")->vfio_drivers[0].wildcards = 6;
        cr_expect_str_eq(wanted(&scene, 0), "x_vfio_pci");
        scene_function(&scene, "0000:01:00.0")->vfio_drivers[0].wildcards = 7;
        cr_expect_str_eq(wanted(&scene, 0), "vfio-pci");
}

/* Loading it would load the host's own driver of the card, for the other cards of the host too. */
Test(driver, for_virtual_functions_only_by_name)
{
        SCENE(scene, CARD("variants=x_vfio_pci,y_vfio_pci"), "{ address = '01:00'; }");

        scene_function(&scene, "0000:01:00.0")->vfio_drivers[0].for_vfs = true;
        cr_expect_str_eq(wanted(&scene, 0), "y_vfio_pci");
        scene_function(&scene, "0000:01:00.0")->vfio_drivers[1].for_vfs = true;
        cr_expect_str_eq(wanted(&scene, 0), "vfio-pci");
        scene_set(&scene, CARD("variants=x_vfio_pci"),
                "{ address = '01:00'; driver = 'x_vfio_pci'; }", NULL);
        scene_function(&scene, "0000:01:00.0")->vfio_drivers[0].for_vfs = true;
        cr_expect_str_eq(wanted(&scene, 0), "x_vfio_pci");
}

Test(driver, states_modules_and_candidates)
{
        SCENE(scene, CARD("variants=x_vfio_pci,y_vfio_pci:present,z_vfio_pci:missing"), "");
        const Function *gpu = scene_function(&scene, "0000:01:00.0");
        const Function *audio = scene_function(&scene, "0000:01:00.1");

        cr_expect_eq(driver_state(scene.host, gpu, "vfio-pci"), MODULE_LOADABLE);
        cr_expect_eq(driver_state(scene.host, gpu, "x-vfio-pci"), MODULE_LOADABLE);
        cr_expect_eq(driver_state(scene.host, gpu, "y_vfio_pci"), MODULE_PRESENT);
        cr_expect_eq(driver_state(scene.host, gpu, "z_vfio_pci"), MODULE_MISSING);
        cr_expect_eq(driver_state(scene.host, gpu, "nouveau"), MODULE_MISSING);
        cr_expect_eq(driver_state(scene.host, audio, "x_vfio_pci"), MODULE_MISSING);
        cr_expect_str_eq(driver_module("vfio-pci"), "vfio_pci");
        cr_expect_str_eq(driver_module("x_vfio_pci"), "x_vfio_pci");
        cr_expect_str_eq(driver_candidates(scene.host, gpu, scene.arena),
                "x_vfio_pci, y_vfio_pci, vfio-pci");
        cr_expect_str_eq(driver_candidates(scene.host, audio, scene.arena), "vfio-pci");
        scene.host->vfio_pci = MODULE_MISSING;
        cr_expect_str_eq(driver_candidates(scene.host, audio, scene.arena), "none");
}
