/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/match.h"

#include "test-select.h"

/*
 * Two equal cards, each behind a root port, and a third behind a switch; another card was put in
 * front, so that all buses are one further than they were.
 */
#define PORTS                                                                                      \
        "0000:00:01.0 8086:460d 060400 bridge\n0000:00:02.0 8086:461d 060400 bridge\n"             \
        "0000:00:03.0 8086:462d 060400 bridge\n0000:00:04.0 8086:463d 060400 bridge\n"
#define FRONT                                                                                      \
        "0000:01:00.0 10de:26b1 030000 group=1 parent=0000:00:01.0 "                               \
        "serial=00-00-00-00-00-00-00-11\n"
#define FIRST                                                                                      \
        "0000:02:00.0 10de:26b1 030000 group=2 parent=0000:00:02.0 "                               \
        "serial=00-00-00-00-00-00-00-22\n"                                                         \
        "0000:02:00.1 10de:22ba 040300 group=2 parent=0000:00:02.0\n"
#define SECOND "0000:03:00.0 10de:26b1 030000 group=3 parent=0000:00:03.0 serial=none\n"
#define SWITCHED                                                                                   \
        "0000:04:00.0 1000:c030 060400 parent=0000:00:04.0 bridge\n"                               \
        "0000:05:1f.1 1000:c030 060400 parent=0000:04:00.0 bridge\n"                               \
        "0000:06:00.0 10de:26b1 030000 group=6 parent=0000:05:1f.1 serial=locked\n"
#define SLOTS   "slot 1 0000:01:00\nslot 2-1 0000:02:00\nslot bus 0000:06:\nslot empty 0000:07:00\n"
#define MACHINE PORTS FRONT FIRST SECOND SWITCHED SLOTS "0000:00:1f.0 8086:7a04 060100\n"

Test(match, places)
{
        static const Pick picks[] = {
                {"{ path = '00:01.0/00.0'; }", "gpu1:0000:01:00.0{0}", NULL},
                {"{ path = '0000:00:02.0/00.0'; }", "gpu1:0000:02:00.0{0,1}", NULL},
                /* any function names the slot, also one that is not there */
                {"{ path = '00:02.0/00.1'; }", "gpu1:0000:02:00.0{0,1}", NULL},
                {"{ path = '00:02.0/00.7'; }", "gpu1:0000:02:00.0{0,1}", NULL},
                {"{ path = '00:04.0/00.0/1f.1/00.0'; }", "gpu1:0000:06:00.0{0}", NULL},
                {"{ slot = '1'; }", "gpu1:0000:01:00.0{0}", NULL},
                {"{ slot = '2-1'; }", "gpu1:0000:02:00.0{0,1}", NULL},
                {"{ slot = 'bus'; }", "gpu1:0000:06:00.0{0}", NULL},
                {"{ serial = '0000000000000011'; }", "gpu1:0000:01:00.0{0}", NULL},
                {"{ serial = '00-00-00-00-00-00-00-22'; }", "gpu1:0000:02:00.0{0,1}", NULL},
                {"{ path = '00:02.0/00.0'; slot = '2-1'; address = '02:00'; id = '10de:26b1';"
                 "  serial = '0000000000000022'; vendor = 'nvidia'; }",
                        "gpu1:0000:02:00.0{0,1}", NULL},
                {"{ slot = '1'; count = 'all'; }", "gpu1:0000:01:00.0{0}", NULL},
        };

        expect_picks(MACHINE, picks, ARRAY_SIZE(picks));
}

