/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/test-release.h"

#define HOST  "0000:00:02.0 8086:4680 030000 group=90 driver=i915\n"
#define VFIO  " driver=vfio-pci vfio=vfio0\n"
#define A     "0000:01:00.0 10de:26b1 030000 group=1" VFIO
#define AUDIO "0000:01:00.1 10de:22ba 040300 group=1" VFIO
#define B     "0000:02:00.0 10de:26b1 030000 group=2" VFIO
#define DISK  "0000:05:00.0 144d:a80a 010802 group=5 driver=nvme\n"
#define TWO   "{ name = 'a'; address = '01:00'; }, { name = 'b'; address = '02:00'; }"

static const struct {
        const char *machine, *config, *names, *claims;
} meanings[] = {
        /* all of all entries */
        {HOST A AUDIO B, TWO, "", "a:0000:01:00.0{0,1} b:0000:02:00.0{0}"},
        {HOST A B, "{ name = 'pool'; id = '10de:26b1'; count = 'all'; }", "",
                "pool:0000:01:00.0{0} pool:0000:02:00.0{0}"},
        {HOST A B, "{ name = 'b'; address = '02:00'; }", "", "b:0000:02:00.0{0}"},
        {HOST A, "{ name = 'gone'; address = '03:00'; }", "", ""},
        /* by entry, and by address: of the card or of any function */
        {HOST A AUDIO B, TWO, "b", "b:0000:02:00.0{0}"},
        {HOST A AUDIO B, TWO, "b a", "b:0000:02:00.0{0} a:0000:01:00.0{0,1}"},
        {HOST A AUDIO B, TWO, "01:00", "a:0000:01:00.0{0,1}"},
        {HOST A AUDIO B, TWO, "0000:01:00.1", "a:0000:01:00.0{0,1}"},
        {HOST A B, "{ name = 'pool'; id = '10de:26b1'; count = 'all'; }", "02:00.0",
                "pool:0000:02:00.0{0}"},
        /* each once */
        {HOST A AUDIO B, TWO, "a 01:00 a", "a:0000:01:00.0{0,1}"},
        {HOST A, "{ name = 'a'; address = '01:00'; }, { name = 'b'; id = '10de:26b1'; }", "",
                "a:0000:01:00.0{0}"},
        /* no entry lists it any more */
        {HOST A AUDIO, "", "01:00", "0000:01:00.0:0000:01:00.0{0,1}"},
        {HOST A "0000:01:00.1 144d:a80a 010802 group=5 driver=nvme\n", "", "01:00",
                "0000:01:00.0:0000:01:00.0{0}"},
        {HOST "0000:0b:00.0 10de:22a3 068000 group=7" VFIO, "", "0b:00",
                "0000:0b:00.0:0000:0b:00.0{0}"},
        /* the host's own, which nobody has handed over; what may be on hold, is so in part,
           or was given back already */
        {HOST A, "", "00:02", "0000:00:02.0:0000:00:02.0{0}!driver-busy"},
        {HOST A, "", "00:02 00:02", "0000:00:02.0:0000:00:02.0{0}!driver-busy"},
        {HOST "0000:01:00.0 10de:26b1 030000 group=1\n", "", "01:00",
                "0000:01:00.0:0000:01:00.0{0}"},
        {HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau\n" AUDIO, "", "01:00",
                "0000:01:00.0:0000:01:00.0{0,1}"},
        {HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau released\n", "", "01:00",
                "0000:01:00.0:0000:01:00.0{0}"},
        {HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau stuck=worker\n", "", "01:00",
                "0000:01:00.0:0000:01:00.0{0}"},
        /* on VFIO, whoever put it there, but for VFs */
        {HOST A "0000:01:00.2 1912:0014 0c0330 group=8" VFIO,
                "{ name = 'a'; address = '01:00'; functions = [ 0 ]; }", "a",
                "a:0000:01:00.0{0,2}"},
        {HOST A "0000:01:00.2 1912:0014 0c0330 group=8 driver=xhci_hcd\n",
                "{ name = 'a'; address = '01:00'; functions = [ 0 ]; }", "a", "a:0000:01:00.0{0}"},
        {HOST A "vfs 0000:01:00.0 1 10de:26b8 030200 group=100" VFIO, TWO, "01:00",
                "a:0000:01:00.0{0}"},
        /* what is refused, skipped or has gone already is asked for all the same */
        {HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau\n", TWO, "a",
                "a:0000:01:00.0{0}"},
        {HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau released\n", TWO, "a",
                "a:0000:01:00.0{0}"},
        {HOST "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau\n"
              "0000:01:00.1 10de:22ba 040300 group=1 driver=snd_hda_intel\n",
                "", "01:00", "0000:01:00.0:0000:01:00.0{0,1}!driver-busy"},
        /* virtual functions are no part of it, and none is given back by itself */
        {HOST A "vfs 0000:01:00.0 1 10de:26b8 030200 group=100" VFIO, "", "01:00",
                "0000:01:00.0:0000:01:00.0{0}"},
        {HOST A "0000:02:00.0 10de:26b8 030200 group=100 vf=0000:01:00.0" VFIO, "", "02:00",
                "0000:02:00.0:-!virtual-function"},
        /* what there is none of */
        {HOST A, TWO, "a b", "a:0000:01:00.0{0} b:-!absent"},
        {HOST A DISK "0000:05:00.1 144d:a80b 010802 group=5\n", TWO, "05:00",
                "0000:05:00.0:-!not-a-gpu"},
        {HOST A "0000:05:00.0 0000:0000 000000 unreadable=class\n", TWO, "05:00",
                "0000:05:00.0:-!unreadable"},
        {HOST A, TWO, "b", "b:-!absent"},
        {HOST A, TWO, "05:00", "0000:05:00.0:-!absent"},
        {HOST A DISK, TWO, "05:00", "0000:05:00.0:-!not-a-gpu"},
        {HOST A B, "{ name = 'one'; id = '10de:26b1'; }", "one", "one:-!ambiguous"},
};

