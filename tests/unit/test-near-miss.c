/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/near-miss.h"

#include "test-select.h"

#define PORTS                                                                                      \
        "0000:00:01.0 8086:460d 060400 bridge\n0000:00:02.0 8086:461d 060400 bridge\n"             \
        "0000:00:03.0 8086:462d 060400 bridge\n"
#define DISK "0000:01:00.0 144d:a80a 010802 group=1 parent=0000:00:01.0\n"
#define CARD                                                                                       \
        "0000:02:00.0 10de:26b1 030000 group=2 parent=0000:00:02.0 subsystem=1043:88a1 "           \
        "serial=00-00-00-00-00-00-00-22\n"
#define OTHER                                                                                      \
        "0000:03:00.0 1002:744c 030000 group=3 parent=0000:00:03.0 subsystem=1da2:e445 "           \
        "serial=locked\n"
#define SLOTS   "slot 1 0000:01:00\nslot 2 0000:02:00\nslot 9 0000:09:00\n"
#define MACHINE PORTS DISK CARD OTHER SLOTS

#define ABSENT "gpu1:-!absent"

Test(near_miss, nothing_at_the_place)
{
        static const Pick picks[] = {
                {"{ path = '00:04.0/00.0'; }", ABSENT, "path 0000:00:04.0/00.0 leads to no device"},
                {"{ path = '00:04.0/00.0'; id = '10de:26b1'; }", ABSENT,
                        "path 0000:00:04.0/00.0 leads to no device; what matches but for the path: "
                        "0000:02:00.0 (10de:26b1, path 0000:00:02.0/00.0)"},
                {"{ path = '02:00.0'; }", ABSENT,
                        "path 0000:02:00.0 leads to no device (a path starts at a root port, and "
                        "0000:02:00.0 has path 0000:00:02.0/00.0 itself)"},
                {"{ slot = '9'; id = '10de:26b1'; }", ABSENT,
                        "slot \"9\" is empty; what matches but for the slot: 0000:02:00.0 "
                        "(10de:26b1, slot \"2\")"},
                {"{ slot = '02'; }", ABSENT,
                        "there is no slot \"02\"; slots here: \"1\", \"2\", \"9\""},
                {"{ address = '09:00'; path = '00:04.0/00.0'; slot = '8'; }", ABSENT,
                        "there is no device at 0000:09:00.0; path 0000:00:04.0/00.0 leads to no "
                        "device; there is no slot \"8\"; slots here: \"1\", \"2\", \"9\""},
        };

        expect_picks(MACHINE, picks, ARRAY_SIZE(picks));
        expect_pick(CARD,
                &(Pick){"{ slot = '2'; }", ABSENT, "there is no slot \"2\"; slots here: none"},
                NULL);
}

Test(near_miss, something_else_at_the_place)
{
        static const Pick picks[] = {
                {"{ path = '00:01.0/00.0'; id = '10de:26b1'; }", ABSENT,
                        "path 0000:00:01.0/00.0 leads to 0000:01:00.0, which is 144d:a80a, not "
                        "10de:26b1; what matches but for the path: 0000:02:00.0 (10de:26b1, path "
                        "0000:00:02.0/00.0)"},
                {"{ slot = '1'; vendor = 'amd'; }", ABSENT,
                        "slot \"1\" holds 0000:01:00.0, which is 144d:a80a, not of vendor 1002; "
                        "what matches but for the slot: 0000:03:00.0 (1002:744c)"},
                {"{ slot = '1'; subsystem = '1043:88a1'; }", ABSENT,
                        "slot \"1\" holds 0000:01:00.0, which is 144d:a80a of class 0108, no GPU; "
                        "what matches but for the slot: 0000:02:00.0 (10de:26b1, slot \"2\")"},
                {"{ path = '00:02.0/00.0'; id = '1002:744c'; vendor = 'amd'; subsystem = "
                 "'1da2:e445'; slot = '9'; }",
                        ABSENT,
                        "path 0000:00:02.0/00.0 leads to 0000:02:00.0, which is 10de:26b1, not "
                        "1002:744c, and is of subsystem 1043:88a1, not 1da2:e445, and is in slot "
                        "\"2\", not in slot \"9\"; slot \"9\" is empty"},
                /* nobody reads the serial number of what is no GPU */
                {"{ address = '01:00'; id = '10de:26b1'; serial = '0000000000000033'; }", ABSENT,
                        "0000:01:00.0 is 144d:a80a, not 10de:26b1"},
                {"{ address = '03:00'; slot = '9'; }", ABSENT,
                        "0000:03:00.0 is in no slot that is known, not in slot \"9\"; slot \"9\" "
                        "is empty"},
        };

        expect_picks(MACHINE, picks, ARRAY_SIZE(picks));
}