/* Never a card that is nearly at the place, nor one that says nothing. */
Test(match, what_is_not_picked)
{
        static const Pick picks[] = {
                {"{ path = '00:02.1/00.0'; }", "gpu1:-!absent", NULL},
                {"{ path = '00:02.0/01.0'; }", "gpu1:-!absent", NULL},
                {"{ path = '00:02.0'; }", "gpu1:-!not-a-gpu", "0000:00:02.0 (8086:461d)"},
                {"{ path = '01:02.0/00.0'; }", "gpu1:-!absent", NULL},
                {"{ path = '0001:00:02.0/00.0'; }", "gpu1:-!absent", NULL},
                {"{ path = '00:04.0/00.0/1f.0/00.0'; }", "gpu1:-!absent", NULL},
                {"{ path = '00:04.0/00.0/1f.1'; }", "gpu1:-!not-a-gpu", "0000:05:1f.1"},
                /* not from a root port: bus 5 is where it is today */
                {"{ path = '05:1f.1/00.0'; }", "gpu1:-!absent", NULL},
                {"{ path = '02:00.0'; }", "gpu1:-!absent", NULL},
                {"{ slot = '2'; }", "gpu1:-!absent", NULL},
                {"{ slot = 'empty'; }", "gpu1:-!absent", NULL},
                {"{ slot = 'BUS'; }", "gpu1:-!absent", NULL},
                {"{ serial = '0000000000000033'; }", "gpu1:-!absent", NULL},
                {"{ serial = '0000000000000000'; }", "gpu1:-!absent", NULL},
                {"{ path = '00:01.0/00.0'; address = '02:00'; }", "gpu1:-!absent", NULL},
                {"{ path = '00:01.0/00.0'; slot = '2-1'; }", "gpu1:-!absent", NULL},
                {"{ path = '00:01.0/00.0'; serial = '0000000000000022'; }", "gpu1:-!absent", NULL},
        };

        expect_picks(MACHINE, picks, ARRAY_SIZE(picks));
}

/* Whatever its device number. */
Test(match, slot_of_a_whole_bus)
{
        static const Pick picks[] = {
                {"{ slot = 'bus'; }", "gpu1:0000:06:1f.0{0}", NULL},
                {"{ slot = 'one'; }", "gpu1:-!absent", "slot \"one\" is empty"},
                {"{ id = '10de:26b1'; count = 2; }", "gpu1:-!absent",
                        "0000:06:1f.0 (10de:26b1, slot \"bus\")"},
        };

        expect_picks(
                "0000:06:1f.0 10de:26b1 030000 group=1\nslot bus 0000:06:\nslot one 0000:06:00\n",
                picks, ARRAY_SIZE(picks));
}

/* A serial number stands in any display function of the slot. */
Test(match, serial_of_a_second_display)
{
        expect_pick("0000:00:02.0 8086:3e92 030000 group=1 serial=none\n"
                    "0000:00:02.1 8086:3e93 038000 group=1 serial=0000000000000042\n",
                &(Pick){"{ serial = '0000000000000042'; id = '8086:3e92'; }",
                        "gpu1:0000:00:02.0{0,1}", NULL},
                NULL);
}

/* The same number in two cards tells nothing apart. */
Test(match, a_serial_that_is_not_unique)
{
        expect_pick("0000:01:00.0 10de:26b1 030000 group=1 serial=0000000000000042\n"
                    "0000:02:00.0 10de:26b1 030000 group=2 serial=0000000000000042\n",
                &(Pick){"{ serial = '0000000000000042'; }", "gpu1:-!ambiguous",
                        "2 GPUs match where the entry wants 1: 0000:01:00.0 (10de:26b1, serial "
                        "00-00-00-00-00-00-00-42), 0000:02:00.0 (10de:26b1, serial "
                        "00-00-00-00-00-00-00-42)"},
                NULL);
}

Test(match, virtual_functions_at_the_end_of_a_path)
{
        static const Pick picks[] = {
                {"{ path = '00:01.0/00.0'; }", "gpu1:0000:01:00.0{0}", NULL},
                {"{ path = '00:01.0/00.4'; }", "gpu1:-!virtual-function",
                        "0000:01:00.4 is a virtual function"},
                {"{ path = '00:01.0/00.4'; id = '10de:2330'; }", "gpu1:-!absent",
                        "path 0000:00:01.0/00.4 leads to 0000:01:00.4, which is 10de:2331, not "
                        "10de:2330"},
        };

        expect_picks("0000:00:01.0 8086:460d 060400 bridge\n"
                     "0000:01:00.0 10de:2330 030200 group=1 numvfs=1 parent=0000:00:01.0\n"
                     "0000:01:00.4 10de:2331 030200 group=2 vf=0000:01:00.0 parent=0000:00:01.0\n",
                picks, ARRAY_SIZE(picks));
}

#define SWITCHES                                                                                   \
        "0000:07:00.0 10de:22a3 068000 group=40 parent=0000:00:05.0 subsystem=10de:16c1\n"         \
        "0000:08:00.0 10de:22a3 068000 group=41 parent=0000:00:06.0 subsystem=10de:16c1 "          \
        "serial=1111222233334444\n"
