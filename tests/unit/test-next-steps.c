/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/next-steps.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "unit/no-memory.h"

#define FREE   "0000:01:00.0 10de:26b1 030200 group=1\n"
#define TAKEN  "0000:01:00.0 10de:26b1 030200 group=1 driver=nouveau\n"
#define READY  "0000:01:00.0 10de:26b1 030200 group=1 driver=vfio-pci vfio=vfio0\nvfio present\n"
#define DRACUT "was initrd\nimage dracut\n"
#define IN     "was initrd\nin initrd\nimage dracut\n"
#define ONE    "{ name = 'rtx'; address = '01:00'; }"

#define ENABLE      "`systemctl enable vfio-gpu`"
#define IMAGE       "`dracut -f`"
#define RESTART     "`systemctl restart vfio-gpu` (a reboot would do it, too)"
#define REBOOT      "`reboot`"
#define STATUS      "`vfio-gpu status` (shows what came of it)"
#define DO_NOW      RESTART "; " STATUS
#define BOOT        REBOOT "; " STATUS
#define MEND(names) "mend /etc/vfio-gpu.conf as said above: " names "; `CHECK`"

typedef struct Trial {
        const char *machine, *config, *steps;
        ImageState image;
        const char *cmdline, *file;
        Rival rivals[3]; /* until one of no kind with nothing to it */
} Trial;

static const char *steps_text(const NextSteps *steps, Arena *arena)
{
        Text text = TEXT_IN(arena);

        for (size_t i = 0; steps && i < steps->n_items; i++) {
                text_separate(&text, "; ");
                text_add(&text, "%s", next_step_sentence(&steps->items[i], arena));
        }
        return steps ? text.string : "not now";
}

static int build_without_memory(const void *context, Arena *arena)
{
        NextSteps *steps = NULL;
        int r = next_steps_build(context, arena, &steps);

        cr_expect(r == 0 || !steps);
        return r;
}

static void expect(const Trial *trials, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const Trial *trial = &trials[i];
                _cleanup_(scene_done) Scene scene = {0};
                NextSteps *steps = NULL;

                scene_set(&scene, trial->machine, trial->config, trial->cmdline);
                Rival rivals[ARRAY_SIZE(trial->rivals)];
                memcpy(rivals, trial->rivals, sizeof(rivals));
                scene.host->rivals = rivals;
                while (scene.host->n_rivals < ARRAY_SIZE(rivals) &&
                        (rivals[scene.host->n_rivals].value || rivals[scene.host->n_rivals].file))
                        scene.host->n_rivals++;
                const NextInput input = {
                        .host = scene.host,
                        .plan = scene_plan(&scene),
                        .image = trial->image,
                        .config = trial->file,
                        .check = "CHECK",
                };
                cr_assert_eq(next_steps_build(&input, scene.arena, &steps), 0);
                cr_expect_eq(no_memory(build_without_memory, &input) > 0, steps != NULL);
                const char *text = steps_text(steps, scene.arena);
                cr_expect_str_eq(text, trial->steps, "%s %s: \"%s\", not \"%s\"", trial->machine,
                        trial->config, text, trial->steps);
        }
}
#define ROW(m, c, s, ...)                                                                          \
        {                                                                                          \
                .machine = m, .config = c, .steps = s, ##__VA_ARGS__                               \
        }
#define EXPECT(...)                                                                                \
        do {                                                                                       \
                static const Trial trials[] = {__VA_ARGS__};                                       \
                expect(trials, ARRAY_SIZE(trials));                                                \
        } while (0)

