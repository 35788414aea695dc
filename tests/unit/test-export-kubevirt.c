/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-kubevirt.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/export-scene.h"

#define A   "0000:01:00.0 10de:2330 030200 group=1\n"
#define B   "0000:02:00.0 10de:2330 030200 group=2\n"
#define C   "0000:03:00.0 1002:74a1 030200 group=3\n"
#define ABC A B C

/* The values of `key`, with a space between. */
static const char *values_of(const Export *e, const char *key)
{
        Text values = TEXT_IN(e->arena);
        size_t length = strlen(key);

        for (const char *at = e->text.string; (at = strstr(at, key)); at += length)
                if (strncmp(at + length, ": \"", 3) == 0) {
                        text_separate(&values, " ");
                        text_add(&values, "%.*s", (int)strcspn(at + length + 3, "\""),
                                at + length + 3);
                }
        return values.string;
}

static const char *first_words(const Export *e)
{
        Text text = TEXT_IN(e->arena);

        for (size_t i = 0; i < e->n_warnings; i++) {
                text_separate(&text, "; ");
                text_add(&text, "%s", e->warnings[i]);
        }
        return text.string;
}

static void export_scene(Scene *scene, bool nvidia_plugin, const char *name, Export *ret)
{
        const char *unknown = NULL;

        cr_assert_eq(export_of(scene, &name, name != NULL, ret, &unknown), 0);
        ret->nvidia_plugin = nvidia_plugin;
        export_kubevirt(ret);
        cr_assert_not(arena_failed(ret->arena));
}