#define HGX                                                                                        \
        "0000:00:05.0 8086:460d 060400 bridge\n0000:00:06.0 8086:460d 060400 bridge\n" SWITCHES    \
        "0000:0a:00.0 10de:2330 030200 group=1 subsystem=10de:16c1\nslot 7 0000:07:00\n"           \
        "0000:09:00.0 1000:22a3 068000 group=42\n"

Test(match, switches_where_they_are_named)
{
        static const Pick picks[] = {
                {"{ id = '10de:22a3'; count = 'all'; }",
                        "gpu1:0000:07:00.0{0} gpu1:0000:08:00.0{0}", NULL},
                {"{ id = '10de:22a3'; vendor = 'nvidia'; count = 2; }",
                        "gpu1:0000:07:00.0{0} gpu1:0000:08:00.0{0}", NULL},
                {"{ address = '07:00'; }", "gpu1:0000:07:00.0{0}", NULL},
                {"{ path = '00:06.0/00.0'; }", "gpu1:0000:08:00.0{0}", NULL},
                {"{ slot = '7'; }", "gpu1:0000:07:00.0{0}", NULL},
                {"{ serial = '1111222233334444'; }", "gpu1:0000:08:00.0{0}", NULL},
                {"{ address = '07:00'; functions = [ 0 ]; }", "gpu1:0000:07:00.0{0}", NULL},
                {"{ id = '10de:22a3'; }", "gpu1:-!ambiguous",
                        "0000:07:00.0 (10de:22a3, path 0000:00:05.0/00.0, slot \"7\"), "
                        "0000:08:00.0 (10de:22a3, path 0000:00:06.0/00.0, serial "
                        "11-11-22-22-33-33-44-44)"},
                /* who names no place and no model means displays */
                {"{ vendor = 'nvidia'; count = 'all'; }", "gpu1:0000:0a:00.0{0}", NULL},
                {"{ subsystem = '10de:16c1'; count = 'all'; }", "gpu1:0000:0a:00.0{0}", NULL},
                {"{ vendor = 'nvidia'; subsystem = '10de:16c1'; }", "gpu1:0000:0a:00.0{0}", NULL},
                /* another maker's bridge of that kind is nothing of the sort */
                {"{ address = '09:00'; }", "gpu1:-!not-a-gpu", "0000:09:00.0"},
        };

        expect_picks(HGX, picks, ARRAY_SIZE(picks));
}

typedef bool (*Wants)(const Config *config, const Host *host, const Function *f);

/* Of which cards an entry has to know something: "01:00.0 02:00.0". */
static const char *wanted(Wants wants, const char *machine, const char *config)
{
        static char text[256];
        SCENE(scene, machine, config);

        *text = '\0';
        for (size_t i = 0; i < scene.host->n_functions; i++) {
                const Function *f = &scene.host->functions[i];

                if (wants(scene.config, scene.host, f))
                        sprintf(text + strlen(text), "%s%s", *text ? " " : "",
                                PCI_ADDRESS(f->address) + 5);
        }
        return text;
}