Test(next_steps, until_the_next_boot)
{
        EXPECT(
                /* everything from the start: no driver has the card */
                ROW(FREE DRACUT, ONE, ENABLE "; " IMAGE "; " DO_NOW),
                ROW(FREE "image dracut-all\n", ONE,
                        ENABLE "; `dracut -f --regenerate-all`; " DO_NOW),
                /* a driver has it */
                ROW(TAKEN DRACUT, ONE, ENABLE "; " IMAGE "; " BOOT),
                ROW(TAKEN DRACUT "enabled\n", ONE, IMAGE "; " BOOT, .image = IMAGE_WITHOUT),
                ROW(TAKEN IN "enabled\n", ONE, BOOT), ROW(TAKEN "enabled\n", ONE, BOOT),
                /* taken by force at run time */
                ROW(TAKEN IN "enabled\n", "{ address = '01:00'; force_unbind = true; }", DO_NOW),
                /* nothing is left, or only for the next boot */
                ROW(READY IN "enabled\n", ONE, ""), ROW(READY IN, ONE, ENABLE),
                ROW(READY IN "enabled\n", ONE, IMAGE, .image = IMAGE_OTHER_CONFIG),
                ROW(READY DRACUT "enabled\n", ONE, IMAGE, .image = IMAGE_WITHOUT),
                ROW(FREE IN "enabled\n", ONE, DO_NOW),
                /* a host that boots without an image, as far as is known */
                ROW(FREE "enabled\n", ONE, DO_NOW),
                ROW(FREE "image initramfs-tools\nenabled\n", ONE, DO_NOW),
                ROW(FREE "image mkinitcpio\nenabled\n", ONE, DO_NOW),
                ROW(FREE "was initrd\nimage mkinitcpio\nenabled\n", ONE,
                        "`pacman -S dracut` (in place of mkinitcpio, which cannot carry vfio-gpu; "
                        "then have it make the image that the boot menu names); " DO_NOW),
                ROW(FREE "was initrd\nimage initramfs-tools\n", ONE,
                        ENABLE "; `apt install dracut` (in place of initramfs-tools, which cannot "
                               "carry vfio-gpu); " DO_NOW));
}

Test(next_steps, of_another_file)
{
        EXPECT(ROW(READY IN "enabled\n", ONE, "`install -m 0644 f /etc/vfio-gpu.conf`; " IMAGE,
                       .file = "f"),
                ROW(FREE "enabled\n", ONE, "`install -m 0644 f /etc/vfio-gpu.conf`; " DO_NOW,
                        .file = "f"),
                ROW(FREE, "",
                        "`vfio-gpu list` (which cards are for virtual machines?); `vfio-gpu "
                        "init ADDRESS... --force --output=f`; `CHECK`",
                        .file = "f"),
                ROW(FREE, "{ address = '02:00'; }", "mend f as said above: gpu1; `CHECK`",
                        .file = "f"));
}

/* Before the config is right, the rest is not worth the trouble. */
Test(next_steps, the_config_first)
{
        EXPECT(ROW(FREE DRACUT, "",
                       "`vfio-gpu list` (which cards are for virtual machines?); `vfio-gpu init "
                       "ADDRESS... --force --output=/etc/vfio-gpu.conf`; `CHECK`"),
                ROW(FREE DRACUT, ONE ", { name = 'b'; address = '02:00'; }", MEND("b")),
                ROW(FREE DRACUT,
                        "{ name = 'a'; id = '10de:26b1'; count = 2; }, { name = 'b'; id = "
                        "'10de:0000'; }",
                        MEND("a, b")),
                ROW(FREE "0000:01:00.1 8086:10d3 020000 group=1\n", ONE, MEND("rtx")),
                ROW("0000:01:00.0 10de:26b1 030000 group=1 boot_vga=1\n", ONE, MEND("rtx")),
                ROW(FREE, ONE ", { name = 'b'; id = '10de:26b1'; }", MEND("rtx, b")),
                ROW(FREE "0000:02:00.0 10de:26b1 030200 group=2\n",
                        "{ name = 'a'; id = '10de:26b1'; }", MEND("a")),
                /* an entry once, whatever it picks */
                ROW(TAKEN "0000:01:00.1 8086:10d3 020000 group=1\n"
                          "0000:02:00.0 10de:26b1 030200 group=1\n",
                        "{ name = 'a'; vendor = 'nvidia'; count = 'all'; }", MEND("a")),
                ROW("0000:01:00.0 10de:26b1 030200 numvfs=1\n"
                    "vfs 0000:01:00.0 1 10de:26b8 030200 group=10\n",
                        "{ name = 'vf'; address = '01:00.1'; }", MEND("vf")),
                /* but it is a mistake of the config */
                ROW(FREE "0000:01:00.1 8086:10d3 020000 group=1\n",
                        "{ name = 'o'; address = '01:00'; optional = true; }", MEND("o")),
                /* what need not be there is not missed */
                ROW(FREE "enabled\n", ONE ", { name = 'b'; address = '02:00'; optional = true; }",
                        DO_NOW),
                ROW(FREE "enabled\n", "{ address = '02:00'; optional = true; }", ""),
                /* nor is what was switched off */
                ROW(FREE "enabled\n", ONE ", { name = 'b'; address = '02:00'; }", DO_NOW,
                        .cmdline = "vfio_gpu.skip=b"));
}

#define NO_GROUP "0000:01:00.0 10de:26b1 030200\nenabled\n"

