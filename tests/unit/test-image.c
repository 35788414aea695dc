/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/image.h"

#include <criterion/criterion.h>
#include <string.h>

/* What is said is run by somebody who is in a hurry. */
Test(image, commands)
{
        static const char *const commands[_IMAGE_TOOL_MAX] = {
                [IMAGE_TOOL_UNKNOWN] = "`dracut -f`, or what this host has in its place",
                [IMAGE_TOOL_DRACUT] = "`dracut -f`",
                [IMAGE_TOOL_DRACUT_ALL] = "`dracut -f --regenerate-all`",
                [IMAGE_TOOL_KERNEL_INSTALL] =
                        ("`kernel-install add-all`; before systemd 255, for each kernel, "
                         "`kernel-install add VERSION /lib/modules/VERSION/vmlinuz`"),
                [IMAGE_TOOL_RPM_OSTREE] =
                        "`rpm-ostree initramfs-etc --force-sync --track=/etc/vfio-gpu.conf`",
                [IMAGE_TOOL_INITRAMFS_TOOLS] =
                        "initramfs-tools cannot: `apt install dracut`, which takes its place",
                [IMAGE_TOOL_MKINITCPIO] =
                        "mkinitcpio cannot: `pacman -S dracut`, and have it make the image that "
                        "the boot menu names",
        };

        for (int tool = 0; tool < _IMAGE_TOOL_MAX; tool++)
                cr_expect_str_eq(image_command((ImageTool)tool), commands[tool]);
}

/* The command alone is a part of the sentence about it. */
Test(image, command_alone)
{
        for (int tool = 0; tool < _IMAGE_TOOL_MAX; tool++) {
                char quoted[128];

                snprintf(quoted, sizeof(quoted), "`%s`", image_make((ImageTool)tool));
                cr_expect(strstr(image_command((ImageTool)tool), quoted), "%s", quoted);
        }
        cr_expect_null(image_remark(IMAGE_TOOL_DRACUT_ALL));
        cr_expect_str_eq(image_remark(IMAGE_TOOL_UNKNOWN), "or what this host has in its place");
}

typedef struct Trial {
        const char *name;
        const char *facts;          /* e an initrd existed, r vfio-gpu ran in it, u the unit is
                                       enabled, i this is the initrd */
        const char *before, *after; /* config in the initrd, or NULL; and now */
        const char *claims;         /* c one, s a skipped one, "" none */
        ImageState state;
} Trial;

static ImageState judge(const Trial *trial)
{
        const Host host = {
                .stage = strchr(trial->facts, 'i') ? STAGE_INITRD : STAGE_SYSTEM,
                .enabled = strchr(trial->facts, 'u'),
                .initrd = {.existed = strchr(trial->facts, 'e'),
                        .ran = strchr(trial->facts, 'r'),
                        .config = trial->before},
        };
        Claim claim = {.skipped = *trial->claims == 's'};
        const Claims claims = {.items = &claim, .n_items = strlen(trial->claims)};

        return image_judge(&host, trial->after, &claims);
}

Test(image, judgement)
{
        static const Trial trials[] = {
                {"the same", "eru", "a = 1;", "a = 1;", "c", IMAGE_FITS},
                {"but for a newline", "eru", "a = 1;", "a = 1;\n", "c", IMAGE_FITS},
                {"another", "eru", "a = 1;", "a = 2;", "c", IMAGE_OTHER_CONFIG},
                {"longer", "eru", "a = 1;", "a = 1; ", "c", IMAGE_OTHER_CONFIG},
                {"shorter", "eru", "a = 1;", "a = 1", "c", IMAGE_OTHER_CONFIG},
                {"emptied", "eru", "a = 1;", "", "", IMAGE_OTHER_CONFIG},
                {"empty both", "eru", "", "\n", "", IMAGE_FITS},
                {"not enabled any more", "er", "a = 1;", "a = 2;", "c", IMAGE_OTHER_CONFIG},
                {"seen by the initrd itself", "erui", "a = 1;", "a = 2;", "c", IMAGE_FITS},
                {"did not run", "eu", NULL, "a", "c", IMAGE_WITHOUT},
                {"did not run, not enabled", "e", NULL, "a", "c", IMAGE_FITS},
                {"did not run, none listed", "eu", NULL, "a", "", IMAGE_FITS},
                {"did not run, all skipped", "eu", NULL, "a", "s", IMAGE_FITS},
                {"booted without an initrd", "u", NULL, "a", "c", IMAGE_FITS},
                {"was switched off in it", "eru", NULL, "a", "c", IMAGE_FITS},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                ImageState state = judge(&trials[i]);

                cr_expect_eq(state, trials[i].state, "%s: %d", trials[i].name, state);
        }
}

