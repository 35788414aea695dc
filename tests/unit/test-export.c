/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/export-scene.h"

#define CARD                                                                                       \
        "0000:01:00.0 10de:26b1 030200 group=1\n"                                                  \
        "0000:01:00.1 10de:22ba 040300 group=1\n"
#define TWIN "0000:02:00.0 10de:26b1 030200 group=2\n"
#define BUSY "0000:03:00.0 10de:26b1 030200 group=3 driver=nouveau\n"
#define NIC                                                                                        \
        "0000:04:00.0 10de:26b1 030200 group=4\n"                                                  \
        "0000:05:00.0 8086:10d3 020000 group=4\n"

/* "a:01:00.0 b:02:00.0", "incomplete", and the warnings up to their first colon. */
static const char *selection_text(const Export *e)
{
        Text text = TEXT_IN(e->arena);

        for (size_t i = 0; i < e->n_claims; i++) {
                text_separate(&text, " ");
                text_add(&text, "%s:%s", e->claims[i]->entry->name,
                        PCI_ADDRESS(e->claims[i]->display->address) + 5);
        }
        text_add(&text, "%s", e->incomplete ? " incomplete" : "");
        for (size_t i = 0; i < e->n_warnings; i++)
                text_add(&text, "; %.*s", (int)strcspn(e->warnings[i], ":"), e->warnings[i]);
        return text.string;
}