Test(release_target, what_names_mean)
{
        for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
                SCENE(scene, meanings[i].machine, meanings[i].config);
                const char *unknown = NULL;
                Claims claims = {0};

                cr_assert_eq(select_targets(&scene, meanings[i].names, &claims, &unknown), 0,
                        "%zu: %s", i, unknown);
                cr_expect_str_eq(scene_claims_text(&scene, &claims), meanings[i].claims, "%zu: %s",
                        i, scene_claims_text(&scene, &claims));
                for (size_t k = 0; k < claims.n_items; k++)
                        cr_expect(claims.items[k].released);
        }
}

/* One more than there is room for at once: eight in one claim, and a stray. */
Test(release_target, many_members)
{
        SCENE(scene,
                HOST A "0000:01:00.2 1912:0014 0c0330 group=8" VFIO
                       "0000:03:00.0 8086:293e 040300 group=1" VFIO
                       "0000:03:00.1 8086:293e 040300 group=1" VFIO
                       "0000:03:00.2 8086:293e 040300 group=1" VFIO
                       "0000:03:00.3 8086:293e 040300 group=1" VFIO
                       "0000:03:00.4 8086:293e 040300 group=1" VFIO
                       "0000:03:00.5 8086:293e 040300 group=1" VFIO
                       "0000:03:00.6 8086:293e 040300 group=1" VFIO,
                "{ name = 'a'; address = '01:00'; functions = [ 0 ]; "
                "allow_group_members = [ '03:00' ]; }");
        const char *unknown = NULL;
        Claims claims = {0};

        cr_assert_eq(select_targets(&scene, "a", &claims, &unknown), 0);
        cr_expect_str_eq(scene_claims_text(&scene, &claims), "a:0000:01:00.0{0,0,1,2,3,4,5,6,2}",
                "%s", scene_claims_text(&scene, &claims));
}

/* What stands there in place of a card, in words. */
Test(release_target, what_is_there)
{
        static const struct {
                const char *line, *sentence;
        } rows[] = {
                {"", "there is no device at 0000:05:00.0"},
                {DISK, "0000:05:00.0 (144d:a80a) is of class 0108, and its slot has no display "
                       "controller"},
                {"0000:05:00.0 0000:0000 000000 unreadable=class\n",
                        "0000:05:00.0 could not be read: class"},
                {"0000:05:00.0 10de:26b8 030200 group=100 vf=0000:01:00.0\n",
                        "0000:05:00.0 is a virtual function of an SR-IOV card"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(scene_done) Scene scene = {0};
                char machine[512];
                const char *unknown = NULL;
                Claims claims = {0};

                snprintf(machine, sizeof(machine), "%s%s", HOST A, rows[i].line);
                scene_set(&scene, machine, TWO, NULL);
                cr_assert_eq(select_targets(&scene, "05:00", &claims, &unknown), 0);
                cr_assert_eq(claims.n_items, 1);
                cr_expect_str_eq(claims.items[0].findings[claim_reason(&claims.items[0])].cause,
                        rows[i].sentence, "%zu", i);
        }
}

Test(release_target, a_word_of_the_kernel_does_not_matter)
{
        _cleanup_(scene_done) Scene scene = {0};
        const char *unknown = NULL;
        Claims claims = {0};

        scene_set(&scene, HOST A, TWO, "vfio_gpu=0 vfio_gpu.skip=a");
        cr_assert_eq(select_targets(&scene, "a", &claims, &unknown), 0);
        cr_expect_str_eq(scene_claims_text(&scene, &claims), "a:0000:01:00.0{0}");
}

Test(release_target, unknown_names)
{
        static const struct {
                const char *config, *name, *sentence;
        } trials[] = {
                {TWO, "c", "\"c\" is neither an entry nor an address; the entries are: a, b"},
                {"", "c", "\"c\" is neither an entry nor an address; the entries are: none"},
                {TWO, "01:00.9",
                        "\"01:00.9\" is neither an entry nor an address; the entries are: a, b"},
                {TWO, "A", "\"A\" is neither an entry nor an address; the entries are: a, b"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                SCENE(scene, HOST A, trials[i].config);
                const char *unknown = NULL;
                Claims claims = {0};

                cr_assert_eq(select_targets(&scene, trials[i].name, &claims, &unknown), -ENOENT);
                cr_expect_str_eq(unknown, trials[i].sentence);
                cr_expect_eq(claims.n_items, 0);
        }
}
