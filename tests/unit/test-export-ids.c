/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-ids.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/export-scene.h"

#define CARD                                                                                       \
        "0000:01:00.0 10de:26b1 030200 group=1 subsystem=10de:16a1 modules=nouveau,nvidia\n"       \
        "0000:01:00.1 10de:22ba 040300 group=1\n"
#define ALONE  "0000:02:00.0 1002:744c 030200 group=2 subsystem=1002:0e3b modules=amdgpu\n"
#define LISTED "{ name = 'a'; address = '01:00'; }"
#define BOTH   LISTED ", { name = 'b'; address = '02:00'; }"

static const struct {
        const char *machine, *config, *name, *words, *warning;
} cases[] = {
        {CARD, LISTED, NULL, "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1,10de:22ba\n", NULL},
        {CARD ALONE, BOTH, NULL,
                "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1,10de:22ba,1002:744c\n", NULL},
        {CARD ALONE, BOTH, "b", "rd.driver.pre=vfio-pci vfio-pci.ids=1002:744c\n", NULL},
        {CARD, "gpus = ( " LISTED " ); vfio_pci = { disable_vga = true; nointxmask = false; };",
                NULL,
                "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1,10de:22ba vfio-pci.disable_vga=1 "
                "vfio-pci.nointxmask=0\n",
                NULL},
        {"vfio built-in\n" CARD, LISTED, NULL, "vfio-pci.ids=10de:26b1,10de:22ba\n", NULL},
        {CARD, "", NULL, "", NULL},
        /* twins: listed both, one busy, one by another entry that is not asked for */
        {"0000:01:00.0 10de:26b1 030200 group=1\n0000:02:00.0 10de:26b1 030200 group=2\n",
                "{ id = '10de:26b1'; count = 2; }", NULL,
                "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1\n", NULL},
        {"0000:01:00.0 10de:26b1 030200 group=1\n"
         "0000:02:00.0 10de:26b1 030200 group=2 driver=nouveau\n",
                "{ id = '10de:26b1'; count = 2; }", NULL,
                "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1\n",
                "exported, but not ready: gpu1 (0000:02:00.0, 10de:26b1)"},
        {"0000:01:00.0 10de:26b1 030200 group=1\n0000:02:00.0 10de:26b1 030200 group=2\n", BOTH,
                "a", "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1\n", NULL},
        /* the host keeps one: of the same board, of another, of one that nobody knows */
        {"0000:01:00.0 10de:26b1 030200 group=1 subsystem=10de:16a1\n"
         "0000:02:00.0 10de:26b1 030200 group=2 subsystem=10de:16a1\n" ALONE,
                LISTED, NULL, "",
                "a (0000:01:00.0) is left out: 0000:01:00.0 is of the same model (10de:26b1) as "
                "0000:02:00.0, which vfio-pci is not to have, and no id tells them apart"},
        {"0000:01:00.0 10de:26b1 030200 group=1 subsystem=10de:16a1\n"
         "0000:02:00.0 10de:26b1 030200 group=2 subsystem=103c:16a1\n",
                LISTED, NULL, "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1:10de:16a1\n", NULL},
        {"0000:01:00.0 10de:26b1 030200 group=1\n"
         "0000:02:00.0 10de:26b1 030200 group=2 subsystem=103c:16a1\n",
                LISTED, NULL, "", "a (0000:01:00.0) is left out: "},
        /* its sound is that of another card: all or nothing */
        {CARD "0000:03:00.1 10de:22ba 040300 group=3\n", LISTED, NULL, "",
                "a (0000:01:00.0) is left out: 0000:01:00.1 is of the same model (10de:22ba) as "
                "0000:03:00.1, which vfio-pci is not to have, and no id tells them apart"},
        /* VFs of the model are the host's, too */
        {CARD "0000:03:00.0 10de:2330 030200 group=3 numvfs=1\n"
              "vfs 0000:03:00.0 1 10de:26b1 030200 group=10\n",
                LISTED, NULL, "", "a (0000:01:00.0) is left out: "},
        /* what a variant is to have, and what is like it */
        {"0000:01:00.0 10de:2342 030200 group=1 variants=nvgrace_gpu_vfio_pci\n", LISTED, NULL, "",
                "a (0000:01:00.0) is left out: 0000:01:00.0 gets nvgrace_gpu_vfio_pci, which goes "
                "by no ids"},
        {"0000:01:00.0 10de:2342 030200 group=1 variants=nvgrace_gpu_vfio_pci\n"
         "0000:02:00.0 10de:2342 030200 group=2 variants=nvgrace_gpu_vfio_pci\n",
                "{ name = 'a'; address = '01:00'; driver = 'vfio-pci'; }, "
                "{ name = 'b'; address = '02:00'; }",
                "a", "",
                "a (0000:01:00.0) is left out: 0000:01:00.0 is of the same model (10de:2342) as "
                "0000:02:00.0, which vfio-pci is not to have"},
        /* what cannot be said */
        {"0000:01:00.0 10de:26b1 030200 group=1 reset_method=flr,bus\n",
                "{ name = 'a'; address = '01:00'; reset_method = [ 'bus' ]; }", NULL,
                "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1\n",
                "reset_method and d3cold of a have no place here"},
        {"0000:01:00.0 10de:1eb1 030200 group=1\n0000:01:00.2 10de:1ad8 0c0330 group=1\n", LISTED,
                NULL, "rd.driver.pre=vfio-pci vfio-pci.ids=10de:1eb1,10de:1ad8\n",
                "0000:01:00.2 is a USB controller: "},
        {CARD "0000:09:00.0 10de:26b1 030200 group=9 unreadable=gone\n", LISTED, NULL,
                "rd.driver.pre=vfio-pci vfio-pci.ids=10de:26b1,10de:22ba\n",
                "0000:09:00.0 could not be read: "},
};