Test(export_kubevirt, resources)
{
        static const struct {
                const char *machine, *config, *selectors, *resources, *devices, *asked;
        } machines[] = {
                {A, "{ name = 'h100'; address = '01:00'; }", "10de:2330", "vfio-gpu/h100",
                        "gpu1-h100", "vfio-gpu/h100"},
                /* one resource a model */
                {ABC, "{ name = 'a'; address = '01:00'; }, { name = 'b'; address = '02:00'; }",
                        "10de:2330", "vfio-gpu/a", "gpu1-a gpu2-b", "vfio-gpu/a vfio-gpu/a"},
                {ABC, "{ name = 'x'; count = 3; vendor = '10de'; }", "", "", "", ""},
                /* one entry, two models */
                {A "0000:02:00.0 10de:26b1 030200 group=2\n",
                        "{ name = 'x'; vendor = 'nvidia'; count = 'all'; }", "10de:2330 10de:26b1",
                        "vfio-gpu/x vfio-gpu/x-10de-26b1", "gpu1-x gpu2-x",
                        "vfio-gpu/x vfio-gpu/x-10de-26b1"},
                /* what KubeVirt would mistake for each other */
                {ABC, "{ name = 'a.b'; address = '01:00'; }, { name = 'A_B'; address = '03:00'; }",
                        "10de:2330 1002:74a1", "vfio-gpu/a.b vfio-gpu/A_B-1002-74a1",
                        "gpu1-a-b gpu2-A_B", "vfio-gpu/a.b vfio-gpu/A_B-1002-74a1"},
                {ABC "0000:04:00.0 10de:2331 030200 group=4\n",
                        "{ name = 'a'; address = '01:00'; }, "
                        "{ name = 'A-10de-2331'; address = '03:00'; }, "
                        "{ name = 'A'; address = '04:00'; }",
                        "10de:2330 1002:74a1", "vfio-gpu/a vfio-gpu/A-10de-2331",
                        "gpu1-a gpu2-A-10de-2331", "vfio-gpu/a vfio-gpu/A-10de-2331"},
                /* what Kubernetes does not take as a name */
                {A, "{ name = '-_.x.-'; address = '01:00'; }", "10de:2330", "vfio-gpu/x",
                        "gpu1--_-x--", "vfio-gpu/x"},
                {A, "{ name = '...'; address = '01:00'; }", "10de:2330", "vfio-gpu/gpu", "gpu1----",
                        "vfio-gpu/gpu"},
                {A,
                        "{ name = "
                        "'0123456789012345678901234567890123456789012345678-._34567890123456789'; "
                        "address = '01:00'; }",
                        "10de:2330",
                        "vfio-gpu/0123456789012345678901234567890123456789012345678-._3",
                        "gpu1-0123456789012345678901234567890123456789012345678--_"
                        "34567890123456789",
                        "vfio-gpu/0123456789012345678901234567890123456789012345678-._3"},
                {"", "", "", "", "", ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
                SCENE(scene, machines[i].machine, machines[i].config);
                Export e = {0};

                export_scene(&scene, false, NULL, &e);
                cr_expect_str_eq(values_of(&e, "pciVendorSelector"), machines[i].selectors,
                        "%zu: %s", i, e.text.string);
                cr_expect_str_eq(values_of(&e, "resourceName"), machines[i].resources, "%zu: %s", i,
                        e.text.string);
                cr_expect_str_eq(
                        values_of(&e, "- name"), machines[i].devices, "%zu: %s", i, e.text.string);
                cr_expect_str_eq(values_of(&e, "deviceName"), machines[i].asked, "%zu: %s", i,
                        e.text.string);
        }
}

Test(export_kubevirt, warnings)
{
        static const struct {
                const char *machine, *config, *name, *warnings;
                bool incomplete;
        } machines[] = {
                {A, "{ name = 'a'; address = '01:00'; }", NULL, "", false},
                {A "0000:02:00.0 10de:2330 030200 group=2 driver=nvidia\n",
                        "{ name = 'a'; address = '01:00'; }", NULL, "", false},
                {A "0000:02:00.0 10de:2330 030200 group=2 driver=vfio-pci vfio=vfio1\n",
                        "{ name = 'a'; address = '01:00'; }", NULL,
                        "0000:02:00.0 is of the same model (10de:2330), and KubeVirt hands it out "
                        "as vfio-gpu/a, too, while vfio-pci has it",
                        false},
                {ABC, "{ name = 'a'; address = '01:00'; }, { name = 'b'; address = '02:00'; }", "b",
                        "0000:01:00.0 is of the same model (10de:2330), and KubeVirt hands it out "
                        "as vfio-gpu/b, too, while vfio-pci has it",
                        false},
                {ABC, "{ name = 'a'; address = '01:00'; }, { name = 'b'; address = '02:00'; }",
                        NULL,
                        "a and b are of one model (10de:2330), and KubeVirt tells them not apart: "
                        "both are vfio-gpu/a",
                        false},
                {"0000:01:00.0 10de:2342 030200 group=1 variants=nvgrace_gpu_vfio_pci\n",
                        "{ name = 'a'; address = '01:00'; }", NULL,
                        "a (0000:01:00.0) is left out: KubeVirt takes only what is on vfio-pci, "
                        "and this gets nvgrace_gpu_vfio_pci: set driver = \"vfio-pci\" in its "
                        "entry",
                        true},
                {A "0000:02:00.0 10de:2330 030200 group=1\n",
                        "{ name = 'a'; vendor = 'nvidia'; count = 2; }", NULL,
                        "a (0000:02:00.0) is left out: KubeVirt hands out one device an IOMMU "
                        "group, and 0000:01:00.0 is in group 1, too; 0000:02:00.0 is of the same "
                        "model (10de:2330), and KubeVirt hands it out as vfio-gpu/a, too, while "
                        "vfio-pci has it",
                        true},
                {"0000:07:00.0 10de:22a3 068000 group=7\n", "{ name = 's'; id = '10de:22a3'; }",
                        NULL,
                        "NVSwitches are hostDevices for KubeVirt, which wants the feature gate "
                        "HostDevices for them",
                        false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
                SCENE(scene, machines[i].machine, machines[i].config);
                Export e = {0};

                export_scene(&scene, false, machines[i].name, &e);
                cr_expect_str_eq(
                        first_words(&e), machines[i].warnings, "%zu: %s", i, first_words(&e));
                cr_expect_eq(e.incomplete, machines[i].incomplete, "%zu", i);
        }
}

/* As kubevirt-gpu-device-plugin makes its names of pci.ids. */
Test(export_kubevirt, names_of_nvidias_plugin)
{
        static const struct {
                const char *name, *resource;
        } names[] = {
                {"TU104GL [Tesla T4]", "nvidia.com/TU104GL_TESLA_T4"},
                {"GH100[H100 SXM5 80GB]", "nvidia.com/GH100H100_SXM5_80GB"},
                {"GA102 [A10 / v1.5  x_y]", "nvidia.com/GA102_A10___V1_5_X_Y"},
                {"\"\n- evil: \\x00\t\xc3\xa9", "nvidia.com/__EVIL_X00_"},
                {NULL, "nvidia.com/2330"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                SCENE(scene, ABC,
                        "{ name = 'a'; count = 'all'; slot = 'x'; }, "
                        "{ name = 'b'; address = '01:00'; }, "
                        "{ name = 'c'; address = '03:00'; }");
                Export e = {0};

                scene_function(&scene, "0000:01:00.0")->name = names[i].name;
                scene_function(&scene, "0000:03:00.0")->name = "Aldebaran";
                export_scene(&scene, true, NULL, &e);

                const char *expected = arena_printf(e.arena, "%s vfio-gpu/c", names[i].resource);
                cr_expect_str_eq(values_of(&e, "resourceName"), expected, "%s",
                        values_of(&e, "resourceName"));
                cr_expect_not_null(strstr(e.text.string,
                        arena_printf(e.arena, "\"%s\"\n        externalResourceProvider: true\n",
                                names[i].resource)));
                cr_expect_null(strstr(e.text.string, "vfio-gpu/c\"\n        external"));
        }
}

/* A variant of vfio-pci is nothing to NVIDIA's plugin. */
Test(export_kubevirt, variants_for_nvidias_plugin)
{
        SCENE(scene, "0000:01:00.0 10de:2342 030200 group=1 variants=nvgrace_gpu_vfio_pci\n",
                "{ name = 'a'; address = '01:00'; }");
        Export e = {0};

        export_scene(&scene, true, NULL, &e);
        cr_expect_str_eq(values_of(&e, "resourceName"), "nvidia.com/2342");
        cr_expect_str_eq(first_words(&e),
                "pci.ids of this host does not know 10de:2342: if that of the plugin does, the "
                "resource is not nvidia.com/2342");
        cr_expect_not(e.incomplete);
}
