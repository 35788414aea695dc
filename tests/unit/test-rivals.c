/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/rivals.h"

#include <criterion/criterion.h>
#include <string.h>

#include "unit/no-memory.h"

#define CARD "0000:01:00.0 10de:26b1 030000 group=1 modules=nouveau\n"
#define HOST "0000:00:02.0 8086:4680 030000 group=9 driver=i915\n"
#define TWIN "0000:02:00.0 10de:26b1 030000 group=2 subsystem=1043:8000 modules=nouveau\n"
#define NIC  "0000:05:00.0 8086:1572 020000 group=5 driver=i40e\n"
#define ONE  "{ name = 'a'; address = '01:00'; }"
#define AT   .file = "/etc/f", .line = 7, .text = "the line"
#define WORD .on_cmdline = true, .text = "w=1"

typedef struct Row {
        const char *machine, *cmdline;
        Rival rival;
        const char *warning; /* a part of it; NULL: none; "": it is called needless */
} Row;

static void expect(const Row *row, size_t index)
{
        _cleanup_(scene_done) Scene scene = {0};
        Rival rival = row->rival;

        scene_set(&scene, row->machine, ONE, row->cmdline);
        scene.host->rivals = &rival;
        scene.host->n_rivals = 1;
        for (int known = 1; known >= 0; known--) {
                scene.host->recipes_known = known;
                const Plan *plan = scene_plan(&scene);
                const char *found = plan->n_warnings > 0 ? plan->warnings[0] : NULL;
                const char *wanted = row->warning;

                /* nobody is bothered with those where they were not asked for */
                if (wanted && !*wanted)
                        wanted = known ? "not needed with vfio-gpu" : NULL;
                cr_expect_eq(plan->n_warnings, wanted != NULL, "%zu: %s", index, found);
                if (wanted && found)
                        cr_expect_not_null(strstr(found, wanted), "%zu: %s", index, found);
                cr_expect_gt(no_memory_plan(&scene), 0);
        }
}