Test(image, troubles)
{
        cr_expect_null(image_trouble(IMAGE_FITS));
        cr_expect_str_eq(image_trouble(IMAGE_OTHER_CONFIG),
                "the initramfs of this boot holds another config");
        cr_expect_str_eq(
                image_trouble(IMAGE_WITHOUT), "vfio-gpu did not run in the initramfs of this boot");
}

#define RUNNING(file, t)                                                                           \
        {                                                                                          \
                .kernel = "6.1", .path = file, .time = t, .when = "t" #t                           \
        }
#define OTHER(file, t)                                                                             \
        {                                                                                          \
                .kernel = "6.12", .path = file, .time = t, .when = "t" #t                          \
        }

/* All must be newer than all that goes into them, to the last; the running kernel's also than the
 * boot that had another. */
Test(image, on_disk)
{
        static const struct {
                ImageFile images[2]; /* until one without a kernel */
                int64_t part, boot;
                ImageDisk disk;
                const char *why;
        } trials[] = {
                {{{0}}, 20, 5, IMAGE_DISK_UNKNOWN, NULL},
                {{RUNNING("/a", 30)}, 20, 5, IMAGE_DISK_NEW, "/a of t30 is newer than /p of now"},
                {{RUNNING("/a", 30), OTHER("/b", 21)}, 20, 5, IMAGE_DISK_NEW,
                        "/a of t30 is newer than /p of now"},
                {{RUNNING("/a", 30), OTHER("/b", 20)}, 20, 5, IMAGE_DISK_OLD,
                        "/b of t20 is older than /p of now"},
                {{RUNNING("/a", 10), OTHER("/b", 30)}, 20, 5, IMAGE_DISK_OLD,
                        "/a of t10 is older than /p of now"},
                {{RUNNING("/a", 30), OTHER(NULL, 0)}, 20, 5, IMAGE_DISK_OLD,
                        "no image of kernel 6.12 was found in /boot"},
                {{{.kernel = "6.1", .hidden = true}}, 20, 5, IMAGE_DISK_OLD,
                        "the image of kernel 6.1 may be where only root may look: ask again as "
                        "root"},
                {{{.kernel = "6.1", .path = "/a", .time = 30, .when = "t30", .hidden = true}}, 20,
                        5, IMAGE_DISK_NEW, "/a of t30 is newer than /p of now"},
                {{{.kernel = "6.1", .path = "/a", .time = 30, .when = "t30", .modules_time = 29}},
                        20, 5, IMAGE_DISK_NEW, "/a of t30 is newer than /p of now"},
                {{{.kernel = "6.1",
                         .path = "/a",
                         .time = 30,
                         .when = "t30",
                         .modules_time = 30,
                         .modules_when = "t30"}},
                        20, 5, IMAGE_DISK_OLD,
                        "/a of t30 is older than the modules of kernel 6.1, of t30"},
                {{OTHER("/b", 30)}, 20, 5, IMAGE_DISK_UNKNOWN, NULL},
                {{RUNNING("/a", 30)}, 20, 30, IMAGE_DISK_OLD,
                        "/a of t30 is older than this boot: either the boot menu names another, or "
                        "it was made without vfio-gpu (`lsinitrd /a | grep vfio-gpu`)"},
                {{RUNNING("/a", 50), OTHER("/b", 30)}, 20, 40, IMAGE_DISK_NEW,
                        "/a of t50 is newer than /p of now"},
                /* nothing could be looked at that goes into it */
                {{RUNNING("/a", 30)}, 0, 5, IMAGE_DISK_UNKNOWN, NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();
                ImageFile images[2] = {trials[i].images[0], trials[i].images[1]};
                const Host host = {.release = "6.1",
                        .images = {.items = images,
                                .n_items = (size_t) !!images[0].kernel + !!images[1].kernel,
                                .newest_source = {.path = trials[i].part ? "/p" : NULL,
                                        .time = trials[i].part,
                                        .when = "now"},
                                .boot_time = trials[i].boot}};
                const char *why = NULL;
                ImageDisk disk = image_judge_disk(&host, arena, &why);

                cr_expect_eq(disk, trials[i].disk, "trial %zu: %d", i, disk);
                cr_expect_str_eq(why ? why : "", trials[i].why ? trials[i].why : "",
                        "trial %zu: %s", i, why);
                why = image_made_since(&host, arena);
                cr_expect_eq(why != NULL, disk == IMAGE_DISK_NEW, "trial %zu", i);
        }
}

Test(image, on_disk_of_a_kernel_that_nobody_names)
{
        ImageFile image = RUNNING("/a", 30);
        const Host host = {
                .images = {.items = &image, .n_items = 1, .newest_source = {.path = "/p"}}};

        cr_expect_null(image_made_since(&host, NULL));
}
