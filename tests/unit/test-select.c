/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-select.h"

#define CARD_A  "0000:01:00.0 10de:26b1 030000 group=1 subsystem=1043:88a1\n"
#define AUDIO_A "0000:01:00.1 10de:22ba 040300 group=1\n"
#define CARD_B  "0000:02:00.0 10de:26b1 030000 group=2 subsystem=1458:4100\n"
#define AUDIO_B "0000:02:00.1 10de:22ba 040300 group=2\n"
#define RADEON  "0000:03:00.0 1002:744c 030000 group=3 subsystem=1002:0e3b\n"
#define ARC     "0000:04:00.0 8086:56a0 030000 group=4\n"
#define DISK    "0000:05:00.0 144d:a80a 010802 group=5\n"
#define ALL     CARD_A AUDIO_A CARD_B AUDIO_B RADEON ARC DISK

#define PF  "0000:01:00.0 10de:2330 030200 group=1 numvfs=9\n"
#define VFS "vfs 0000:01:00.0 9 10de:2331 030200 group=10\n"

Test(select, each_selector_and_all_together)
{
        static const Pick picks[] = {
                {"{ address = '0000:01:00.0'; }", "gpu1:0000:01:00.0{0,1}", NULL},
                {"{ address = '01:00'; }", "gpu1:0000:01:00.0{0,1}", NULL},
                {"{ address = '0000:01:00.1'; }", "gpu1:0000:01:00.0{0,1}", NULL},
                {"{ id = '1002:744c'; }", "gpu1:0000:03:00.0{0}", NULL},
                {"{ subsystem = '1458:4100'; }", "gpu1:0000:02:00.0{0,1}", NULL},
                {"{ vendor = 'intel'; }", "gpu1:0000:04:00.0{0}", NULL},
                {"{ vendor = '1002'; }", "gpu1:0000:03:00.0{0}", NULL},
                {"{ id = '10de:26b1'; subsystem = '1043:88a1'; }", "gpu1:0000:01:00.0{0,1}", NULL},
                {"{ address = '02:00.0'; id = '10de:26b1'; subsystem = '1458:4100';"
                 "  vendor = 'nvidia'; }",
                        "gpu1:0000:02:00.0{0,1}", NULL},
                {"{ name = 'a'; vendor = 'amd'; }, { vendor = 'intel'; }",
                        "a:0000:03:00.0{0} gpu2:0000:04:00.0{0}", NULL},
                {"", "", NULL},
        };

        expect_picks(ALL, picks, ARRAY_SIZE(picks));
}

Test(select, all_selectors_must_match)
{
        static const Pick picks[] = {
                {"{ address = '01:00.0'; id = '1002:744c'; }", "gpu1:-!absent",
                        "0000:01:00.0 is 10de:26b1, not 1002:744c; what matches but for the "
                        "address: 0000:03:00.0 (1002:744c)"},
                {"{ address = '01:00.0'; id = '10de:26b1'; vendor = 'amd'; }", "gpu1:-!absent",
                        "0000:01:00.0 is 10de:26b1, not of vendor 1002"},
                {"{ address = '01:00.0'; subsystem = '1458:4100'; }", "gpu1:-!absent",
                        "0000:01:00.0 is of subsystem 1043:88a1, not 1458:4100; what matches but "
                        "for the address: 0000:02:00.0 (10de:26b1)"},
                {"{ id = '10de:26b1'; subsystem = 'ffff:ffff'; }", "gpu1:-!absent",
                        "no GPU here has id 10de:26b1, subsystem ffff:ffff; GPUs here: "
                        "0000:01:00.0 (10de:26b1, subsystem 1043:88a1), "
                        "0000:02:00.0 (10de:26b1, subsystem 1458:4100), "
                        "0000:03:00.0 (1002:744c, subsystem 1002:0e3b), "
                        "0000:04:00.0 (8086:56a0, subsystem 0000:0000)"},
                {"{ id = '1234:5678'; }", "gpu1:-!absent",
                        "no GPU here has id 1234:5678; GPUs here: 0000:01:00.0 (10de:26b1), "
                        "0000:02:00.0 (10de:26b1), 0000:03:00.0 (1002:744c), "
                        "0000:04:00.0 (8086:56a0)"},
                {"{ address = '09:00.0'; }", "gpu1:-!absent", "no device at 0000:09:00.0"},
                {"{ address = '0001:01:00.0'; }", "gpu1:-!absent", "no device at 0001:01:00.0"},
                {"{ address = '09:00.0'; id = '8086:56a0'; }", "gpu1:-!absent",
                        "no device at 0000:09:00.0; what matches but for the address: "
                        "0000:04:00.0 (8086:56a0)"},
                {"{ vendor = '1a03'; }", "gpu1:-!absent", "no GPU here has vendor 1a03"},
        };

        expect_picks(ALL, picks, ARRAY_SIZE(picks));
        expect_pick("", &(Pick){"{ vendor = 'amd'; }", "gpu1:-!absent", "GPUs here: none"}, NULL);
}

