/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "policy/blacklist.h"
#include "unit/no-memory.h"

#define HOST  "0000:00:02.0 8086:4680 030000 group=9 modules=i915\n"
#define CARD  "0000:01:00.0 10de:26b1 030000 group=1 subsystem=1043:88a1 modules=nouveau\n"
#define TWIN  "0000:02:00.0 10de:26b1 030000 group=2 subsystem=1458:4100\n"
#define OTHER "0000:03:00.0 10de:1eb8 030200 group=3\n"
#define DEAD  "0000:05:00.0 10de:26b1 030000 group=5 modules=nouveau silent=ones\n"
#define BUSY  "0000:04:00.0 10de:26b1 030000 group=4 driver=nouveau subsystem=1043:88a1\n"

/* What the options of vfio-pci are. */
static void expect_options(const char *machine, const char *config, const char *expected)
{
        SCENE(scene, machine, config);
        const Plan *plan = scene_plan(&scene);
        const char *options =
                blacklist_vfio_options(scene.config, scene.host, &plan->claims, scene.arena);

        cr_expect_str_eq(
                options, expected, "%s%s: \"%s\", not \"%s\"", machine, config, options, expected);
        cr_expect_gt(no_memory_plan(&scene), 0);
}

#define PORT "0000:00:01.0 8086:460d 060400 bridge\n"
#define FAR  "0000:01:00.0 10de:26b1 030000 group=1 parent=0000:00:01.0 serial=0000000000000042\n"
#define NVSWITCH                                                                                   \
        "0000:07:00.0 10de:22a3 068000 group=7 modules=nvidia\n"                                   \
        "0000:08:00.0 10de:22a3 068000 group=8 modules=nvidia\n"

#define ALL       "{ id = '10de:26b1'; count = 'all'; }"
#define ALL_BOARD "{ id = '10de:26b1'; subsystem = '1043:88a1'; count = 'all'; }"

