/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/list.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "lib/scene.h"
#include "report/report-text.h"

#define CARD                                                                                       \
        "0000:01:00.0 10de:26b1 030000 group=1 boot_vga=1\n"                                       \
        "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n"

static void add_addresses(Text *text, const Function *const *functions, size_t n)
{
        for (size_t i = 0; i < n; i++)
                text_add(text, "%s%s", i ? "," : "", PCI_ADDRESS(functions[i]->address) + 5);
}

/* "01:00.0{01:00.0,01:00.1}", what it shares with, "boot", the entry. */
static const char *list_text(Scene *scene, const Plan *plan)
{
        Text text = TEXT_IN(scene->arena);
        GpuList list = {0};

        cr_assert_eq(list_build(scene->host, plan, scene->arena, &list), 0);
        for (size_t i = 0; i < list.n_items; i++) {
                const Gpu *gpu = &list.items[i];

                text_separate(&text, "; ");
                text_add(&text, "%s{", PCI_ADDRESS(gpu->display->address) + 5);
                add_addresses(&text, gpu->functions, gpu->n_functions);
                text_add(&text, "}%s", gpu->n_shares_with ? " shares " : "");
                add_addresses(&text, gpu->shares_with, gpu->n_shares_with);
                text_add(&text, "%s%s%s", gpu->boot_display ? " boot" : "",
                        gpu->entry ? " entry " : "", gpu->entry ? gpu->entry : "");
        }
        return text.string;
}