Test(export, what_is_chosen)
{
        static const struct {
                const char *machine, *config, *cmdline, *names[3], *chosen;
        } choices[] = {
                {CARD, "{ name = 'a'; address = '01:00'; }", NULL, {NULL}, "a:01:00.0"},
                {CARD, "", NULL, {NULL}, ""},
                {CARD TWIN, "{ name = 'a'; id = '10de:26b1'; count = 2; }", NULL, {NULL},
                        "a:01:00.0 a:02:00.0"},
                /* by name, and by address, which may be that of any function; each once */
                {CARD TWIN, "{ name = 'a'; id = '10de:26b1'; count = 2; }", NULL, {"02:00"},
                        "a:02:00.0"},
                {CARD TWIN, "{ name = 'a'; id = '10de:26b1'; count = 2; }", NULL,
                        {"0000:01:00.1", "a"}, "a:01:00.0 a:02:00.0"},
                /* an entry may be called like an address */
                {CARD TWIN,
                        "{ name = 'a'; address = '01:00'; }, { name = 'b'; address = '02:00'; }",
                        NULL, {"b"}, "b:02:00.0"},
                /* a driver was first: at the next boot it will not be */
                {BUSY, "{ name = 'a'; address = '03:00'; }", NULL, {NULL},
                        "a:03:00.0 incomplete; exported, but not ready"},
                {BUSY, "{ name = 'a'; address = '03:00'; optional = true; }", NULL, {NULL},
                        "a:03:00.0; exported, but not ready"},
                {BUSY, "{ name = 'a'; address = '03:00'; optional = true; }", NULL, {"a"},
                        "a:03:00.0 incomplete; exported, but not ready"},
                /* refused: it will not be handed over */
                {NIC, "{ name = 'a'; address = '04:00'; }", NULL, {NULL},
                        " incomplete; not handed over"},
                {NIC CARD, "{ name = 'a'; address = '04:00'; }, { name = 'b'; address = '01:00'; }",
                        NULL, {"b"}, "b:01:00.0"},
                {"0000:01:00.0 10de:26b1 030200 group=1 driver=nouveau stuck=X\n",
                        "{ name = 'a'; address = '01:00'; }", NULL, {NULL},
                        " incomplete; not handed over"},
                /* absent */
                {CARD, "{ name = 'a'; address = '09:00'; }", NULL, {NULL},
                        " incomplete; not handed over"},
                {CARD, "{ name = 'a'; address = '09:00'; optional = true; }", NULL, {NULL}, ""},
                {CARD, "{ name = 'a'; address = '09:00'; optional = true; }", NULL, {"a"},
                        " incomplete; not handed over"},
                /* left alone in this boot */
                {CARD TWIN,
                        "{ name = 'a'; address = '01:00'; }, { name = 'b'; address = '02:00'; }",
                        "vfio_gpu.skip=a", {NULL}, "b:02:00.0; not handed over"},
                {CARD, "{ name = 'a'; address = '01:00'; }", "vfio_gpu.skip=a", {"a"},
                        " incomplete; not handed over"},
                {CARD, "{ name = 'a'; address = '01:00'; }", "vfio_gpu=0", {NULL},
                        "; nothing is exported"},
                {CARD, "{ name = 'a'; address = '01:00'; }", "vfio_gpu=0", {"a"},
                        " incomplete; nothing is exported"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
                _cleanup_(scene_done) Scene scene = {0};
                const char *unknown = NULL;
                Export e = {0};
                size_t n = 0;

                while (n < 3 && choices[i].names[n])
                        n++;
                scene_set(&scene, choices[i].machine, choices[i].config, choices[i].cmdline);
                cr_assert_eq(export_of(&scene, choices[i].names, n, &e, &unknown), 0);
                cr_expect_str_eq(selection_text(&e), choices[i].chosen, "%s %s: \"%s\", not \"%s\"",
                        choices[i].machine, choices[i].config, selection_text(&e),
                        choices[i].chosen);
        }
}

Test(export, who_is_unknown)
{
        static const struct {
                const char *name, *sentence;
        } names[] = {
                {"x", "\"x\" is neither an entry nor the address of a GPU that an entry picks; the "
                      "entries are: a, guest"},
                {"0000:02:00.0", "\"0000:02:00.0\" is neither an entry nor the address of a GPU "
                                 "that an entry picks; the entries are: a, guest"},
                {"gest", "\"gest\" is neither an entry nor the address of a GPU that an entry "
                         "picks; "
                         "did you mean guest?"},
                {"\x1b[m", "\"\\x1b[m\" is neither an entry nor the address of a GPU that an entry "
                           "picks; the entries are: a, guest"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                SCENE(scene, CARD TWIN,
                        "{ name = 'a'; address = '01:00'; }, { name = 'guest'; address = '09:00'; "
                        "}");
                const char *unknown = NULL;
                Export e = {0};

                cr_assert_eq(export_of(&scene, &names[i].name, 1, &e, &unknown), -ENOENT);
                cr_expect_str_eq(unknown, names[i].sentence, "%s", unknown);
        }
}

/* "01:00.0=0.0+": slot and number in the guest, and whether it shares the slot. */
static const char *guest_text(const Export *e)
{
        Text text = TEXT_IN(e->arena);
        size_t n = 0;
        const GuestFunction *functions = export_guest_functions(e, &n);

        for (size_t i = 0; i < n; i++) {
                text_separate(&text, " ");
                text_add(&text, "%s=%u.%u%s", PCI_ADDRESS(functions[i].function->address) + 5,
                        functions[i].slot, functions[i].number,
                        functions[i].shares_slot ? "+" : "");
        }
        return text.string;
}

Test(export, functions_of_a_card_stay_together)
{
        static const struct {
                const char *machine, *config, *guest;
        } machines[] = {
                {TWIN, "{ address = '02:00'; }", "02:00.0=0.0"},
                {CARD TWIN, "{ id = '10de:26b1'; count = 'all'; }",
                        "01:00.0=0.0+ 01:00.1=0.1+ 02:00.0=1.0"},
                /* as on the host, where the guest finds them then */
                {CARD "0000:01:00.3 10de:1ad9 0c8000 group=1\n", "{ address = '01:00'; }",
                        "01:00.0=0.0+ 01:00.1=0.1+ 01:00.3=0.3+"},
                {"0000:00:02.1 10de:26b1 030200 group=1\n0000:00:02.3 10de:22ba 040300 group=1\n",
                        "{ address = '00:02'; }", "00:02.1=0.0+ 00:02.3=0.1+"},
                /* others of the group have a slot of their own */
                {CARD "0000:05:00.0 1b21:2142 0c0330 group=1\n0000:05:00.1 1b21:2142 0c0330 "
                      "group=1\n",
                        "{ address = '01:00'; allow_group_members = [ '05:00' ]; }",
                        "01:00.0=0.0+ 01:00.1=0.1+ 05:00.0=1.0+ 05:00.1=1.1+"},
                {CARD "0001:01:00.0 10de:26b1 030200 group=2\n",
                        "{ id = '10de:26b1'; count = 'all'; }",
                        "01:00.0=0.0+ 01:00.1=0.1+ 01:00.0=1.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
                SCENE(scene, machines[i].machine, machines[i].config);
                const char *unknown = NULL;
                Export e = {0};

                cr_assert_eq(export_of(&scene, NULL, 0, &e, &unknown), 0);
                cr_expect_str_eq(guest_text(&e), machines[i].guest, "%s: \"%s\", not \"%s\"",
                        machines[i].machine, guest_text(&e), machines[i].guest);
        }
}

/* See test-random-scene.c for machines that nobody has thought of. */
Test(export, holds_on_all_machines)
{
        for (size_t i = 0; i < scene_n_samples; i++) {
                SCENE(scene, scene_samples[i].machine, scene_samples[i].config);
                const char *broken = invariants_of_exports(&scene);

                cr_expect_null(broken, "%s: %s", scene_samples[i].name, broken);
        }
}