Test(select, counts_and_never_takes_the_first)
{
        static const Pick picks[] = {
                {"{ id = '10de:26b1'; }", "gpu1:-!ambiguous",
                        "2 GPUs match where the entry wants 1: 0000:01:00.0 (10de:26b1, subsystem "
                        "1043:88a1), 0000:02:00.0 (10de:26b1, subsystem 1458:4100)"},
                {"{ id = '10de:26b1'; count = 2; }",
                        "gpu1:0000:01:00.0{0,1} gpu1:0000:02:00.0{0,1}", NULL},
                {"{ id = '10de:26b1'; count = 'all'; }",
                        "gpu1:0000:01:00.0{0,1} gpu1:0000:02:00.0{0,1}", NULL},
                {"{ id = '10de:26b1'; count = 3; }", "gpu1:-!absent",
                        "2 GPUs match where the entry wants 3: 0000:01:00.0"},
                {"{ vendor = 'amd'; count = 2; }", "gpu1:-!absent",
                        "1 GPU matches where the entry wants 2: 0000:03:00.0 (1002:744c)"},
                {"{ vendor = 'amd'; count = 'all'; }", "gpu1:0000:03:00.0{0}", NULL},
                {"{ id = '10de:1111'; count = 'all'; }", "gpu1:-!absent", NULL},
                {"{ id = '10de:1111'; count = 2; optional = true; }", "gpu1:-!absent", NULL},
        };

        expect_picks(ALL, picks, ARRAY_SIZE(picks));
}

Test(select, what_is_no_gpu)
{
        static const Pick picks[] = {
                {"{ address = '05:00.0'; }", "gpu1:-!not-a-gpu",
                        "0000:05:00.0 (144d:a80a) is of class 0108"},
                {"{ id = '144d:a80a'; }", "gpu1:-!not-a-gpu", "0000:05:00.0 (144d:a80a)"},
                {"{ address = '05:00.0'; id = '10de:26b1'; }", "gpu1:-!absent",
                        "0000:05:00.0 is 144d:a80a, not 10de:26b1; what matches but for the "
                        "address: 0000:01:00.0 (10de:26b1), 0000:02:00.0 (10de:26b1)"},
                {"{ id = '10de:22ba'; count = 2; }", "gpu1:-!absent",
                        "10de:22ba is 0000:01:00.1, a companion of the GPU 0000:01:00.0 "
                        "(10de:26b1)"},
                {"{ address = '02:00.1'; id = '10de:22ba'; }", "gpu1:-!absent",
                        "0000:02:00.0 is 10de:26b1, not 10de:22ba"},
        };

        expect_picks(ALL, picks, ARRAY_SIZE(picks));
}