/* Each card is spoken of once, and nothing else is said. */
Test(near_miss, places_that_do_not_agree)
{
        static const Pick picks[] = {
                {"{ path = '00:02.0/00.0'; slot = '2'; id = '1002:744c'; }", ABSENT,
                        "path 0000:00:02.0/00.0 leads to 0000:02:00.0, which is 10de:26b1, not "
                        "1002:744c"},
                {"{ address = '02:00'; path = '00:03.0/00.0'; }", ABSENT,
                        "0000:02:00.0 has path 0000:00:02.0/00.0, not 0000:00:03.0/00.0; path "
                        "0000:00:03.0/00.0 leads to 0000:03:00.0, which is not at 0000:02:00.0"},
                {"{ address = '01:00'; id = '10de:26b1'; path = '00:02.0/00.0'; slot = '2'; }",
                        ABSENT,
                        "0000:01:00.0 is 144d:a80a, not 10de:26b1, and has path "
                        "0000:00:01.0/00.0, not 0000:00:02.0/00.0, and is in slot \"1\", not in "
                        "slot \"2\"; path 0000:00:02.0/00.0 leads to 0000:02:00.0, which is not "
                        "at 0000:01:00.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(picks); i++) {
                SCENE(scene, MACHINE, picks[i].config);

                cr_expect_str_eq(near_miss_none(scene.host, &scene.config->entries[0], scene.arena),
                        picks[i].says);
                cr_expect_gt(no_memory(select_without_memory, &scene), 0);
        }
}

Test(near_miss, serial_numbers)
{
        static const Pick picks[] = {
                {"{ serial = '0000000000000033'; }", ABSENT,
                        "no GPU here has serial 00-00-00-00-00-00-00-33; GPUs here: 0000:02:00.0 "
                        "(10de:26b1, serial 00-00-00-00-00-00-00-22), 0000:03:00.0 (1002:744c, "
                        "serial number not read: only root may read it)"},
                {"{ serial = '0000000000000033'; id = '10de:26b1'; }", ABSENT,
                        "no GPU here has id 10de:26b1, serial 00-00-00-00-00-00-00-33"},
                {"{ serial = '0000000000000033'; address = '02:00'; }", ABSENT,
                        "0000:02:00.0 has serial 00-00-00-00-00-00-00-22, not "
                        "00-00-00-00-00-00-00-33"},
                {"{ serial = '0000000000000033'; address = '03:00'; }", ABSENT,
                        "0000:03:00.0 has a serial number that could not be read: only root may "
                        "read it"},
                {"{ serial = '0000000000000033'; address = '01:00'; }", "gpu1:-!not-a-gpu", NULL},
        };

        expect_picks(MACHINE, picks, ARRAY_SIZE(picks));
        /* the card has moved, and may be another than the entry says */
        static const Pick moved[] = {
                {"{ serial = '0000000000000022'; address = '09:00'; }", ABSENT,
                        "there is no device at 0000:09:00.0; what matches but for the address: "
                        "0000:02:00.0 (10de:26b1)"},
                {"{ serial = '0000000000000022'; address = '03:00'; }", ABSENT,
                        "only root may read it; what matches but for the address: 0000:02:00.0 "
                        "(10de:26b1)"},
                {"{ serial = '0000000000000022'; address = '01:00'; }", ABSENT,
                        "0000:01:00.0 is 144d:a80a of class 0108, no GPU; what matches but for the "
                        "address: 0000:02:00.0 (10de:26b1)"},
                {"{ serial = '0000000000000022'; address = '09:00'; id = '10de:2330'; }", ABSENT,
                        "there is no device at 0000:09:00.0; serial 00-00-00-00-00-00-00-22 is "
                        "that of 0000:02:00.0, which is 10de:26b1, not 10de:2330"},
                {"{ serial = '0000000000000022'; address = '09:00'; slot = '1'; }", ABSENT,
                        "; serial 00-00-00-00-00-00-00-22 is that of 0000:02:00.0, which is in "
                        "slot \"2\", not in slot \"1\""},
                {"{ serial = '0000000000000022'; vendor = 'amd'; }", ABSENT,
                        "; serial 00-00-00-00-00-00-00-22 is that of 0000:02:00.0, which is "
                        "10de:26b1, not of vendor 1002"},
                /* it was spoken of */
                {"{ serial = '0000000000000022'; address = '03:00'; slot = '2'; }", ABSENT,
                        "slot \"2\" holds 0000:02:00.0, which is not at 0000:03:00.0"},
        };
        expect_picks(MACHINE, moved, ARRAY_SIZE(moved));
        /* where it is told of already, it is not told of twice */
        SCENE(scene, MACHINE,
                "{ serial = '0000000000000022'; address = '02:00'; id = '10de:2330'; }");
        cr_expect_str_eq(near_miss_none(scene.host, &scene.config->entries[0], scene.arena),
                "0000:02:00.0 is 10de:26b1, not 10de:2330");
        expect_pick("0000:02:00.0 10de:26b1 030000 numvfs=1 serial=00-00-00-00-00-00-00-22\n"
                    "0000:02:00.4 10de:26b8 030200 vf=0000:02:00.0\n",
                &(Pick){"{ serial = '0000000000000022'; address = '02:00.4'; }",
                        "gpu1:-!virtual-function", "0000:02:00.4 is a virtual function"},
                NULL);
        expect_pick("0000:02:00.0 10de:26b1 030000 serial=none\n",
                &(Pick){"{ serial = '0000000000000033'; address = '02:00'; }", ABSENT,
                        "0000:02:00.0 has no serial number"},
                NULL);
        expect_pick("0000:02:00.0 10de:26b1 030000 serial=none\n",
                &(Pick){"{ serial = '0000000000000033'; }", ABSENT,
                        "0000:02:00.0 (10de:26b1, no serial number)"},
                NULL);
        /* one whose number nobody asked for, since something else is wrong with it already */
        expect_pick("0000:02:00.0 10de:26b1 030000\n",
                &(Pick){"{ serial = '0000000000000033'; id = '10de:2330'; }", ABSENT,
                        "GPUs here: 0000:02:00.0 (10de:26b1)"},
                NULL);
}

/* With what would tell them apart. */
Test(near_miss, too_many)
{
        static const Pick picks[] = {
                {"{ id = '10de:26b1'; }", "gpu1:-!ambiguous",
                        "2 GPUs match where the entry wants 1: 0000:02:00.0 (10de:26b1, subsystem "
                        "1043:88a1, path 0000:00:02.0/00.0, slot \"2\", serial "
                        "00-00-00-00-00-00-00-22), 0000:04:00.0 (10de:26b1, subsystem 1458:4100)"},
                {"{ vendor = 'amd'; subsystem = '1da2:e445'; count = 2; }", ABSENT,
                        "1 GPU matches where the entry wants 2: 0000:03:00.0 (1002:744c, path "
                        "0000:00:03.0/00.0, serial number not read: only root may read it)"},
                {"{ vendor = 'nvidia'; subsystem = '1043:88a1'; count = 2; }", ABSENT,
                        "1 GPU matches where the entry wants 2: 0000:02:00.0 (10de:26b1, path "
                        "0000:00:02.0/00.0, slot \"2\", serial 00-00-00-00-00-00-00-22); what "
                        "matches but for the subsystem: 0000:04:00.0 (10de:26b1, subsystem "
                        "1458:4100)"},
                {"{ vendor = 'nvidia'; count = 3; }", ABSENT,
                        "0000:04:00.0 (10de:26b1, subsystem 1458:4100)"},
        };

        expect_picks(MACHINE "0000:04:00.0 10de:26b1 030000 group=4 subsystem=1458:4100\n", picks,
                ARRAY_SIZE(picks));
}

Test(near_miss, a_device_that_cannot_be_read)
{
        expect_pick("0000:01:00.0 0000:0000 000000 unreadable=class\n"
                    "0000:02:00.0 10de:26b1 030000\n",
                &(Pick){"{ address = '02:00'; path = '01:00.0'; }", ABSENT,
                        "0000:02:00.0 has path 0000:02:00.0, not 0000:01:00.0; path 0000:01:00.0 "
                        "leads to 0000:01:00.0, which could not be read: class"},
                NULL);
}

/* A bridge on the way that is not there, as of a machine that was read only in part. */
Test(near_miss, a_path_that_is_not_known)
{
        expect_pick("0000:02:00.0 10de:26b1 030000 group=2 parent=0000:00:0f.0\n",
                &(Pick){"{ address = '02:00'; path = '00:0f.0/00.0'; }", ABSENT,
                        "0000:02:00.0 has path unknown, not 0000:00:0f.0/00.0"},
                NULL);
}

/* The board's vendor, or its device, is enough to tell them apart. */
Test(near_miss, boards)
{
        static const struct {
                const char *other, *says;
        } rows[] = {
                {"1458:88a1", "0000:03:00.0 (10de:26b1, subsystem 1458:88a1)"},
                {"1043:88a2", "0000:03:00.0 (10de:26b1, subsystem 1043:88a2)"},
                {"1043:88a1", "0000:03:00.0 (10de:26b1)"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char machine[256];

                snprintf(machine, sizeof(machine),
                        "0000:02:00.0 10de:26b1 030000 group=2 subsystem=1043:88a1\n"
                        "0000:03:00.0 10de:26b1 030000 group=3 subsystem=%s\n",
                        rows[i].other);
                expect_pick(machine,
                        &(Pick){"{ id = '10de:26b1'; }", "gpu1:-!ambiguous", rows[i].says}, NULL);
        }
}

/* Names come from outside. */
Test(near_miss, names_are_quoted)
{
        expect_pick("0000:02:00.0 10de:26b1 030000\nslot \x1b[31m 0000:02:00\n",
                &(Pick){"{ slot = '\\x1b[32m'; }", ABSENT,
                        "there is no slot \"\\x1b[32m\"; slots here: \"\\x1b[31m\""},
                NULL);
}
