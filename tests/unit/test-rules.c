/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "unit/no-memory.h"

/* One machine and config against the rules: what is claimed, which reasons apply, what is said. */
typedef struct Trial {
        const char *machine, *config, *claims;
        const char *says; /* in the message of the first claim */
} Trial;

static void expect_trial(const Trial *trial)
{
        SCENE(scene, trial->machine, trial->config);
        const Plan *plan = scene_plan(&scene);
        const char *claims = scene_claims_text(&scene, &plan->claims);

        cr_expect_str_eq(claims, trial->claims, "%s%s: %s, not %s", trial->machine, trial->config,
                claims, trial->claims);
        cr_expect_gt(no_memory_plan(&scene), 0);
        if (!trial->says)
                return;
        Verdict verdict = verify_expected(&plan->claims.items[0], scene.arena);
        cr_expect(verdict.message && strstr(verdict.message, trial->says),
                "%s: \"%s\" lacks \"%s\"", trial->machine, verdict.message, trial->says);
}

static void expect_trials(const Trial *trials, size_t n)
{
        for (size_t i = 0; i < n; i++)
                expect_trial(&trials[i]);
}

#define CARD            "0000:01:00.0 10de:26b1 030000 group=1\n"
#define AUDIO           "0000:01:00.1 10de:22ba 040300 group=1\n"
#define OTHER           "0000:02:00.0 10de:26b2 030000 group=2\n"
#define HOST            "0000:00:02.0 8086:4680 030000 group=9\n" /* keeps a display for the host */
#define ONE             "{ name = 'a'; address = '01:00'; }"
#define CARD_ON(driver) "0000:01:00.0 10de:26b1 030000 group=1 driver=" driver "\n"
#define TWO             ONE ", { name = 'b'; address = '02:00'; }"
#define GOOD            "a:0000:01:00.0{0}"

Test(rules, nothing_stands_against_a_plain_card)
{
        expect_trial(&(Trial){CARD AUDIO HOST, ONE, "a:0000:01:00.0{0,1}", NULL});
        expect_trial(&(Trial){CARD OTHER HOST, TWO, GOOD " b:0000:02:00.0{0}", NULL});
}