static void export_case(Scene *scene, size_t i, void (*format)(Export *e), Export *ret)
{
        const char *unknown = NULL;

        scene_set(scene, cases[i].machine, cases[i].config, NULL);
        cr_assert_eq(export_of(scene, &cases[i].name, cases[i].name != NULL, ret, &unknown), 0);
        format(ret);
        cr_assert_not(arena_failed(ret->arena));
}

Test(export_ids, words)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(scene_done) Scene scene = {0};
                Export e = {0};

                export_case(&scene, i, export_ids_cmdline, &e);
                cr_expect_str_eq(e.text.string, cases[i].words, "%zu: %s", i, e.text.string);
                cr_expect_eq(e.n_warnings, cases[i].warning ? 1 : 0, "%zu: %zu", i, e.n_warnings);
                if (e.n_warnings && cases[i].warning)
                        cr_expect_eq(
                                strncmp(e.warnings[0], cases[i].warning, strlen(cases[i].warning)),
                                0, "%zu: %s", i, e.warnings[0]);
        }
}

/* The files say what the words say, or nothing. */
Test(export_ids, files)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(scene_done) Scene scene = {0}, same = {0};
                bool files = *cases[i].words && !strstr(cases[i].machine, "built-in");
                Export dracut = {0}, modprobe = {0};

                export_case(&scene, i, export_ids_dracut, &dracut);
                export_case(&same, i, export_ids_modprobe, &modprobe);
                cr_expect_eq(!!*dracut.text.string, files, "%zu: %s", i, dracut.text.string);
                cr_expect_eq(!!*modprobe.text.string, files, "%zu: %s", i, modprobe.text.string);
                cr_expect_eq(modprobe.incomplete, dracut.incomplete, "%zu", i);
                if (!files)
                        continue;

                const char *ids = strstr(cases[i].words, "ids=");
                cr_expect_not_null(strstr(modprobe.text.string,
                                           arena_printf(modprobe.arena, "\noptions vfio-pci %.*s",
                                                   (int)strcspn(ids, " \n"), ids)),
                        "%zu: %s", i, modprobe.text.string);
        }
}

Test(export_ids, modprobe)
{
        SCENE(scene, CARD ALONE,
                "gpus = ( " BOTH " ); vfio_pci = { disable_vga = true; nointxmask = false; };");
        const char *unknown = NULL;
        Export e = {0};

        cr_assert_eq(export_of(&scene, NULL, 0, &e, &unknown), 0);
        export_ids_modprobe(&e);
        cr_expect_str_eq(e.text.string,
                "# /etc/modprobe.d/vfio-pci.conf\n"
                "options vfio-pci ids=10de:26b1,10de:22ba,1002:744c disable_vga=1 nointxmask=0\n"
                "softdep nouveau pre: vfio-pci\n"
                "softdep nvidia pre: vfio-pci\n"
                "softdep amdgpu pre: vfio-pci\n",
                "%s", e.text.string);
}