Test(list, gpus_of_a_host)
{
        static const struct {
                const char *machine, *config, *list;
        } hosts[] = {
                {"", "", ""},
                {"0000:00:1f.2 8086:a102 010601 group=3\n", "", ""},
                {CARD, "", "01:00.0{01:00.0,01:00.1} boot"},
                {CARD, "{ name = 'rtx'; address = '01:00'; }",
                        "01:00.0{01:00.0,01:00.1} boot entry rtx"},
                {CARD "0000:02:00.0 10de:26b1 030200 group=2\n",
                        "{ name = 'b'; address = '02:00'; }",
                        "01:00.0{01:00.0,01:00.1} boot; 02:00.0{02:00.0} entry b"},
                /* a slot with two display functions is one GPU */
                {"0000:00:02.0 8086:3e92 030000 group=1\n0000:00:02.1 8086:3e93 038000 group=1\n",
                        "", "00:02.0{00:02.0,00:02.1}"},
                /* who shares: bridges do not count, and the group of a companion does */
                {CARD "0000:00:01.0 8086:460d 060400 group=1 bridge\n"
                      "0000:03:00.0 8086:10d3 020000 group=1\n"
                      "0000:04:00.0 144d:a80a 010802 group=4\n",
                        "", "01:00.0{01:00.0,01:00.1} shares 03:00.0 boot"},
                {"0000:01:00.0 10de:26b1 030000 group=1\n0000:01:00.1 10de:22ba 040300 group=2\n"
                 "0000:03:00.0 8086:10d3 020000 group=2\n",
                        "", "01:00.0{01:00.0,01:00.1} shares 03:00.0"},
                /* no group is no common group */
                {"0000:01:00.0 10de:26b1 030000\n0000:03:00.0 8086:10d3 020000\n", "",
                        "01:00.0{01:00.0}"},
                /* VFs are no GPUs of the host, and no functions of the card */
                {"0000:01:00.0 10de:2330 030200 group=1 numvfs=2\n"
                 "vfs 0000:01:00.0 2 10de:2331 030200 group=10\n",
                        "", "01:00.0{01:00.0}"},
                /* a switch where an entry picks it, ready or not */
                {CARD "0000:07:00.0 10de:22a3 068000 group=7\n"
                      "0000:08:00.0 10de:22a3 068000 group=8 framebuffer driver=nvidia\n",
                        "{ name = 'fabric'; address = '08:00'; }",
                        "01:00.0{01:00.0,01:00.1} boot; 08:00.0{08:00.0} entry fabric"},
                {"0000:07:00.0 10de:22a3 068000 group=7\n", "{ vendor = 'nvidia'; }", ""},
                {"0000:01:00.0 10de:2330 030200 framebuffer\n", "", "01:00.0{01:00.0} boot"},
                {"0000:01:00.0 10de:2330 030200 unreadable=class\n", "", ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
                SCENE(scene, hosts[i].machine, hosts[i].config);
                const char *list = list_text(&scene, scene_plan(&scene));

                cr_expect_str_eq(list, hosts[i].list, "%s: \"%s\", not \"%s\"", hosts[i].machine,
                        list, hosts[i].list);
        }
}

/* Each function of the first GPU and of its group: "goes", "other b", ...; then the advice. */
static const char *fates_text(Scene *scene, const Plan *plan)
{
        static const char *const words[] = {"goes", "other", "stays", "tied", "bars"};
        Text text = TEXT_IN(scene->arena);
        GpuList list = {0};

        cr_assert_eq(list_build(scene->host, plan, scene->arena, &list), 0);
        for (size_t i = 0; i < scene->host->n_functions; i++) {
                const Function *f = &scene->host->functions[i];
                const Gpu *gpu = &list.items[0];
                const Claim *other = NULL;
                Fate fate = list_fate(gpu, f, &other);

                text_separate(&text, ", ");
                text_add(&text, "%s%s%s", words[fate], fate == FATE_OTHER ? " " : "",
                        fate == FATE_OTHER ? other->entry->name : "");
        }

        const char *advice = list_advice(&list.items[0], scene->arena);
        text_add(&text, "; %.*s", advice ? (int)strcspn(advice, ";,:") : 4,
                advice ? advice : "none");
        return text.string;
}

Test(list, what_goes_with_a_gpu)
{
        static const struct {
                const char *machine, *config, *fates;
        } hosts[] = {
                {CARD, "", "goes, goes; none"},
                {CARD, "{ address = '01:00'; }", "goes, goes; none"},
                {CARD "0000:02:00.0 8086:10d3 020000 group=2\n", "", "goes, goes, stays; none"},
                /* of the group: what may be listed, and what never goes */
                {CARD "0000:02:00.0 8086:293e 040300 group=1\n", "",
                        "goes, goes, tied; take it along with `allow_group_members = [ "
                        "\"0000"},
                {CARD "0000:02:00.0 8086:293e 040300 group=1\n",
                        "{ address = '01:00'; allow_group_members = [ '02:00' ]; }",
                        "goes, goes, goes; none"},
                {CARD "0000:02:00.0 8086:10d3 020000 group=1\n", "",
                        "goes, goes, bars; storage and network controllers are never handed over"},
                {CARD "0000:02:00.0 8086:10d3 020000 group=1 unreadable=class\n", "",
                        "goes, goes, bars; what cannot be read is never handed over"},
                /* a card that another entry picks */
                {CARD "0000:02:00.0 10de:26b1 030000 group=1\n",
                        "{ address = '01:00'; }, { name = 'b'; address = '02:00'; }",
                        "goes, goes, other b; none"},
                {CARD "0000:02:00.0 10de:26b1 030000 group=1\n",
                        "{ name = 'b'; address = '02:00'; }", "goes, goes, other b; none"},
                /* what the entry leaves out, and the rest of an APU's slot */
                {CARD, "{ address = '01:00'; functions = [ 0 ]; }",
                        "goes, tied; take it along with `allow_group_members = [ \"0000"},
                {"0000:07:00.0 1002:1638 030000 group=10\n"
                 "0000:07:00.1 1002:1637 040300 group=11\n"
                 "0000:07:00.2 1022:15df 108000 group=12\n",
                        "", "goes, goes, stays; none"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
                SCENE(scene, hosts[i].machine, hosts[i].config);
                const char *fates = fates_text(&scene, scene_plan(&scene));

                cr_expect_str_eq(fates, hosts[i].fates, "%s%s: \"%s\", not \"%s\"",
                        hosts[i].machine, hosts[i].config, fates, hosts[i].fates);
        }
}

Test(list, without_a_plan_no_entry)
{
        SCENE(scene, CARD, "{ address = '01:00'; }");

        cr_expect_str_eq(list_text(&scene, NULL), "01:00.0{01:00.0,01:00.1} boot");
}

Test(list, text)
{
        SCENE(scene,
                CARD "0000:03:00.0 8086:10d3 020000 group=1\n"
                     "0000:00:03.0 8086:460d 060400 bridge\n"
                     "0000:05:00.0 1002:744c 030000 parent=0000:00:03.0\n"
                     "0000:07:00.0 10de:22a3 068000 group=7\n"
                     "slot 5-1 0000:05:00\n",
                "{ name = 'rtx'; address = '01:00'; }, { name = 'fabric'; id = '10de:22a3'; }");
        GpuList list = {0};

        scene_function(&scene, "0000:05:00.0")->name = "Navi 31";
        cr_assert_eq(list_build(scene.host, scene_plan(&scene), scene.arena, &list), 0);
        _cleanup_free_ char *text = report_text_list(&list);
        cr_expect_str_eq(text, "0000:01:00.0 display controller [10de:26b1]\n"
                               "    0000:01:00.0 class 0300, no driver, IOMMU group 1\n"
                               "    0000:01:00.1 class 0403, driver snd_hda_intel, IOMMU group 1\n"
                               "    shares its group with 0000:03:00.0 (class 0200, no driver)\n"
                               "    storage and network controllers are never handed over; move "
                               "the card to a slot with a group of its own\n"
                               "    shows the boot console\n"
                               "    picked by entry rtx\n"
                               "0000:05:00.0 Navi 31 [1002:744c]\n"
                               "    0000:05:00.0 class 0300, no driver, no IOMMU group\n"
                               "    path 0000:00:03.0/00.0\n"
                               "    slot \"5-1\"\n"
                               "0000:07:00.0 NVSwitch [10de:22a3]\n"
                               "    0000:07:00.0 class 0680, no driver, IOMMU group 7\n"
                               "    picked by entry fabric\n"
                               "no IOMMU group: switch the IOMMU on in the firmware (VT-d, AMD-Vi, "
                               "SMMU) and in the kernel (`intel_iommu=on` on Intel)\n");
}

Test(list, text_of_a_host_without_gpus)
{
        _cleanup_free_ char *text = report_text_list(&(GpuList){0});

        cr_expect_str_eq(text, "no GPU on this host\n");
}
