/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/vfio-options.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/scene.h"

#define CARD     "0000:01:00.0 10de:26b1 030000 group=1\n0000:00:02.0 8086:4680 030000 group=9\n"
#define LOADED   "vfio present\nparameter disable_vga=N\nparameter disable_idle_d3=Y\n"
#define BUILT_IN "vfio built-in\nparameter disable_vga=N\nparameter disable_idle_d3=N\n"
#define CONFIG(options)                                                                            \
        "gpus = ( { address = '01:00'; } ); blacklist = 'auto'; vfio_pci = { " options " };"

Test(vfio_options, what_is_told)
{
        static const struct {
                const char *machine, *config;
                const char *says; /* or NULL: nothing */
        } cases[] = {
                {CARD LOADED, CONFIG("disable_vga = true;"),
                        "runs with disable_vga=0, the config wants disable_vga=1: it was loaded "
                        "before this config could say so"},
                {CARD LOADED, CONFIG("disable_idle_d3 = false; disable_vga = true;"),
                        "runs with disable_vga=0, disable_idle_d3=1, the config wants "
                        "disable_vga=1, disable_idle_d3=0:"},
                {CARD LOADED, CONFIG("disable_vga = false; disable_idle_d3 = true;"), NULL},
                {CARD LOADED, CONFIG(""), NULL},
                {CARD LOADED, "{ address = '01:00'; }", NULL},
                {CARD LOADED, CONFIG("enable_sriov = true; disable_denylist = false;"),
                        "the vfio-pci of this kernel has no option enable_sriov, disable_denylist, "
                        "which the config sets"},
                /* what runs otherwise is the greater trouble */
                {CARD LOADED, CONFIG("disable_vga = true; enable_sriov = true;"), "runs with"},
                {CARD BUILT_IN, CONFIG("disable_idle_d3 = true;"),
                        "vfio-pci is built into the kernel and runs with disable_idle_d3=0, the "
                        "config wants disable_idle_d3=1: boot with `vfio_pci.disable_idle_d3=1` on "
                        "the kernel command line"},
                {CARD BUILT_IN, CONFIG("disable_idle_d3 = true; disable_vga = true;"),
                        "boot with `vfio_pci.disable_vga=1 vfio_pci.disable_idle_d3=1` on"},
                {CARD BUILT_IN, CONFIG("disable_idle_d3 = false;"), NULL},
                {CARD "vfio present\nparameter disable_vga=1\n", CONFIG("disable_vga = true;"),
                        NULL},
                /* not loaded yet, or a tree that does not tell */
                {CARD, CONFIG("disable_vga = true;"), NULL},
                {CARD "vfio present\n", CONFIG("disable_vga = true;"), NULL},
                /* nothing is handed over */
                {LOADED "0000:01:00.0 10de:26b1 030000\n", CONFIG("disable_vga = true;"), NULL},
                /* vfio-pci's are its variants' */
                {LOADED "0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci\n",
                        CONFIG("disable_vga = true;"), "runs with disable_vga=0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SCENE(scene, cases[i].machine, cases[i].config);
                const char *said = vfio_options_warning(
                        scene.config, scene_plan(&scene), scene.host, scene.arena);

                if (!cases[i].says)
                        cr_expect_null(said, "%zu: %s", i, said);
                else
                        cr_expect(said && strstr(said, cases[i].says), "%zu: %s", i, said);
        }
}