/* Reading one wakes a card: only those that an entry may mean, and none where none asks. */
Test(match, wants_serials_of_candidates_only)
{
        static const struct {
                const char *config, *wanted;
        } rows[] = {
                {"", ""},
                {"{ id = '10de:26b1'; count = 'all'; }, { path = '00:01.0/00.0'; }", ""},
                {"{ serial = '0000000000000022'; }", "01:00.0 02:00.0 03:00.0 06:00.0"},
                {"{ serial = '0000000000000022'; slot = '1'; }", "01:00.0"},
                {"{ serial = '0000000000000022'; path = '00:04.0/00.0/1f.1/00.0'; }", "06:00.0"},
                {"{ serial = '0000000000000022'; id = '10de:26b1'; }",
                        "01:00.0 02:00.0 03:00.0 06:00.0"},
                {"{ serial = '0000000000000022'; id = '1002:744c'; }", ""},
                {"{ serial = '0000000000000022'; address = '02:00.1'; }", "02:00.0"},
                {"{ serial = '0000000000000022'; address = '01:00'; },"
                 "{ serial = '0000000000000011'; address = '03:00'; }",
                        "01:00.0 03:00.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect_str_eq(wanted(match_wants_serial, MACHINE, rows[i].config),
                        rows[i].wanted, "%s: %s", rows[i].config,
                        wanted(match_wants_serial, MACHINE, rows[i].config));
        cr_expect_str_eq(wanted(match_wants_serial, HGX, "{ serial = '1111222233334444'; }"),
                "07:00.0 08:00.0 0a:00.0");
        cr_expect_str_eq(wanted(match_wants_serial, HGX,
                                 "{ serial = '1111222233334444'; id = '10de:2330'; }"),
                "0a:00.0");
}

/* Where the card of an entry is not where it was, all others are asked, and no other time. */
Test(match, asks_for_serials_elsewhere)
{
        static const struct {
                const char *config, *wanted;
        } rows[] = {
                {"", ""},
                {"{ address = '09:00'; }", ""},
                {"{ serial = '0000000000000022'; address = '02:00'; }", ""},
                /* it is known where it is */
                {"{ serial = '0000000000000022'; address = '01:00'; }", ""},
                {"{ serial = '0000000000000044'; address = '01:00'; }",
                        "01:00.0 02:00.0 03:00.0 06:00.0"},
                {"{ serial = '0000000000000022'; address = '02:00'; },"
                 "{ serial = '0000000000000044'; id = '1002:744c'; }",
                        "01:00.0 02:00.0 03:00.0 06:00.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect_str_eq(wanted(match_may_have_moved, MACHINE, rows[i].config),
                        rows[i].wanted, "%s: %s", rows[i].config,
                        wanted(match_may_have_moved, MACHINE, rows[i].config));
}

#define DRIVEN                                                                                     \
        "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau\n"                                   \
        "0000:02:00.0 10de:26b1 030000 group=2\n0000:02:00.1 10de:22ba 040300 group=2\n"           \
        "0000:03:00.0 10de:2330 030200 group=3 numvfs=1\n"                                         \
        "0000:03:00.4 10de:2330 030200 group=4 vf=0000:03:00.0\n"                                  \
        "0000:04:00.0 1002:744c 030000 group=5 unreadable=class\n"                                 \
        "0000:05:00.0 10de:22a3 068000 group=6\n"

/* A card that no entry may pick is left alone, and one that a driver has. */
Test(match, asks_whether_those_answer_that_may_be_picked)
{
        static const struct {
                const char *config, *wanted;
        } rows[] = {
                {"", ""},
                {"{ id = '10de:26b1'; count = 'all'; }", "02:00.0"},
                {"{ vendor = 'nvidia'; count = 'all'; }", "02:00.0 03:00.0"},
                {"{ address = '01:00'; }", ""},
                {"{ address = '02:00.1'; }", "02:00.0"},
                {"{ address = '02:00'; id = '10de:2330'; }", ""},
                {"{ address = '03:00.0'; }, { id = '10de:22a3'; }", "03:00.0 05:00.0"},
                {"{ address = '03:00.4'; }", ""},
                {"{ vendor = 'amd'; }", ""},
                {"{ serial = '0000000000000022'; id = '10de:26b1'; }", "02:00.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect_str_eq(wanted(match_wants_answer, DRIVEN, rows[i].config), rows[i].wanted,
                        "%s: %s", rows[i].config,
                        wanted(match_wants_answer, DRIVEN, rows[i].config));
}

/* The card of an entry whose serial number no card here is known to have. */
Test(match, who_may_have_moved)
{
        static const char machine[] =
                "0000:01:00.0 10de:26b1 030000 group=1 serial=0000000000000011\n"
                "0000:01:00.1 10de:22ba 040300 group=1\n"
                "0000:02:00.0 10de:2330 030200 group=2\n";
        static const struct {
                const char *config, *wanted;
        } rows[] = {
                {"", ""},
                {"{ address = '09:00'; }", ""},
                {"{ serial = '0000000000000011'; }", ""},
                {"{ serial = '0000000000000011'; address = '09:00'; }", ""},
                {"{ serial = '0000000000000022'; address = '09:00'; }", "01:00.0 02:00.0"},
                {"{ address = '09:00'; }, { serial = '0000000000000022'; }", "01:00.0 02:00.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect_str_eq(wanted(match_may_have_moved, machine, rows[i].config),
                        rows[i].wanted, "%s: %s", rows[i].config,
                        wanted(match_may_have_moved, machine, rows[i].config));
}