Test(rivals, ids)
{
        static const Row rows[] = {
                {CARD HOST, NULL, {RIVAL_IDS, AT, .value = "10de:26b1"}, ""},
                {CARD HOST, NULL, {RIVAL_IDS, AT, .value = "1234:5678"}, ""},
                {CARD HOST TWIN, NULL, {RIVAL_IDS, AT, .value = "10de:26b1"},
                        "/etc/f:7, \"the line\", goes by the model, and whoever loads vfio-pci "
                        "first decides (vfio-gpu leaves these ids out): it may take 0000:02:00.0 "
                        "(10de:26b1), which no entry claims; remove the line, then `dracut -f`"},
                {CARD HOST TWIN, NULL, {RIVAL_IDS, AT, .value = "x,,10DE:26B1"}, "may take"},
                {CARD HOST TWIN, NULL, {RIVAL_IDS, AT, .value = "10de:26b1:1043"}, "may take"},
                {CARD HOST TWIN, NULL, {RIVAL_IDS, AT, .value = "10de:26b1:1043:8000"}, "may take"},
                {CARD HOST TWIN, NULL, {RIVAL_IDS, AT, .value = "10de:26b1:1043:8001"}, ""},
                {CARD HOST TWIN, NULL,
                        {RIVAL_IDS, AT, .value = "10de:26b1:ffffffff:ffffffff:30000:ff0000"},
                        "may take"},
                {CARD HOST TWIN, NULL,
                        {RIVAL_IDS, AT, .value = "10de:26b1:ffffffff:ffffffff:40000:ff0000"}, ""},
                {CARD HOST TWIN, NULL, {RIVAL_IDS, AT, .value = "10de"}, ""},
                /* more fields than there are say nothing more */
                {CARD HOST TWIN, NULL,
                        {RIVAL_IDS, AT, .value = "10de:26b1:ffffffff:ffffffff:30000:ff0000:7"},
                        "may take"},
                /* no driver takes what cannot be read, and vfio-pci no bridge */
                {CARD HOST "0000:02:00.0 10de:26b1 030000 unreadable=id\n", NULL,
                        {RIVAL_IDS, AT, .value = "10de:26b1"}, ""},
                {CARD HOST "0000:00:01.0 8086:460d 060400 bridge\n", NULL,
                        {RIVAL_IDS, AT, .value = "8086:460d"}, ""},
                {CARD HOST NIC, NULL, {RIVAL_IDS, AT, .value = "10de:26b1,8086:1572"},
                        "it may take 0000:05:00.0 (8086:1572), which"},
                {CARD HOST TWIN "vfio built-in\n", NULL, {RIVAL_IDS, AT, .value = "10de:26b1"}, ""},
                {CARD HOST TWIN "vfio built-in\n", NULL, {RIVAL_IDS, WORD, .value = "10de:26b1"},
                        "is obeyed by this kernel's own vfio-pci before vfio-gpu runs: it takes "
                        "0000:02:00.0"},
                {CARD HOST, "vfio_gpu.skip=a", {RIVAL_IDS, AT, .value = "10de:26b1"}, NULL},
                {TWIN HOST, NULL, {RIVAL_IDS, AT, .value = "10de:26b1"}, NULL},
                {CARD HOST, NULL, {RIVAL_STUB_IDS, AT, .value = "10de:26b1"},
                        "has pci-stub take 0000:01:00.0 (10de:26b1) before vfio-gpu can"},
                {"0000:01:00.0 10de:26b1 030000 group=1 driver=pci-stub\n" HOST, NULL,
                        {RIVAL_STUB_IDS, AT, .value = "10de:26b1"}, "has pci-stub take"},
                {CARD HOST NIC, NULL, {RIVAL_STUB_IDS, AT, .value = "8086:1572"}, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect(&rows[i], i);
}

Test(rivals, drivers_that_are_kept_off)
{
        static const Row rows[] = {
                {CARD HOST, NULL, {RIVAL_KEEPS_OFF, AT, .value = "nouveau"}, ""},
                {CARD HOST, NULL, {RIVAL_KEEPS_OFF, AT, .value = "snd_hda_intel"}, NULL},
                {CARD HOST TWIN, NULL, {RIVAL_KEEPS_OFF, AT, .value = "nouveau"},
                        "keeps nouveau from 0000:02:00.0, which no entry claims and no driver has; "
                        "if the host is to use that card, remove the line, then `dracut -f`"},
                /* of what shows nothing, and of a card of which this is no driver */
                {CARD HOST "0000:05:00.0 8086:1572 020000 group=5 modules=i40e\n", NULL,
                        {RIVAL_KEEPS_OFF, AT, .value = "i40e"}, NULL},
                {CARD HOST TWIN, NULL, {RIVAL_KEEPS_OFF, AT, .value = "nvidia"}, NULL},
                /* that host has another driver for it */
                {CARD HOST "0000:02:00.0 10de:26b1 030000 group=2 driver=nvidia modules=nouveau\n",
                        NULL, {RIVAL_KEEPS_OFF, AT, .value = "nouveau"}, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect(&rows[i], i);
}

Test(rivals, programs)
{
        static const Row rows[] = {
                {CARD HOST, NULL, {RIVAL_LOADS, AT}, ""},
                {CARD HOST, NULL, {RIVAL_LOADS, WORD}, ""},
                {CARD HOST, NULL, {RIVAL_HIDES, .file = "/etc/f"}, "/etc/f hides the file"},
                {CARD HOST, NULL, {RIVAL_SCRIPT, .file = "/etc/f"}, "/etc/f binds cards by itself"},
                {CARD HOST, NULL, {RIVAL_SCRIPT, AT}, "/etc/f:7, \"the line\", binds cards by"},
                {CARD HOST, NULL,
                        {RIVAL_DRIVERCTL, .file = "/etc/f", .value = "nouveau",
                                .address = {0, 1, 0, 0}},
                        "driverctl (/etc/f) takes 0000:01:00.0 (a) from its driver at each boot, "
                        "after vfio-gpu, and hands it to nouveau; `rm /etc/f`"},
                {CARD HOST, NULL,
                        {RIVAL_DRIVERCTL, .file = "/etc/f", .value = "none",
                                .address = {0, 1, 0, 0}},
                        "and leaves it without a driver"},
                {CARD HOST, NULL,
                        {RIVAL_DRIVERCTL, .file = "/etc/f", .value = "x", .address = {0, 0, 2, 0}},
                        NULL},
                {CARD HOST, NULL,
                        {RIVAL_DRIVERCTL, .file = "/etc/f", .value = "x", .address = {0, 7, 2, 0}},
                        NULL},
                {CARD HOST, NULL,
                        {RIVAL_LIBVIRT, .file = "/etc/f", .value = "win11",
                                .address = {0, 1, 0, 0}},
                        "libvirt's domain \"win11\" (/etc/f) has 0000:01:00.0 (a) with "
                        "managed='yes'"},
                {CARD HOST, NULL,
                        {RIVAL_LIBVIRT, .file = "/etc/f", .value = "win11",
                                .address = {0, 0, 2, 0}},
                        NULL},
                {CARD HOST, NULL,
                        {RIVAL_LIBVIRT, .file = "/etc/f", .value = "win11",
                                .address = {0, 7, 0, 0}},
                        NULL},
                {CARD HOST, NULL, {RIVAL_UNSEEN, .value = "not seen"}, "not seen"},
                {TWIN HOST, NULL, {RIVAL_UNSEEN, .value = "not seen"}, NULL},
                {CARD HOST, NULL, {RIVAL_OPERATOR, .value = "nvidia-vfio-manager"},
                        "gives all of them back to the host when it ends; keep it away with "
                        "node labels: `vfio-gpu export nfd --gpu-operator=off`"},
                {CARD HOST, NULL, {RIVAL_OPERATOR, .value = "k8s-driver-manager"},
                        "clears their driver_override, unless"},
                {"0000:01:00.0 1002:73bf 030000 group=1\n" HOST TWIN, NULL,
                        {RIVAL_OPERATOR, .value = "nvidia-vfio-manager"}, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect(&rows[i], i);
}

/* A card that is left alone is the host's, whoever takes it; the other is as ever. */
Test(rivals, of_a_skipped_entry)
{
        static const struct {
                const char *cmdline;
                size_t n_warnings;
        } rows[] = {{NULL, 2}, {"vfio_gpu.skip=b", 1}, {"vfio_gpu.skip=a,b", 0}};
        Rival rivals[] = {
                {RIVAL_DRIVERCTL, .file = "/a", .value = "none", .address = {0, 1, 0, 0}},
                {RIVAL_DRIVERCTL, .file = "/b", .value = "none", .address = {0, 2, 0, 0}},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(scene_done) Scene scene = {0};

                scene_set(&scene, CARD HOST TWIN, ONE ", { name = 'b'; address = '02:00'; }",
                        rows[i].cmdline);
                scene.host->rivals = rivals;
                scene.host->n_rivals = ARRAY_SIZE(rivals);
                cr_expect_eq(scene_plan(&scene)->n_warnings, rows[i].n_warnings, "%zu", i);
        }
}

/* How a line goes away depends on what the host boots with. */
Test(rivals, remedies)
{
        static const struct {
                ImageTool image;
                KernelLine line;
                bool word;
                const char *file, *remedy;
        } rows[] = {
                {IMAGE_TOOL_DRACUT, KERNEL_LINE_UNKNOWN, false, "/f",
                        "remove the line, then `dracut -f`"},
                {IMAGE_TOOL_INITRAMFS_TOOLS, KERNEL_LINE_UNKNOWN, false, "/f",
                        "remove the line, then `update-initramfs -u -k all`"},
                {IMAGE_TOOL_MKINITCPIO, KERNEL_LINE_UNKNOWN, false, "/f",
                        "remove the line, then `mkinitcpio -P`"},
                {IMAGE_TOOL_DRACUT, KERNEL_LINE_UPDATE_GRUB, true, "/f",
                        "remove it from /f:7, then `update-grub`"},
                {IMAGE_TOOL_DRACUT, KERNEL_LINE_PROXMOX, true, "/f",
                        "remove it from /f:7, then `proxmox-boot-tool refresh`"},
                {IMAGE_TOOL_DRACUT, KERNEL_LINE_GRUBBY, true, NULL,
                        "remove it: `grubby --update-kernel=ALL --remove-args=\"w=1\"`"},
                {IMAGE_TOOL_DRACUT, KERNEL_LINE_RPM_OSTREE, true, NULL,
                        "remove it: `rpm-ostree kargs --delete-if-present=\"w=1\"`"},
                {IMAGE_TOOL_DRACUT, KERNEL_LINE_UNKNOWN, true, "/f",
                        "; take it out of /f:7 and of the boot loader's configuration"},
                {IMAGE_TOOL_DRACUT, KERNEL_LINE_UNKNOWN, true, NULL,
                        "; take it out of the boot loader's configuration"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Rival rival = {RIVAL_STUB_IDS, .value = "10de:26b1", .on_cmdline = rows[i].word,
                        .text = "w=1", .file = rows[i].file, .line = rows[i].file ? 7 : 0};
                SCENE(scene, CARD HOST, ONE);

                scene.host->image_tool = rows[i].image;
                scene.host->kernel_line = rows[i].line;
                scene.host->rivals = &rival;
                scene.host->n_rivals = 1;
                const Plan *plan = scene_plan(&scene);
                cr_assert_eq(plan->n_warnings, 1);
                cr_expect_not_null(
                        strstr(plan->warnings[0], rows[i].remedy), "%s", plan->warnings[0]);
        }
}

/* The same is not told twice, and needless things in one sentence. */
Test(rivals, together)
{
        Rival rivals[] = {
                {RIVAL_OPERATOR, .value = "nvidia-vfio-manager"},
                {RIVAL_LOADS, AT},
                {RIVAL_OPERATOR, .value = "nvidia-vfio-manager"},
                {RIVAL_LOADS, .on_cmdline = true, .text = "w=1", .file = "/etc/g", .line = 2},
                {RIVAL_LOADS, WORD},
        };
        SCENE(scene, CARD HOST, ONE);

        scene.host->rivals = rivals;
        scene.host->n_rivals = ARRAY_SIZE(rivals);
        scene.host->recipes_known = true;
        const Plan *plan = scene_plan(&scene);
        cr_assert_eq(plan->n_warnings, 2);
        cr_expect_str_eq(plan->warnings[1],
                "left over from another way to hand cards over, and not needed with vfio-gpu: "
                "\"the line\" in /etc/f:7; \"w=1\" on the kernel command line (/etc/g:2); "
                "\"w=1\" on the kernel command line");
}