Test(rules, not_a_gpu)
{
        static const char listed[] = "{ name = 'a'; address = '01:00'; functions = [ 0, 1 ]; }";
        static const Trial trials[] = {
                {CARD HOST "0000:01:00.1 10de:1234 010802 group=1\n", listed,
                        "a:0000:01:00.0{0,1}!not-a-gpu",
                        "0000:01:00.1, listed in `functions`, is of class 0108"},
                {CARD HOST "0000:01:00.1 10de:1234 080501 group=1\n", listed,
                        "a:0000:01:00.0{0,1}!not-a-gpu", "class 0805"},
                {CARD HOST "0000:01:00.1 10de:1234 020700 group=1\n", listed,
                        "a:0000:01:00.0{0,1}!not-a-gpu", "class 0207"},
                {CARD HOST "0000:01:00.1 10de:1234 108000 group=1\n", listed, "a:0000:01:00.0{0,1}",
                        NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

#define LOST_ONE " 0000:0000 000000 unreadable=class group="

Test(rules, unreadable)
{
        static const Trial trials[] = {
                /* in the slot, in the group, elsewhere */
                {CARD HOST "0000:01:00.1" LOST_ONE "0\n", ONE, "a:0000:01:00.0{0,1}!unreadable",
                        "0000:01:00.1 could not be read: class"},
                {CARD HOST "0000:01:00.7" LOST_ONE "0\n",
                        "{ name = 'a'; address = '01:00'; functions = [ 0 ]; }", GOOD "!unreadable",
                        "0000:01:00.7"},
                {CARD HOST "0000:05:00.0" LOST_ONE "1\n", ONE, GOOD "!unreadable!shared-group",
                        "0000:05:00.0 could not be read"},
                {CARD HOST "0000:01:00.1 10de:22ba 040300 group=4\n0000:05:00.0" LOST_ONE
                           "4 bridge\n",
                        ONE, "a:0000:01:00.0{0,1}!unreadable!shared-group", "0000:05:00.0"},
                {CARD HOST "0000:05:00.0" LOST_ONE "5\n", ONE, GOOD, NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

/* It counts as what it is, and is refused as what it has become. */
Test(rules, a_card_that_does_not_answer)
{
        static const char machine[] =
                CARD "0000:02:00.0 10de:26b1 030000 group=2 silent=ones\n" HOST;
        static const Trial trials[] = {
                {machine, "{ name = 'a'; id = '10de:26b1'; count = 'all'; }",
                        GOOD " a:0000:02:00.0{0}!unreadable", NULL},
                {machine, "{ name = 'a'; id = '10de:26b1'; count = 2; }",
                        GOOD " a:0000:02:00.0{0}!unreadable", NULL},
                {machine, "{ name = 'a'; id = '10de:26b1'; }", "a:-!ambiguous", NULL},
                {machine, "{ name = 'a'; address = '02:00'; id = '10de:26b1'; }",
                        "a:0000:02:00.0{0}!unreadable", "0000:02:00.0 could not be read: ones"},
                {machine, ONE, GOOD, NULL},
                {CARD HOST "0000:05:00.0 10de:26b1 030000 group=1 silent=ones\n", ONE,
                        GOOD "!unreadable!shared-group", "0000:05:00.0 could not be read"},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(rules, no_iommu_and_advice_for_every_firmware)
{
        static const char card[] = "0000:01:00.0 10de:26b1 030000\n" HOST;
        static const struct {
                const char *firmware, *advice;
        } advices[] = {
                {"unknown", "switch the IOMMU on in the firmware"},
                {"none", "the firmware describes no IOMMU"},
                {"intel", "boot with `intel_iommu=on`"},
                {"amd", "boot without `amd_iommu=off`"},
                {"arm", "IORT"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(advices); i++) {
                char machine[256];

                snprintf(machine, sizeof(machine), "%sfirmware %s\n", card, advices[i].firmware);
                expect_trial(&(Trial){machine, ONE, GOOD "!no-iommu", advices[i].advice});
        }
        /* a companion alone without a group */
        expect_trial(&(Trial){CARD HOST "0000:01:00.1 10de:22ba 040300\n", ONE,
                "a:0000:01:00.0{0,1}!no-iommu", "0000:01:00.1 is in no IOMMU group"});
}

Test(rules, shared_group_with_foreigners)
{
        static const Trial trials[] = {
                {CARD HOST "0000:03:00.0 8086:10d3 020000 group=1 driver=e1000e\n", ONE,
                        GOOD "!shared-group",
                        "IOMMU group 1 also holds 0000:03:00.0 (8086:10d3, class 0200, driver "
                        "e1000e)"},
                {CARD HOST "0000:03:00.0 144d:a80a 010802 group=1\n", ONE, GOOD "!shared-group",
                        "class 0108, no driver"},
                /* a function of the card itself that is not claimed */
                {CARD AUDIO HOST, "{ name = 'a'; address = '01:00'; functions = [ 0 ]; }",
                        GOOD "!shared-group", "0000:01:00.1"},
                /* a foreigner in the group of a companion */
                {CARD HOST "0000:01:00.1 10de:22ba 040300 group=4\n"
                           "0000:03:00.0 8086:10d3 020000 group=4\n",
                        ONE, "a:0000:01:00.0{0,1}!shared-group", "IOMMU group 4"},
                {CARD HOST "0000:03:00.0 8086:10d3 020000 group=3\n", ONE, GOOD, NULL},
                /* a twin of the group that nobody lists; a VF of the card */
                {CARD HOST "0000:02:00.0 10de:26b1 030000 group=1\n", ONE, GOOD "!shared-group",
                        "0000:02:00.0"},
                {CARD HOST "vfs 0000:01:00.0 1 10de:26b8 030000 group=1\n", ONE,
                        GOOD "!shared-group", "0000:01:00.1"},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(rules, bridges_do_not_count_and_nvswitches_do)
{
        static const Trial trials[] = {
                {CARD HOST "0000:00:01.0 8086:460d 060400 group=1 driver=pcieport bridge\n", ONE,
                        GOOD, NULL},
                {CARD HOST "0000:00:01.0 8086:460d 060700 group=1 bridge\n", ONE, GOOD, NULL},
                {CARD HOST "0000:00:00.0 8086:4660 060000 group=1\n", ONE, GOOD, NULL},
                {CARD HOST "0000:00:1f.0 8086:7a84 060100 group=1\n", ONE, GOOD, NULL},
                /* with a driver a host or ISA bridge is a device that works */
                {CARD HOST "0000:00:00.0 8086:4660 060000 group=1 driver=agpgart\n", ONE,
                        GOOD "!shared-group", "driver agpgart"},
                {CARD HOST "0000:00:1f.0 8086:7a84 060100 group=1 driver=lpc_ich\n", ONE,
                        GOOD "!shared-group", "lpc_ich"},
                {CARD HOST "0000:04:00.0 10de:22a3 068000 group=1\n", ONE, GOOD "!shared-group",
                        "class 0680"},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

#define B1 "0000:02:00.0 10de:26b2 030200 group=1\n"

Test(rules, claims_of_one_group_stand_and_fall_together)
{
        static const Trial trials[] = {
                {CARD B1 HOST, TWO, GOOD " b:0000:02:00.0{0}", NULL},
                /* a foreigner fells both */
                {CARD B1 HOST "0000:03:00.0 8086:10d3 020000 group=1\n", TWO,
                        GOOD "!shared-group b:0000:02:00.0{0}!shared-group", "0000:03:00.0"},
                /* the partner falls for a reason of its own: each is told its own */
                {CARD HOST "0000:02:00.0 10de:26b2 030200 group=1 driver=nvidia\n", TWO,
                        GOOD "!shared-group b:0000:02:00.0{0}!driver-busy", "0000:02:00.0"},
                {CARD HOST "0000:02:00.0 10de:26b2 030000 group=1 boot_vga=1\n", TWO,
                        GOOD "!shared-group b:0000:02:00.0{0}!boot-display", "0000:02:00.0"},
                /* a chain over two groups: c is busy, so b falls, and so a */
                {CARD HOST "0000:02:00.0 10de:26b2 030000 group=1\n"
                           "0000:02:00.1 10de:22ba 040300 group=2\n"
                           "0000:03:00.0 10de:26b3 030000 group=2 driver=nvidia\n",
                        TWO ", { name = 'c'; address = '03:00'; }",
                        GOOD "!shared-group b:0000:02:00.0{0,1}!shared-group "
                             "c:0000:03:00.0{0}!driver-busy",
                        "0000:02:00.0"},
                {CARD HOST "0000:02:00.0 10de:26b2 030000 group=1\n"
                           "0000:02:00.1 10de:22ba 040300 group=2\n"
                           "0000:03:00.0 10de:26b3 030000 group=2\n",
                        TWO ", { name = 'c'; address = '03:00'; }",
                        GOOD " b:0000:02:00.0{0,1} c:0000:03:00.0{0}", NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(rules, boot_display)
{
        static const char allowed[] =
                "{ name = 'a'; address = '01:00'; allow_boot_display = true; }";
        static const char vga[] = "0000:01:00.0 10de:26b1 030000 group=1 boot_vga=1\n" HOST;
        static const char fb[] = "0000:01:00.0 10de:26b1 038000 group=1 framebuffer\n" HOST;
        static const Trial trials[] = {
                {vga, ONE, GOOD "!boot-display", "0000:01:00.0 shows the boot console (boot_vga)"},
                {fb, ONE, GOOD "!boot-display", "framebuffer lies in 0000:01:00.0"},
                {CARD, ONE, GOOD "!boot-display", "none would be left"},
                {vga, allowed, GOOD, NULL},
                {fb, allowed, GOOD, NULL},
                {CARD, allowed, GOOD, NULL},
                /* a 3D controller shows nothing, and keeps nothing for the host */
                {"0000:01:00.0 10de:26b1 030200 group=1 framebuffer\n", ONE, GOOD, NULL},
                {"0000:01:00.0 10de:26b1 030200 group=1\n", ONE, GOOD, NULL},
                {CARD "0000:02:00.0 10de:26b1 030200 group=2\n", ONE, GOOD "!boot-display", NULL},
                {CARD "vfs 0000:02:00.0 1 8086:1111 030000 group=7\n", ONE, GOOD "!boot-display",
                        NULL},
                /* the last ones are refused together; one that is allowed leaves none */
                {CARD OTHER, TWO, GOOD "!boot-display b:0000:02:00.0{0}!boot-display",
                        "none would be left"},
                {CARD OTHER, ONE, GOOD, NULL},
                {CARD OTHER, "{ name = 'b'; address = '02:00'; allow_boot_display = true; }, " ONE,
                        "b:0000:02:00.0{0} " GOOD "!boot-display", NULL},
                /* a display whose claim falls is one that is left, and would not fall alone */
                {CARD "0000:02:00.0 10de:26b2 030000 group=2 driver=nvidia\n", TWO,
                        GOOD " b:0000:02:00.0{0}!boot-display!driver-busy", NULL},
                {"0000:01:00.0 1234:1111 038000 group=1 driver=bochs-drm\n", ONE,
                        GOOD "!boot-display!driver-busy", "(also driver-busy: bochs-drm took"},
                {"0000:01:00.0 1234:1111 038000 group=1 driver=bochs-drm\n" HOST, ONE,
                        GOOD "!driver-busy", NULL},
                {CARD "0000:02:00.0 10de:26b2 030000 unreadable=class\n", ONE, GOOD "!boot-display",
                        NULL},
                {CARD "0000:02:00.0 10de:26b2 030000 group=2 silent=ones\n", ONE,
                        GOOD "!boot-display", NULL},
                /* the last display takes its group with it */
                {CARD "0000:02:00.0 10de:26b2 030200 group=1\n", TWO,
                        GOOD "!boot-display b:0000:02:00.0{0}!shared-group", NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(rules, driver_busy)
{
        static const Trial trials[] = {
                {"0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau\n" HOST, ONE,
                        GOOD "!driver-busy",
                        "nouveau took 0000:01:00.0 first, before vfio-gpu could hold it; rebuild "
                        "the initramfs"},
                {"0000:01:00.0 10de:26b1 030200 group=1 driver=nvidia\n" HOST, ONE,
                        GOOD "!driver-busy", NULL},
                {"0000:01:00.0 10de:26b1 030000 group=1 driver=vfio-pci vfio=vfio0\n" HOST, ONE,
                        GOOD, NULL},
                {"0000:01:00.0 10de:26b1 030000 group=1 driver=vfio-pci\n" HOST, ONE, GOOD, NULL},
                {"0000:01:00.0 10de:2342 030200 group=1 driver=nvgrace-gpu-vfio-pci vfio=vfio0\n",
                        ONE, GOOD "!driver-busy",
                        "another VFIO driver than vfio-pci: a VM may hold it; `vfio-gpu release "
                        "0000:01:00.0`, then `systemctl restart vfio-gpu`"},
                /* the image has it: what took the card may have got it later */
                {"in initrd\n" CARD_ON("nouveau") HOST, ONE, GOOD "!driver-busy",
                        "first, before vfio-gpu could hold it; reboot, with a new initramfs "
                        "(`dracut -f`, or what this host has in its place) if the config has "
                        "changed since the last, or set `force_unbind`"},
                {"images 20 30 5\n" CARD_ON("nouveau") HOST, ONE, GOOD "!driver-busy",
                        "first, before vfio-gpu could hold it; reboot: /boot/image of t30 is newer "
                        "than /etc/part of t20"},
                {"stage initrd\n" CARD_ON("nouveau") HOST, ONE, GOOD "!driver-busy",
                        "first, before vfio-gpu could hold it; keep nouveau out of the initramfs, "
                        "or set `force_unbind`"},
                {CARD HOST "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n", ONE,
                        "a:0000:01:00.0{0,1}", NULL},
                {CARD HOST "0000:01:00.1 10de:22ba 040300 group=1 driver=x-vfio-pci vfio=vfio3\n",
                        ONE, "a:0000:01:00.0{0,1}!driver-busy",
                        "0000:01:00.1 is on x-vfio-pci, another VFIO driver than vfio-pci: a VM "
                        "may "
                        "hold it; `vfio-gpu release 0000:01:00.0`, then"},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

/* With `force_unbind` the display is taken too, later than in the initrd and unless it is in use.
 */
Test(rules, forced)
{
        static const char forced[] = "{ name = 'a'; address = '01:00'; force_unbind = true; }";
        static const Trial trials[] = {
                {CARD_ON("nouveau") HOST, forced, GOOD, NULL},
                {CARD_ON("nouveau in_use=Xorg") HOST, forced, GOOD "!driver-busy",
                        "0000:01:00.0 is on nouveau and in use: Xorg; stop or unplug that, then "
                        "`systemctl restart vfio-gpu`"},
                {CARD_ON("nouveau doubt=closed") HOST, forced, GOOD "!driver-busy",
                        "0000:01:00.0 is on nouveau and may be in use: closed; once it is surely "
                        "not, `systemctl restart vfio-gpu`"},
                {"stage initrd\n" CARD_ON("nouveau") HOST, forced, GOOD "!driver-busy",
                        "first, before vfio-gpu could hold it; `force_unbind` takes it in the real "
                        "root"},
                {CARD_ON("nvgrace-gpu-vfio-pci") HOST, forced, GOOD "!driver-busy",
                        "another VFIO driver"},
                {CARD_ON("nvgrace-gpu-vfio-pci vfio=vfio0") HOST, forced, GOOD "!driver-busy",
                        "another VFIO driver"},
                /* it forces neither what else is in use, nor any other rule */
                {CARD_ON("nouveau") "0000:01:00.1 10de:22ba 040300 group=1 driver=snd "
                                    "in_use=x\n" HOST,
                        forced, "a:0000:01:00.0{0,1}!driver-busy", "0000:01:00.1 is on snd"},
                {CARD_ON("nouveau boot_vga=1") OTHER, forced, GOOD "!boot-display", NULL},
                {CARD_ON("nouveau numvfs=2") OTHER, forced, GOOD "!virtual-function", NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

/* What else than a display is taken from its driver: companions, when nobody would miss them. */
/* All rules hold for a switch, but that it shows nothing. */
Test(rules, switches)
{
        static const char one[] = "{ name = 'a'; id = '10de:22a3'; }";
        static const Trial trials[] = {
                {HOST "0000:07:00.0 10de:22a3 068000 group=7\n", one, "a:0000:07:00.0{0}", NULL},
                {"0000:07:00.0 10de:22a3 068000 group=7 framebuffer boot_vga=1\n", one,
                        "a:0000:07:00.0{0}", NULL},
                {HOST "0000:07:00.0 10de:22a3 068000 group=7 driver=nvidia\n", one,
                        "a:0000:07:00.0{0}!driver-busy", "nvidia took 0000:07:00.0 first"},
                {HOST "0000:07:00.0 10de:22a3 068000\n", one, "a:0000:07:00.0{0}!no-iommu", NULL},
                {HOST "0000:07:00.0 10de:22a3 068000 group=7\n0000:08:00.0 10de:22a3 068000 "
                      "group=7\n",
                        "{ name = 'a'; address = '07:00'; }", "a:0000:07:00.0{0}!shared-group",
                        "0000:08:00.0 (10de:22a3, class 0680, no driver)"},
                {HOST CARD "0000:07:00.0 10de:22a3 068000 group=1\n", ONE, GOOD "!shared-group",
                        "0000:07:00.0 (10de:22a3, class 0680, no driver)"},
                {HOST CARD "0000:07:00.0 10de:22a3 068000 group=1\n",
                        ONE ", { name = 'b'; id = '10de:22a3'; }", GOOD " b:0000:07:00.0{0}", NULL},
                {HOST "0000:07:00.0 10de:22a3 068000 group=7 numvfs=2\n", one,
                        "a:0000:07:00.0{0}!virtual-function", NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(rules, driver_busy_beside_the_display)
{
        static const char listed[] = "{ name = 'a'; address = '01:00'; functions = [ 0, 1 ]; }";
        static const Trial trials[] = {
                {CARD HOST "0000:01:00.1 10de:1234 108000 group=1 driver=ccp\n", listed,
                        "a:0000:01:00.0{0,1}!driver-busy",
                        "0000:01:00.1 is on ccp, and is no companion of the display; take it out "
                        "of "
                        "`functions`, or rebuild the initramfs with vfio-gpu in it ("},
                {CARD HOST "0000:01:00.1 10de:1234 108000 group=1\n", listed, "a:0000:01:00.0{0,1}",
                        NULL},
                {CARD HOST "0000:01:00.1 10de:1234 108000 group=1 driver=vfio-pci\n", listed,
                        "a:0000:01:00.0{0,1}", NULL},
                /* of a companion's class, but of another vendor and group: the host's own */
                {CARD HOST "0000:01:00.1 1022:1639 0c0330 group=7 driver=xhci_hcd\n", listed,
                        "a:0000:01:00.0{0,1}!driver-busy", "is no companion"},
                {CARD HOST "0000:01:00.1 1022:1639 0c0330 group=1 driver=xhci_hcd\n", listed,
                        "a:0000:01:00.0{0,1}", NULL},
                {CARD HOST "0000:01:00.1 10de:1ad6 0c0330 group=1 driver=xhci_hcd\n", ONE,
                        "a:0000:01:00.0{0,1}", NULL},
                {CARD HOST "0000:01:00.1 10de:1ad6 0c0330 group=1 driver=xhci_hcd in_use=3-1\n",
                        ONE, "a:0000:01:00.0{0,1}!driver-busy",
                        "0000:01:00.1 is on xhci_hcd and in use: 3-1"},
                {CARD HOST
                        "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel in_use=pcm\n",
                        ONE, "a:0000:01:00.0{0,1}!driver-busy",
                        "0000:01:00.1 is on snd_hda_intel and in use: pcm"},
                {CARD HOST
                        "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel doubt=closed\n",
                        ONE, "a:0000:01:00.0{0,1}!driver-busy",
                        "0000:01:00.1 is on snd_hda_intel and may be in use: closed"},
                /* on its way to VFIO, or away from it: nobody but release takes it */
                {CARD HOST "0000:01:00.1 10de:22ba 040300 group=1 driver=xe-vfio-pci\n", ONE,
                        "a:0000:01:00.0{0,1}!driver-busy", "another VFIO driver"},
                /* who uses what is not claimed is not asked */
                {CARD HOST "0000:01:00.1 10de:1ad6 0c0330 group=7 driver=xhci_hcd in_use=3-1\n",
                        "{ name = 'a'; address = '01:00'; functions = [ 0 ]; }", GOOD, NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

/* Somebody has looked, and nobody uses it. */
Test(rules, a_companion_that_nobody_uses)
{
        SCENE(scene, CARD HOST "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n", ONE);

        scene_function(&scene, "0000:01:00.1")->users = (Users){.known = true};
        const Plan *plan = scene_plan(&scene);
        cr_expect_str_eq(scene_claims_text(&scene, &plan->claims), "a:0000:01:00.0{0,1}");
}

Test(rules, a_kernel_of_unknown_release)
{
        SCENE(scene, CARD HOST "vfio missing\n", ONE);

        scene.host->release = NULL;
        const Claim *claim = &scene_plan(&scene)->claims.items[0];
        cr_expect_str_eq(claim->findings[REASON_NO_DRIVER].cause,
                "kernel of unknown release has no vfio-pci here, neither built in nor as a module",
                "%s", claim->findings[REASON_NO_DRIVER].cause);
}

/* What is skipped is not judged, keeps its group for the host, and is a display that is left. */
Test(rules, skipped)
{
        static const struct {
                const char *machine, *config, *claims;
        } trials[] = {
                {"0000:01:00.0 10de:26b1 030000 boot_vga=1 driver=nouveau numvfs=2\n" OTHER, TWO,
                        "a:0000:01:00.0{0}!skipped b:0000:02:00.0{0}"},
                {CARD "0000:02:00.0 10de:26b2 030000 group=1\n" HOST, TWO,
                        "a:0000:01:00.0{0}!skipped b:0000:02:00.0{0}!shared-group"},
                {CARD OTHER, TWO, "a:0000:01:00.0{0}!skipped b:0000:02:00.0{0}"},
                {CARD HOST, ONE ", { name = 'b'; address = '01:00'; }",
                        "a:0000:01:00.0{0}!skipped b:0000:01:00.0{0}!conflict"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(scene_done) Scene scene = {0};

                scene_set(&scene, trials[i].machine, trials[i].config, "vfio_gpu.skip=a");
                const Plan *plan = scene_plan(&scene);
                const char *claims = scene_claims_text(&scene, &plan->claims);
                cr_expect_str_eq(claims, trials[i].claims, "%s: %s, not %s", trials[i].machine,
                        claims, trials[i].claims);
                Verdict verdict = verify_expected(&plan->claims.items[0], scene.arena);
                cr_expect_eq(verdict.result, RESULT_SKIPPED);
                cr_expect_eq(verdict.error, 0);
        }
}

Test(rules, virtual_function)
{
        static const Trial trials[] = {
                {"0000:01:00.0 10de:2330 030200 group=1 numvfs=4\n", ONE, GOOD "!virtual-function",
                        "0000:01:00.0 has 4 SR-IOV virtual functions enabled"},
                {"0000:01:00.0 10de:2330 030200 group=1 numvfs=0\n", ONE, GOOD, NULL},
                /* VFs that came after vfio-pci took the card */
                {"0000:01:00.0 10de:2330 030200 group=1 numvfs=4 driver=vfio-pci vfio=vfio0\n", ONE,
                        GOOD, NULL},
                {"0000:01:00.0 10de:2330 030200 group=1 numvfs=4 driver=vfio-pci\n", ONE,
                        GOOD "!virtual-function", NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(rules, bridge_header)
{
        static const Trial trials[] = {
                {"0000:01:00.0 10de:26b1 030000 group=1 bridge\n" HOST, ONE, GOOD "!bridge-header",
                        "0000:01:00.0 has a bridge's header"},
                {CARD HOST "0000:01:00.1 10de:1111 060400 group=1 bridge\n",
                        "{ name = 'a'; address = '01:00'; functions = [ 0, 1 ]; }",
                        "a:0000:01:00.0{0,1}!bridge-header", "0000:01:00.1"},
                {CARD HOST "0000:01:00.1 10de:1111 060400 group=1 bridge\n", ONE, GOOD, NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

#define GRACE       "0000:01:00.0 10de:2342 030200 group=1 "
#define NAMED(name) "{ name = 'a'; address = '01:00'; driver = '" name "'; }"

Test(rules, no_driver)
{
        static const char ready[] = "0000:01:00.0 10de:26b1 030000 group=1 driver=vfio-pci "
                                    "vfio=vfio0\nvfio missing\nbackend missing\n" HOST;
        static const Trial trials[] = {
                {CARD HOST "vfio missing\n", ONE, GOOD "!no-driver",
                        "kernel 6.1.0-test has no vfio-pci here"},
                {CARD HOST "backend missing\n", ONE, GOOD "!no-driver",
                        "no IOMMU backend for VFIO here"},
                {CARD HOST "vfio present\nbackend present\n", ONE, GOOD, NULL},
                {ready, ONE, GOOD, NULL},
                /* a driver that was named: never another in its place */
                {GRACE "variants=x_vfio_pci\n" HOST, NAMED("y_vfio_pci"), GOOD "!no-driver",
                        "kernel 6.1.0-test has no VFIO driver y_vfio_pci for 0000:01:00.0 "
                        "(10de:2342) here; what it has for it: x_vfio_pci, vfio-pci; install"},
                {GRACE "\n" HOST, NAMED("x_vfio_pci"), GOOD "!no-driver",
                        "what it has for it: vfio-pci;"},
                {GRACE "\n" HOST "vfio missing\n", NAMED("x_vfio_pci"), GOOD "!no-driver",
                        "what it has for it: none;"},
                {GRACE "\n" HOST, NAMED("nouveau"), GOOD "!no-driver",
                        "no VFIO driver nouveau for"},
                {GRACE "variants=x_vfio_pci:missing,y_vfio_pci\n" HOST, NAMED("x_vfio_pci"),
                        GOOD "!no-driver", "what it has for it: y_vfio_pci, vfio-pci;"},
                {GRACE "variants=x_vfio_pci\n" HOST, NAMED("x-vfio-pci"), GOOD, NULL},
                {GRACE "variants=x_vfio_pci\n" HOST "vfio missing\n", NAMED("vfio_pci"),
                        GOOD "!no-driver", "has no vfio-pci here"},
                /* the best that the kernel names, or none */
                {GRACE "variants=x_vfio_pci:missing,y_vfio_pci\n" HOST, ONE, GOOD "!no-driver",
                        "no VFIO driver x_vfio_pci for"},
                {GRACE "variants=x_vfio_pci\n" HOST "vfio missing\n", ONE, GOOD, NULL},
                /* what comes along wants vfio-pci */
                {GRACE "variants=x_vfio_pci\n0000:01:00.1 10de:22ba 040300 group=1\n" HOST
                       "vfio missing\n",
                        ONE, "a:0000:01:00.0{0,1}!no-driver", "has no vfio-pci here"},
                {GRACE "variants=x_vfio_pci:missing driver=x_vfio_pci vfio=vfio0\n" HOST, ONE, GOOD,
                        NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

/* An earlier run has left a worker behind in it; the other card of the group is its own. */
Test(rules, timeout)
{
        static const char pair[] = "0000:01:00.0 10de:26b1 030000 group=1 stuck=somebody\n"
                                   "0000:02:00.0 10de:26b2 030000 group=1\n" HOST;
        static const Trial trials[] = {
                {CARD "0000:01:00.1 10de:22ba 040300 group=1 stuck=somebody\n" HOST, ONE,
                        "a:0000:01:00.0{0,1}!timeout",
                        "a step on 0000:01:00.1 never came back: somebody is still in the kernel "
                        "with it; power the machine off and on before the next try"},
                {pair, TWO, GOOD "!timeout b:0000:02:00.0{0}", NULL},
                {CARD "0000:02:00.0 10de:26b2 030000 group=2 stuck=somebody\n" HOST, ONE, GOOD,
                        NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(rules, timeout_is_a_failure_and_leaves_no_steps)
{
        SCENE(scene, CARD "0000:01:00.1 10de:22ba 040300 group=1 stuck=somebody\n" HOST, ONE);
        const Plan *plan = scene_plan(&scene);
        Verdict verdict = verify_expected(&plan->claims.items[0], scene.arena);

        cr_expect_eq(verdict.result, RESULT_FAILED);
        cr_expect_eq(verdict.error, ETIMEDOUT);
        /* but the host's drivers are kept away as before */
        cr_expect_str_eq(scene_steps_text(&scene), "policy");
        cr_expect(strstr(plan->steps[0].text, "blacklist nouveau"), "%s", plan->steps[0].text);
}

/* Claims all reasons that there are, and drops them one by one. */
Test(rules, first_reason_wins_and_the_message_names_the_others)
{
        static const char listed[] = "{ name = 'a'; address = '01:00'; functions = [ 0, 1 ]; }";
        static const Trial trials[] = {
                {"0000:01:00.0 10de:26b1 030000 group=1 boot_vga=1 driver=nouveau numvfs=2 bridge "
                 "stuck=somebody\n"
                 "0000:01:00.1 10de:1234 010802\n"
                 "0000:01:00.2 10de:1235 0c0330 group=1 unreadable=class\n"
                 "vfio missing\n",
                        listed,
                        "a:0000:01:00.0{0,1}!not-a-gpu!unreadable!no-iommu!shared-group!"
                        "boot-display!driver-busy!virtual-function!bridge-header!no-driver!timeout",
                        "mend the entry (also unreadable: 0000:01:00.2 could not be read: class; "
                        "no-iommu: 0000:01:00.1 is in no"},
                {"0000:01:00.0 10de:26b1 030000 group=1 boot_vga=1 driver=nouveau numvfs=2 bridge\n"
                 "0000:03:00.0 8086:10d3 020000 group=1\n"
                 "vfio missing\n",
                        ONE,
                        GOOD "!shared-group!boot-display!driver-busy!virtual-function!"
                             "bridge-header!no-driver",
                        "(also boot-display: "},
                {"0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau numvfs=2\n" HOST, ONE,
                        GOOD "!driver-busy!virtual-function",
                        "(also virtual-function: 0000:01:00.0 has 2 SR-IOV virtual functions "
                        "enabled)"},
                /* conflict weighs more than what the card itself has against it */
                {"0000:01:00.0 10de:26b1 030000\n" HOST, ONE ", { name = 'b'; id = '10de:26b1'; }",
                        GOOD "!conflict!no-iommu b:0000:01:00.0{0}!conflict!no-iommu",
                        "(also no-iommu: "},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}