Test(next_steps, no_iommu)
{
        EXPECT(ROW(NO_GROUP "firmware intel\nline grubby\n", ONE,
                       "`grubby --update-kernel=ALL --args=intel_iommu=on`; " BOOT),
                ROW(NO_GROUP "firmware intel\nline update-grub\n", ONE,
                        "edit /etc/default/grub: add `intel_iommu=on` to GRUB_CMDLINE_LINUX; "
                        "`update-grub`; " BOOT),
                /* what makes the boot menu anew makes the image, too */
                ROW(NO_GROUP "firmware intel\nline kernel-install\n" IN, ONE,
                        "edit /etc/kernel/cmdline: add `intel_iommu=on` to the line; "
                        "`kernel-install add-all` (before systemd 255, for each kernel, "
                        "`kernel-install add VERSION /lib/modules/VERSION/vmlinuz`); " BOOT),
                ROW(NO_GROUP "firmware intel\nline grubby\n", ONE,
                        "`grubby --update-kernel=ALL --remove-args=intel_iommu=off`; " BOOT,
                        .cmdline = "quiet intel_iommu=off"),
                ROW(NO_GROUP "firmware amd\nline rpm-ostree\n", ONE,
                        "`rpm-ostree kargs --delete-if-present=amd_iommu=off`; `rpm-ostree kargs "
                        "--delete-if-present=iommu=off`; " BOOT,
                        .cmdline = "iommu=off amd_iommu=off"),
                /* it is on, and does not help */
                ROW(NO_GROUP "firmware intel\nline grubby\n", ONE,
                        "`dmesg | grep -i -e iommu -e dmar -e amd-vi -e smmu` (the firmware has an "
                        "IOMMU: why does the kernel not use it?); " BOOT,
                        .cmdline = "intel_iommu=on"),
                ROW(NO_GROUP "firmware amd\n", ONE,
                        "`dmesg | grep -i -e iommu -e dmar -e amd-vi -e smmu` (the firmware has an "
                        "IOMMU: why does the kernel not use it?); " BOOT),
                ROW(NO_GROUP, ONE,
                        "switch the IOMMU on in the set-up of the firmware (VT-d, AMD-Vi or "
                        "SMMU); " BOOT),
                ROW(NO_GROUP "firmware none\n", ONE,
                        "switch the IOMMU on in the set-up of the firmware (VT-d, AMD-Vi or "
                        "SMMU); " BOOT));
}

Test(next_steps, obstacles)
{
        EXPECT(ROW(FREE IN "enabled\nvfio missing\n", ONE,
                       "install the VFIO modules of kernel 6.1.0-test; " IMAGE "; " DO_NOW),
                ROW("0000:01:00.0 10de:26b1 030200 group=1 numvfs=2\nenabled\n", ONE,
                        "`echo 0 >/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs`; " DO_NOW),
                /* a function has virtual ones, the others have not */
                ROW("0000:01:00.0 10de:26b1 030200 group=1 numvfs=2\n"
                    "0000:01:00.1 10de:22ba 040300 group=1\nenabled\n",
                        ONE, "`echo 0 >/sys/bus/pci/devices/0000:01:00.0/sriov_numvfs`; " DO_NOW),
                /* the card is where it should be, and its sound is not */
                ROW(READY "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel "
                          "in_use=alsa\nenabled\n",
                        ONE, "stop what uses 0000:01:00.0, as said above; " DO_NOW),
                ROW("0000:01:00.0 10de:26b1 030200 group=1 driver=nouveau in_use=Xorg\nenabled\n",
                        "{ address = '01:00'; force_unbind = true; }",
                        "stop what uses 0000:01:00.0, as said above; " DO_NOW),
                ROW("0000:01:00.0 10de:26b1 030200 group=1 driver=nvgrace_gpu_vfio_pci\nenabled\n",
                        "{ address = '01:00'; driver = 'vfio-pci'; }",
                        "`vfio-gpu release 0000:01:00.0`; " DO_NOW),
                ROW(FREE "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel "
                         "in_use=alsa\nenabled\n",
                        ONE, "stop what uses 0000:01:00.0, as said above; " DO_NOW),
                ROW("0000:01:00.0 10de:26b1 030200 group=1 silent=dead\nenabled\n", ONE,
                        "`dmesg` (what does the kernel say of the device that failed?); " DO_NOW),
                ROW("0000:01:00.0 10de:26b1 030200 group=1 stuck=412\nenabled\n", ONE,
                        "power the machine off and on: a driver holds on to a card; " STATUS));
}

/* Cards that are left alone want neither an image nor a restart. */
Test(next_steps, all_are_skipped)
{
        EXPECT(ROW(FREE DRACUT, ONE, ENABLE, .cmdline = "vfio_gpu.skip=rtx"));
}