Test(select, virtual_functions)
{
        static const Pick picks[] = {
                /* 01:00.1 lies in the slot of the PF, 01:01.1 in one of its own */
                {"{ address = '01:00.1'; }", "gpu1:-!virtual-function",
                        "0000:01:00.1 is a virtual function"},
                {"{ address = '01:01.1'; }", "gpu1:-!virtual-function", "0000:01:01.1"},
                {"{ address = '01:01'; }", "gpu1:-!virtual-function", "0000:01:01.0"},
                {"{ id = '10de:2331'; }", "gpu1:-!virtual-function", "0000:01:00.1"},
                {"{ id = '10de:2331'; count = 'all'; }", "gpu1:-!virtual-function", NULL},
                {"{ address = '01:00.1'; id = '10de:2330'; }", "gpu1:-!absent", NULL},
                /* the PF alone */
                {"{ address = '01:00.0'; }", "gpu1:0000:01:00.0{0}", NULL},
                {"{ address = '01:00'; }", "gpu1:0000:01:00.0{0}", NULL},
                {"{ vendor = 'nvidia'; count = 'all'; }", "gpu1:0000:01:00.0{0}", NULL},
                /* `functions` means exactly these */
                {"{ address = '01:00'; functions = [ 0, 1 ]; }",
                        "gpu1:0000:01:00.0{0}!virtual-function",
                        "0000:01:00.1, listed in `functions`, is a virtual function"},
                {"{ address = '01:00'; functions = [ 1 ]; }", "gpu1:0000:01:00.0!virtual-function",
                        "0000:01:00.1, listed in `functions`, is a virtual function"},
        };

        expect_picks(PF VFS, picks, ARRAY_SIZE(picks));
}

Test(select, companions_by_vendor_or_group)
{
        static const struct {
                const char *machine, *claims;
        } cards[] = {
                {CARD_A AUDIO_A "0000:01:00.2 10de:1ad6 0c0330 group=1\n"
                                "0000:01:00.3 10de:1ad7 0c8000 group=1\n",
                        "gpu1:0000:01:00.0{0,1,2,3}"},
                /* the vendor is enough, and so is the group */
                {CARD_A "0000:01:00.1 10de:22ba 040300 group=8\n", "gpu1:0000:01:00.0{0,1}"},
                {CARD_A "0000:01:00.1 1022:22ba 040300 group=1\n", "gpu1:0000:01:00.0{0,1}"},
                {CARD_A "0000:01:00.1 1022:22ba 040300 group=8\n", "gpu1:0000:01:00.0{0}"},
                /* no group is no common group */
                {"0000:01:00.0 10de:26b1 030000\n0000:01:00.1 1022:22ba 040300\n",
                        "gpu1:0000:01:00.0{0}"},
                /* other classes are nobody's companions, whoever made them */
                {CARD_A "0000:01:00.1 10de:1234 010802 group=1\n", "gpu1:0000:01:00.0{0}"},
                {CARD_A "0000:01:00.1 10de:1234 020000 group=1\n", "gpu1:0000:01:00.0{0}"},
                {CARD_A "0000:01:00.1 10de:1234 060400 group=1 bridge\n", "gpu1:0000:01:00.0{0}"},
                {CARD_A "0000:01:00.1 10de:1234 108000 group=1\n", "gpu1:0000:01:00.0{0}"},
                /* two display functions are one GPU, whichever of them comes first */
                {"0000:01:00.0 10de:26b1 038000 group=1\n0000:01:00.1 10de:26b2 030000 group=1\n",
                        "gpu1:0000:01:00.0{0,1}"},
                {"0000:01:00.0 10de:22ba 040300 group=1\n0000:01:00.1 10de:26b1 030200 group=1\n",
                        "gpu1:0000:01:00.1{0,1}"},
                /* a function that could not be read is taken along, for the rules to see */
                {CARD_A "0000:01:00.1 0000:0000 000000 unreadable=class\n",
                        "gpu1:0000:01:00.0{0,1}"},
                /* the slot of an APU: USB and the security processor are the host's own */
                {"0000:01:00.0 10de:1638 030000 group=4\n"
                 "0000:01:00.1 10de:1637 040300 group=5\n"
                 "0000:01:00.2 1022:15df 108000 group=6\n"
                 "0000:01:00.3 1022:1639 0c0330 group=7\n"
                 "0000:01:00.4 1022:1639 0c0330 group=8\n"
                 "0000:01:00.6 1022:15e3 040300 group=9\n",
                        "gpu1:0000:01:00.0{0,1}"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cards); i++)
                expect_pick(cards[i].machine,
                        &(Pick){"{ vendor = 'nvidia'; }", cards[i].claims, NULL}, NULL);
}