Test(blacklist, ids_name_what_is_taken_whole)
{
        static const struct {
                const char *machine, *config, *options;
        } cases[] = {
                {CARD TWIN HOST, ALL, "ids=10de:26b1"},
                {CARD HOST, ALL, "ids=10de:26b1"},
                {CARD TWIN OTHER HOST, "{ vendor = 'nvidia'; count = 'all'; }",
                        "ids=10de:26b1,10de:1eb8"},
                /* one of the model is not ours */
                {CARD TWIN BUSY HOST, ALL, "ids="},
                {CARD "0000:02:00.0 10de:26b1 030000\n" HOST, ALL, "ids="},
                {CARD "0000:05:00.0 10de:26b1 040300 group=5\n" HOST, ALL, "ids="},
                {CARD "vfs 0000:05:00.0 1 10de:26b1 030000 group=5\n" HOST, ALL, "ids="},
                {CARD "0000:05:00.0 0000:0000 000000 unreadable=class\n" HOST, ALL, "ids="},
                {CARD DEAD HOST, ALL, "ids="},
                /* the intent is not "all" */
                {CARD HOST, "{ id = '10de:26b1'; }", "ids="},
                {CARD TWIN HOST, "{ id = '10de:26b1'; count = 2; }", "ids="},
                {CARD HOST, "{ id = '10de:26b1'; address = '01:00'; count = 'all'; }", "ids="},
                {CARD HOST "slot 1 0000:01:00\n",
                        "{ id = '10de:26b1'; slot = '1'; count = 'all'; }", "ids="},
                {PORT FAR HOST, "{ id = '10de:26b1'; path = '00:01.0/00.0'; count = 'all'; }",
                        "ids="},
                {PORT FAR HOST, "{ serial = '0000000000000042'; count = 'all'; }", "ids="},
                {PORT FAR HOST, "{ vendor = 'nvidia'; count = 'all'; }", "ids=10de:26b1"},
                /* switches, where they are listed */
                {CARD HOST NVSWITCH, "{ id = '10de:22a3'; count = 'all'; }", "ids=10de:22a3"},
                {CARD HOST NVSWITCH, "{ vendor = 'nvidia'; count = 'all'; }", "ids=10de:26b1"},
                {CARD HOST NVSWITCH, "{ id = '10de:22a3'; address = '07:00'; count = 'all'; }",
                        "ids="},
                /* those that appear later would get vfio-pci, which is not what is wanted */
                {"0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci\n" HOST,
                        "{ id = '10de:2342'; count = 'all'; }", "ids="},
                {"0000:01:00.0 10de:2342 030200 group=1 variants=x_vfio_pci\n" HOST,
                        "{ id = '10de:2342'; count = 'all'; driver = 'vfio-pci'; }",
                        "ids=10de:2342"},
                /* with the subsystem where it is given, even beside another board */
                {CARD TWIN HOST, ALL_BOARD, "ids=10de:26b1:1043:88a1"},
                {CARD BUSY HOST, ALL_BOARD, "ids="},
                {CARD "0000:05:00.0 10de:26b1 040300 group=5\n" HOST, ALL_BOARD, "ids="},
                /* a card that one more entry takes is no stranger */
                {CARD TWIN HOST, ALL_BOARD ", { subsystem = '1458:4100'; }",
                        "ids=10de:26b1:1043:88a1"},
                /* both of one model by two entries */
                {CARD TWIN HOST,
                        ALL_BOARD ", { id = '10de:26b1'; subsystem = '1458:4100'; count = 'all'; }",
                        "ids=10de:26b1:1043:88a1,10de:26b1:1458:4100"},
                {HOST, "", "ids="},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                expect_options(cases[i].machine, cases[i].config, cases[i].options);
}

Test(blacklist, options_of_the_config_follow)
{
        static const char entry[] = "gpus = ( { address = '01:00'; } ); vfio_pci = ";
        static const struct {
                const char *group, *options;
        } cases[] = {
                {"{ disable_vga = true; };", "ids= disable_vga=1"},
                {"{ disable_idle_d3 = false; disable_vga = true; };",
                        "ids= disable_vga=1 disable_idle_d3=0"},
                {"{ nointxmask = true; enable_sriov = true; disable_denylist = false; };",
                        "ids= nointxmask=1 enable_sriov=1 disable_denylist=0"},
                {"{ };", "ids="},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char config[256];

                snprintf(config, sizeof(config), "%s%s", entry, cases[i].group);
                expect_options(CARD HOST, config, cases[i].options);
        }
}

static const char *names(Scene *scene)
{
        const Plan *plan = scene_plan(scene);
        const char **modules = NULL, *text = "";
        size_t n = 0;

        cr_assert_eq(blacklist_build(
                             scene->config, scene->host, &plan->claims, scene->arena, &modules, &n),
                0);
        for (size_t i = 0; i < n; i++)
                text = arena_printf(scene->arena, "%s%s%s", text, i ? " " : "", modules[i]);
        cr_expect_gt(no_memory_plan(scene), 0);
        return text;
}

#define NVIDIA "nouveau nova_core nova_drm nvidiafb"
#define ONE    "{ address = '01:00'; }"

Test(blacklist, modules)
{
        static const struct {
                const char *machine, *config, *modules;
        } cases[] = {
                {CARD HOST, ONE, NVIDIA},
                /* the initramfs may know no alias at all */
                {"0000:01:00.0 10de:26b1 030200 group=1\n", ONE, NVIDIA},
                {"0000:01:00.0 10de:26b1 030000 group=1 modules=nvidia_drm,nouveau\n" HOST, ONE,
                        "nouveau nova_core nova_drm nvidia_drm nvidiafb"},
                /* a twin that the host keeps needs nouveau, and its kin */
                {CARD TWIN HOST, ONE, ""},
                {CARD OTHER HOST, ONE, ""},
                {CARD BUSY HOST, ALL, ""},
                {CARD TWIN HOST, ALL, NVIDIA},
                /* what does not answer is nobody's to probe, listed or not */
                {CARD DEAD HOST, ALL, NVIDIA},
                {CARD DEAD HOST, ONE, NVIDIA},
                /* others by their aliases */
                {"0000:01:00.0 1002:744c 030000 group=1 modules=amdgpu\n" HOST, ONE, "amdgpu"},
                {"0000:01:00.0 1002:6779 030000 group=1 modules=radeon,amdgpu\n"
                 "0000:02:00.0 1002:744c 030000 group=2 modules=amdgpu\n",
                        ONE, "radeon"},
                {"0000:01:00.0 1002:744c 030000 group=1\n" HOST, ONE, ""},
                {"0000:01:00.0 8086:56a0 030000 group=1 modules=i915,xe\n" HOST, ONE, "xe"},
                /* an accelerator that is nobody's GPU */
                {"0000:01:00.0 1002:744c 030000 group=1 modules=amdgpu\n"
                 "0000:05:00.0 1002:74a1 120000 group=5 modules=amdgpu\n" HOST,
                        ONE, ""},
                /* drivers of companions are never kept away */
                {CARD HOST "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n", ONE,
                        NVIDIA},
                {"0000:01:00.0 10de:26b1 030000\n" HOST, ONE, ""},
                /* a switch has modules of its own, and may need the card's */
                {HOST NVSWITCH, "{ id = '10de:22a3'; count = 'all'; }", "nvidia"},
                {HOST NVSWITCH, "{ address = '07:00'; }", ""},
                {"0000:01:00.0 10de:26b1 030000 group=1 modules=nvidia\n" HOST NVSWITCH, ONE,
                        NVIDIA},
                {"0000:01:00.0 10de:26b1 030000 group=1 modules=nvidia\n" HOST NVSWITCH,
                        ONE ", { id = '10de:22a3'; count = 2; }",
                        "nouveau nova_core nova_drm nvidia nvidiafb"},
                {"0000:01:00.0 10de:26b1 030000 group=1 modules=nvidia\n" HOST NVSWITCH,
                        "{ id = '10de:22a3'; count = 2; }", ""},
                {CARD HOST, "", ""},
                {CARD HOST, "gpus = ( " ONE " ); blacklist = [ 'nvidia', 'foo-bar' ];",
                        "foo_bar nvidia"},
                {CARD HOST, "gpus = ( " ONE " ); blacklist = [ ];", ""},
                {CARD HOST, "gpus = ( " ONE " ); blacklist = 'auto';", NVIDIA},
                {CARD TWIN HOST, "gpus = ( " ONE " ); blacklist = [ 'nouveau' ];", "nouveau"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SCENE(scene, cases[i].machine, cases[i].config);
                const char *modules = names(&scene);

                cr_expect_str_eq(modules, cases[i].modules, "%s%s: \"%s\", not \"%s\"",
                        cases[i].machine, cases[i].config, modules, cases[i].modules);
        }
}

Test(blacklist, file)
{
        SCENE(scene, CARD HOST, "gpus = ( " ONE " ); vfio_pci = { disable_vga = true; };");
        const Plan *plan = scene_plan(&scene);

        cr_assert_eq(plan->steps[0].type, STEP_POLICY);
        const char *text = plan->steps[0].text;
        cr_expect_eq(*text, '#');
        cr_expect_str_eq(strchr(text, '\n') + 1, "blacklist nouveau\n"
                                                 "blacklist nova_core\n"
                                                 "blacklist nova_drm\n"
                                                 "blacklist nvidiafb\n"
                                                 "options vfio-pci ids= disable_vga=1\n");
}

/* What the file says and what the module is loaded with must be one. */
Test(blacklist, file_and_load_agree)
{
        SCENE(scene, CARD TWIN HOST, ALL);

        scene_plan(&scene);
        const Step *load = scene_find_step(&scene, STEP_LOAD, "");
        cr_assert(load);
        cr_expect_str_eq(load->text, "ids=10de:26b1");
        cr_expect(strstr(scene_find_step(&scene, STEP_POLICY, "")->text,
                "\noptions vfio-pci ids=10de:26b1\n"));
}