Test(next_steps, a_kernel_of_unknown_release)
{
        SCENE(scene, FREE "enabled\nvfio missing\n", ONE);
        NextSteps *steps = NULL;

        scene.host->release = NULL;
        const NextInput input = {.host = scene.host, .plan = scene_plan(&scene), .check = "CHECK"};
        cr_assert_eq(next_steps_build(&input, scene.arena, &steps), 0);
        cr_expect_str_eq(
                steps_text(steps, scene.arena), "install the VFIO modules of this kernel; " DO_NOW);
}

#define OLD   "images 20 10 5\n"  /* before the config was written */
#define MADE  "images 20 30 5\n"  /* and after it, in this boot */
#define HAD   "images 20 30 40\n" /* before this boot, which it did not help */
#define SINCE REBOOT " (/boot/image of t30 is newer than /etc/part of t20)"

/* Between the new image and the reboot, this boot's is no reason to make another. */
Test(next_steps, an_image_that_was_made_since)
{
        EXPECT(ROW(FREE DRACUT "enabled\n" OLD, ONE,
                       "`dracut -f` (/boot/image of t10 is older than /etc/part of t20); " DO_NOW),
                ROW(FREE DRACUT "enabled\n" MADE, ONE, SINCE "; " STATUS),
                ROW(TAKEN DRACUT "enabled\n" MADE, ONE, SINCE "; " STATUS, .image = IMAGE_WITHOUT),
                ROW(READY IN "enabled\n" MADE, ONE, SINCE "; " STATUS, .image = IMAGE_OTHER_CONFIG),
                ROW(READY IN "enabled\n" MADE, ONE, ""),
                ROW(READY IN "enabled\n" HAD, ONE,
                        "`dracut -f` (/boot/image of t30 is older than this boot: either the boot "
                        "menu names another, or it was made without vfio-gpu (`lsinitrd "
                        "/boot/image | grep vfio-gpu`))",
                        .image = IMAGE_OTHER_CONFIG),
                ROW(FREE "was initrd\nimage kernel-install\nenabled\n" OLD, ONE,
                        "`kernel-install add-all` (/boot/image of t10 is older than /etc/part of "
                        "t20; before systemd 255, for each kernel, `kernel-install add VERSION "
                        "/lib/modules/VERSION/vmlinuz`); " DO_NOW),
                /* what is still to be done changes what goes into it */
                ROW(FREE DRACUT MADE, ONE, ENABLE "; " IMAGE "; " DO_NOW),
                ROW(READY IN "enabled\n" MADE, ONE,
                        "`install -m 0644 f /etc/vfio-gpu.conf`; " IMAGE, .file = "f"),
                ROW(FREE IN "enabled\nvfio missing\n" MADE, ONE,
                        "install the VFIO modules of kernel 6.1.0-test; " IMAGE "; " DO_NOW));
}

#define LINK "/etc/systemd/system/vfio-gpu.service"

/* What is masked cannot be enabled, and what is enabled may be masked. */
Test(next_steps, a_unit_that_is_masked)
{
        EXPECT(ROW(FREE IN "enabled\nmasked " LINK "\n", ONE,
                       "`systemctl unmask vfio-gpu` (" LINK " masks it); " DO_NOW),
                ROW(FREE IN "masked " LINK "\n", ONE,
                        "`systemctl unmask vfio-gpu` (" LINK " masks it); " ENABLE "; " DO_NOW),
                ROW(READY IN "enabled\nmasked /run/x\n", ONE,
                        "`systemctl unmask --runtime vfio-gpu` (/run/x masks it)"),
                ROW(FREE IN "enabled\nline grubby\n", ONE,
                        "`grubby --update-kernel=ALL "
                        "--remove-args=systemd.mask=vfio-gpu.service`; " BOOT,
                        .cmdline = "systemd.mask=vfio-gpu.service"),
                ROW(FREE IN "enabled\nline grubby\n", ONE,
                        "`grubby --update-kernel=ALL "
                        "--remove-args=rd.systemd.mask=vfio-gpu`; " BOOT,
                        .cmdline = "rd.systemd.mask=vfio-gpu"));
}

Test(next_steps, when_nothing_is_done_at_all)
{
        EXPECT(ROW(FREE, ONE, "`reboot` (without `vfio_gpu=0` on the kernel command line)",
                       .cmdline = "vfio_gpu=0"),
                ROW(FREE "crash\n", ONE, "not now"), ROW(FREE "stage initrd\n", ONE, "not now"),
                ROW(FREE "stage initrd\n", ONE, "not now", .cmdline = "vfio_gpu=0"));
}