Test(select, listed_functions)
{
        static const Pick picks[] = {
                {"{ address = '01:00'; functions = [ 0 ]; }", "gpu1:0000:01:00.0{0}", NULL},
                {"{ address = '01:00'; functions = [ 0, 2 ]; }", "gpu1:0000:01:00.0{0,2}", NULL},
                {"{ address = '01:00'; functions = [ 1 ]; }", "gpu1:0000:01:00.0{1}", NULL},
                {"{ address = '01:00'; functions = 'all'; }", "gpu1:0000:01:00.0{0,1}", NULL},
                {"{ address = '01:00'; functions = [ 0, 5 ]; }", "gpu1:0000:01:00.0{0}!absent",
                        "0000:01:00.5, listed in `functions`, does not exist"},
        };

        expect_picks(
                CARD_A AUDIO_A "0000:01:00.2 1022:1234 010802 group=1\n", picks, ARRAY_SIZE(picks));
}

Test(select, unreadable)
{
        static const char machine[] = "0000:01:00.0 0000:0000 000000 unreadable=class\n" AUDIO_A
                                      "0000:02:00.0 10de:26b1 030000 group=2\n";
        static const Pick picks[] = {
                {"{ address = '01:00.0'; }", "gpu1:-!unreadable",
                        "0000:01:00.0 could not be read: class"},
                {"{ address = '01:00.0'; id = '10de:26b1'; }", "gpu1:-!unreadable", NULL},
                {"{ address = '01:00.1'; }", "gpu1:-!unreadable",
                        "0000:01:00.1 could not be read: a function of its slot"},
                /* a card that says nothing matches nothing */
                {"{ id = '10de:26b1'; }", "gpu1:0000:02:00.0{0}", NULL},
                {"{ id = '0000:0000'; }", "gpu1:-!absent", NULL},
        };

        expect_picks(machine, picks, ARRAY_SIZE(picks));
}

Test(select, conflicts)
{
        static const Pick picks[] = {
                {"{ name = 'a'; address = '01:00'; }, { name = 'b'; subsystem = '1043:88a1'; }",
                        "a:0000:01:00.0{0,1}!conflict b:0000:01:00.0{0,1}!conflict",
                        "0000:01:00.0 is picked by entry b (line 1) as well as by a (line 1)"},
                {"{ name = 'a'; address = '03:00'; }, { name = 'b'; vendor = 'amd'; },"
                 "{ name = 'c'; id = '1002:744c'; count = 'all'; }",
                        "a:0000:03:00.0{0}!conflict b:0000:03:00.0{0}!conflict "
                        "c:0000:03:00.0{0}!conflict",
                        NULL},
                /* of three cards the one that two entries want */
                {"{ name = 'a'; id = '10de:26b1'; count = 'all'; }, { name = 'b'; address = "
                 "'02:00'; }",
                        "a:0000:01:00.0{0,1} a:0000:02:00.0{0,1}!conflict "
                        "b:0000:02:00.0{0,1}!conflict",
                        NULL},
                /* different functions of one card */
                {"{ name = 'a'; address = '01:00'; functions = [ 0 ]; },"
                 "{ name = 'b'; address = '01:00'; functions = [ 1 ]; }",
                        "a:0000:01:00.0{0}!conflict b:0000:01:00.0{1}!conflict", NULL},
        };

        expect_picks(ALL, picks, ARRAY_SIZE(picks));
}

