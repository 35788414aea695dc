/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/history.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/scene.h"

#define HOST          "0000:00:02.0 8086:4680 030000 group=9\n"
#define AUDIO(driver) "0000:01:00.1 10de:22ba 040300 group=13 " driver "\n"
#define FREE          "0000:01:00.0 10de:26b1 030000 group=13\n" AUDIO("driver=snd_hda_intel") HOST
#define READY                                                                                      \
        "0000:01:00.0 10de:26b1 030000 group=13 driver=vfio-pci vfio=vfio0\n" AUDIO(               \
                "driver=vfio-pci vfio=vfio1") HOST
#define BUSY                                                                                       \
        "0000:01:00.0 10de:26b1 030000 group=13 driver=nouveau\n" AUDIO("driver=snd_hda_intel") HOST
#define OTHER                                                                                      \
        "0000:01:00.0 10de:2204 030000 group=13 driver=nouveau\n" AUDIO("driver=snd_hda_intel") HOST

#define ID0     "0000:01:00.0\t10de:26b1\t"
#define ID1     "0000:01:00.1\t10de:22ba\t"
#define AT_BOOT ID0 "initrd\tready\tvfio-pci\t-\n" ID1 "initrd\tready\tvfio-pci\tsnd_hda_intel\n"

/* A run finds a machine and leaves it as another; both have the card that the one entry picks. */
static void expect_run(const char *what, const char *text, const char *before, const char *after,
        const char *expected)
{
        SCENE(found, before, "{ address = '01:00'; }");
        SCENE(left, after, "{ address = '01:00'; }");
        const Plan *plan = scene_plan(&found);
        const Binding *now = scene_bindings(&left, &scene_plan(&left)->claims.items[0]);
        const Verdict verdict = verify_claim(plan, 0, now, NULL, found.arena);
        const Report report = {.stage = found.host->stage, .plan = plan, .verdicts = &verdict};
        History history = {0};

        history_read(&history, text, found.arena);
        history_add(&history, &report, found.arena);
        const char *result = history_text(&history, found.arena);
        cr_expect_str_eq(result, expected, "%s:\n%s", what, result);

        History again = {0};
        history_read(&again, result, found.arena);
        cr_expect_str_eq(history_text(&again, found.arena), expected, "%s, read again", what);
}

Test(history, what_was_first_stays)
{
        expect_run("nothing was known", "", FREE "stage initrd\n", READY, AT_BOOT);
        expect_run("a second run", AT_BOOT, READY, READY, AT_BOOT);
        expect_run("released since, and refused", AT_BOOT, BUSY, BUSY, AT_BOOT);
        expect_run("another card has the first line",
                "0000:02:00.0\t10de:26b1\tinitrd\tready\tx y\t-\n", FREE "stage initrd\n", READY,
                "0000:02:00.0\t10de:26b1\tinitrd\tready\tx y\t-\n" AT_BOOT);
}

Test(history, who_had_it_first_is_kept_when_it_gets_ready_later)
{
        expect_run("refused at boot, and again",
                ID0 "initrd\t-\tnouveau\tnouveau\n" ID1 "initrd\t-\t-\t-\n", FREE, BUSY,
                ID0 "initrd\t-\tnouveau\tnouveau\n" ID1 "initrd\t-\t-\t-\n");
        expect_run("taken in the real root",
                ID0 "initrd\t-\tnouveau\tnouveau\n" ID1 "initrd\t-\t-\t-\n", FREE, READY,
                ID0 "system\tready\tvfio-pci\tnouveau\n" ID1 "system\tready\tvfio-pci\t-\n");
        expect_run("a companion that was found later", ID0 "initrd\tready\tvfio-pci\t-\n", FREE,
                READY,
                ID0 "initrd\tready\tvfio-pci\t-\n" ID1 "system\tready\tvfio-pci\tsnd_hda_intel\n");
}

Test(history, another_card_in_its_place_has_no_past)
{
        SCENE(scene, OTHER, "");
        History history = {0};

        expect_run("exchanged", AT_BOOT, OTHER, OTHER,
                "0000:01:00.0\t10de:2204\tsystem\t-\tnouveau\tnouveau\n" ID1
                "initrd\tready\tvfio-pci\tsnd_hda_intel\n");
        history_read(&history, AT_BOOT, scene.arena);
        cr_expect_null(history_find(&history, scene_function(&scene, "0000:01:00.0")));
        cr_expect_null(history_find(&history, scene_function(&scene, "0000:00:02.0")));

        const Past *past = history_find(&history, scene_function(&scene, "0000:01:00.1"));
        cr_assert(past);
        cr_expect(past->ready);
        cr_expect_eq(past->stage, STAGE_INITRD);
        cr_expect_str_eq(past->driver, "vfio-pci");
        cr_expect_str_eq(past->driver_before, "snd_hda_intel");
        scene_function(&scene, "0000:01:00.0")->unreadable = "it is gone";
        cr_expect(history_find(&history, scene_function(&scene, "0000:01:00.0")),
                "what cannot be read does not say that it is another");
}

Test(history, a_line_that_is_none_counts_for_nothing)
{
        static const char *const lines[] = {
                "",
                "\n\n",
                "0000:01:00.0",
                "0000:01:00.0\t10de:26b1\tinitrd\tready\tvfio-pci",
                "0000:01:00.0\t10de:26b1\tinitrd\tready\tvfio-pci\t-\t-",
                "0000:01:00\t10de:26b1\tinitrd\tready\tvfio-pci\t-",
                "0000:01:00.0\t10de\tinitrd\tready\tvfio-pci\t-",
                "0000:01:00.0\t10de:26b1\tlate\tready\tvfio-pci\t-",
        };
        _cleanup_(arena_freep) Arena *arena = arena_new();

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                History history = {0};

                history_read(&history, lines[i], arena);
                cr_expect_eq(history.n_items, 0, "%s", lines[i]);
        }
        cr_expect_not(arena_failed(arena));
}