#define STUB(...) .kind = RIVAL_STUB_IDS, .value = "10de:26b1", __VA_ARGS__
#define WORD(w)   .on_cmdline = true, .text = w
#define AT(f, l)  .file = f, .line = l
#define DRIVERCTL .kind = RIVAL_DRIVERCTL, .file = "/d", .value = "none", .address = {0, 1, 0, 0}
#define OPERATOR  .kind = RIVAL_OPERATOR, .value = "nvidia-vfio-manager"
#define KEEP_OFF                                                                                   \
        "`vfio-gpu export nfd --gpu-operator=off` (node labels that keep NVIDIA's GPU Operator "   \
        "from the cards)"
#define RM "`rm /d` (driverctl takes the card at each boot)"

/* What a warning tells to remove is a step, too, what takes the card back the first of them. */
Test(next_steps, of_those_who_want_the_card)
{
        EXPECT(ROW(READY IN "enabled\n", ONE, RM, .rivals = {{DRIVERCTL}}),
                ROW(READY IN "enabled\n", ONE, RM "; " KEEP_OFF,
                        .rivals = {{OPERATOR}, {OPERATOR}, {DRIVERCTL}}),
                /* what is in the image, too */
                ROW(READY IN "enabled\n", ONE, "remove /f:7, \"a\"; " IMAGE,
                        .rivals = {{STUB(AT("/f", 7), .text = "a")},
                                {STUB(AT("/f", 7), .text = "a")}}),
                ROW(READY "enabled\n", ONE, "remove /f:7, \"a\"",
                        .rivals = {{STUB(AT("/f", 7), .text = "a")}}),
                ROW(READY IN "enabled\n", ONE,
                        "give /h another name: it hides the file of vfio-gpu; " IMAGE,
                        .rivals = {{.kind = RIVAL_HIDES, .file = "/h"}}),
                /* of words, with one command for all of them */
                ROW(READY IN "enabled\nline update-grub\n", ONE,
                        "take \"a\" out of /g:3; take \"b\" out of /g:4; `update-grub`",
                        .rivals = {{STUB(WORD("a"), AT("/g", 3))}, {STUB(WORD("b"), AT("/g", 4))},
                                {STUB(WORD("a"), AT("/g", 3))}}),
                ROW(READY "0000:02:00.0 10de:26b1 030200 group=2\n"
                          "enabled\nline update-grub\n",
                        ONE,
                        "take \"a\" out of /g:3; remove /f:7, \"a\"; take \"b\" out of /g:4; "
                        "`update-grub`",
                        .rivals = {{STUB(WORD("a"), AT("/g", 3))}, {STUB(AT("/f", 7), .text = "a")},
                                {.kind = RIVAL_IDS, .value = "10de:26b1", WORD("b"), AT("/g", 4)}}),
                ROW(READY IN "enabled\nline grubby\n", ONE,
                        "`grubby --update-kernel=ALL --remove-args=\"a\"`; `grubby "
                        "--update-kernel=ALL --remove-args=\"b\"`",
                        .rivals = {{STUB(WORD("a"))}, {STUB(WORD("b"))}}),
                ROW(READY IN "enabled\n", ONE,
                        "take `\"a\"` off the kernel command line, where the boot loader of this "
                        "host has it",
                        .rivals = {{STUB(WORD("a"))}}),
                ROW(READY IN "enabled\nline kernel-install\n", ONE,
                        "take \"a\" out of /g:3; `kernel-install add-all` (before systemd 255, for "
                        "each kernel, `kernel-install add VERSION /lib/modules/VERSION/vmlinuz`)",
                        .rivals = {{STUB(WORD("a"), AT("/g", 3))}}),
                /* it takes cards of the host's */
                ROW(READY "0000:02:00.0 10de:26b1 030200 group=2\n" IN "enabled\n", ONE,
                        "remove /f:7, \"a\"; " IMAGE,
                        .rivals = {{.kind = RIVAL_IDS,
                                .value = "10de:26b1",
                                AT("/f", 7),
                                .text = "a"}}),
                /* what concerns no card is no step */
                ROW(READY IN "enabled\n", ONE, "",
                        .rivals = {
                                {.kind = RIVAL_IDS, .value = "10de:26b1", AT("/f", 7), .text = "a"},
                                {.kind = RIVAL_DRIVERCTL,
                                        .file = "/d",
                                        .value = "none",
                                        .address = {0, 7, 0, 0}}}));
}