Test(select, skip_words)
{
        static const struct {
                const char *cmdline, *claims;
        } words[] = {
                {"quiet", "a:0000:03:00.0{0}!conflict b:0000:03:00.0{0}!conflict"},
                {"vfio_gpu.skip=a", "a:0000:03:00.0{0}!skipped b:0000:03:00.0{0}!conflict"},
                {"vfio_gpu.skip=a,b", "a:0000:03:00.0{0}!skipped b:0000:03:00.0{0}!skipped"},
                {"vfio_gpu.skip=b vfio_gpu.skip=x",
                        "a:0000:03:00.0{0}!conflict b:0000:03:00.0{0}!skipped"},
                {"vfio_gpu.skip=aa", "a:0000:03:00.0{0}!conflict b:0000:03:00.0{0}!conflict"},
        };
        const Pick pick = {.config = "{ name = 'a'; vendor = 'amd'; },"
                                     "{ name = 'b'; address = '03:00.0'; }"};

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                expect_pick(ALL, &(Pick){pick.config, words[i].claims, NULL}, words[i].cmdline);
}

/* What a skipped entry picks is nobody else's, however many there are; `a` is skipped. */
Test(select, what_is_skipped_stays_with_the_host)
{
        static const Pick picks[] = {
                {"{ name = 'b'; address = '03:00'; }, { name = 'a'; vendor = 'amd'; }",
                        "b:0000:03:00.0{0}!conflict a:0000:03:00.0{0}!skipped",
                        "0000:03:00.0 is picked by entry a (line 1) too, which vfio_gpu.skip= "
                        "leaves alone"},
                /* an entry that would not have picked keeps nothing from others */
                {"{ name = 'a'; id = '10de:26b1'; }, { name = 'b'; address = '02:00'; }",
                        "a:-!skipped b:0000:02:00.0{0,1}", NULL},
                {"{ name = 'a'; id = '10de:26b1'; count = 3; }, { name = 'b'; address = '02:00'; }",
                        "a:-!skipped b:0000:02:00.0{0,1}", NULL},
                /* one item a GPU */
                {"{ name = 'a'; id = '10de:26b1'; count = 2; }, { name = 'b'; address = '02:00'; }",
                        "a:0000:01:00.0{0,1}!skipped a:0000:02:00.0{0,1}!skipped "
                        "b:0000:02:00.0{0,1}!conflict",
                        NULL},
                {"{ name = 'a'; vendor = '1111'; count = 'all'; }", "a:-!skipped", NULL},
                {"{ name = 'a'; address = '02:00'; }, { name = 'b'; id = '10de:26b1'; count = "
                 "'all'; }",
                        "a:0000:02:00.0{0,1}!skipped b:0000:01:00.0{0,1} "
                        "b:0000:02:00.0{0,1}!conflict",
                        NULL},
                /* other functions of the same card are no way around it */
                {"{ name = 'a'; address = '01:00'; functions = [ 0 ]; },"
                 "{ name = 'b'; address = '01:00'; functions = [ 1 ]; }",
                        "a:0000:01:00.0{0}!skipped b:0000:01:00.0{1}!conflict", NULL},
                {"{ name = 'a'; vendor = '1111'; }, { name = 'b'; address = '03:00'; }",
                        "a:-!skipped b:0000:03:00.0{0}", NULL},
                {"{ name = 'a'; address = '05:00'; }", "a:-!skipped", NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(picks); i++)
                expect_pick(ALL, &picks[i], "vfio_gpu.skip=a");
}

/* Its serial number is that of the entry, and yet it is not what the address says. */
Test(select, a_virtual_function_of_the_very_card)
{
        expect_pick("0000:02:00.0 10de:26b1 030200 group=2 numvfs=1 serial=0000000000000022\n"
                    "0000:02:00.4 10de:26b8 030200 group=3 vf=0000:02:00.0\n",
                &(Pick){"{ serial = '0000000000000022'; address = '02:00.4'; }",
                        "gpu1:-!virtual-function",
                        "0000:02:00.4 is a virtual function of an SR-IOV card"},
                NULL);
}
