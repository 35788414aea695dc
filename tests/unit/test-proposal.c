/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/proposal.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "unit/no-memory.h"

#define HOST "0000:00:02.0 8086:4680 030000 group=90 boot_vga=1\n"
#define CARD                                                                                       \
        "0000:01:00.0 10de:26b1 030000 group=1\n"                                                  \
        "0000:01:00.1 10de:22ba 040300 group=1\n"

typedef struct Ask {
        const char *machine;
        const char *addresses[3];
        const char *proposals; /* as proposals_text() writes them, or what is wrong */
} Ask;

static void add_addresses(
        Text *text, const char *before, const Function *const *functions, size_t n)
{
        for (size_t i = 0; i < n; i++)
                text_add(text, "%s%s", i ? "," : before, PCI_ADDRESS(functions[i]->address) + 5);
}

/* "*intel-4680 00:02.0 boot; nvidia-26b1 01:00.0 +03:00.0 -04:00.0": asked with a star, members,
 * and who is never handed over. */
static const char *proposals_text(const Scene *scene, const Proposals *proposals)
{
        Text text = TEXT_IN(scene->arena);
        size_t n_asked = 0;

        for (size_t i = 0; i < proposals->n_items; i++) {
                const Proposal *p = &proposals->items[i];

                n_asked += p->asked;
                text_separate(&text, "; ");
                text_add(&text, "%s%s %s%s", p->asked ? "*" : "", p->name,
                        PCI_ADDRESS(p->claim->display->address) + 5,
                        p->boot_display ? " boot" : "");
                add_addresses(&text, " +", p->members, p->n_members);
                add_addresses(&text, " -", p->never, p->n_never);
        }
        cr_expect_eq(proposals->n_asked, n_asked);
        return text.string;
}

typedef struct Asking {
        const Ask *ask;
        const Host *host;
} Asking;

static int build(const Asking *asking, Arena *arena, Proposals *ret, const char **reterr_trouble)
{
        const Ask *ask = asking->ask;
        size_t n = 0;

        while (n < ARRAY_SIZE(ask->addresses) && ask->addresses[n])
                n++;
        return proposals_build(asking->host, ask->addresses, n, arena, ret, reterr_trouble);
}

static int build_without_memory(const void *context, Arena *arena)
{
        Proposals proposals = {0};
        const char *trouble = NULL;
        int r = build(context, arena, &proposals, &trouble);

        cr_expect(r == 0 || proposals.n_items == 0);
        return r;
}

static void expect(const Ask *ask)
{
        SCENE(scene, ask->machine, "");
        const Asking asking = {ask, scene.host};
        Proposals proposals = {0};
        const char *trouble = NULL, *found = NULL;
        int r = build(&asking, scene.arena, &proposals, &trouble);

        cr_assert(r == 0 || r == -EINVAL);
        cr_expect_eq(r < 0, trouble != NULL);
        found = r == 0 ? proposals_text(&scene, &proposals) : trouble;
        cr_expect_str_eq(found, ask->proposals, "%s: \"%s\", not \"%s\"", ask->machine, found,
                ask->proposals);
        if (r < 0)
                cr_expect_eq(proposals.n_items, 0);
        cr_expect_gt(no_memory(build_without_memory, &asking), 0);
}

#define NOT_HERE(text) text "; GPUs here: 0000:00:02.0 (8086:4680), 0000:01:00.0 (10de:26b1)"

Test(proposal, each)
{
        static const Ask asks[] = {
                {"", {NULL}, ""},
                {"0000:01:00.0 144d:a80a 010802 group=1\n", {NULL}, ""},
                {HOST CARD, {NULL}, "intel-4680 00:02.0 boot; nvidia-26b1 01:00.0"},
                /* any function of the slot names it, once or twice */
                {HOST CARD, {"0000:01:00.1"}, "intel-4680 00:02.0 boot; *nvidia-26b1 01:00.0"},
                {HOST CARD, {"01:00", "00:02", "01:00.0"},
                        "*intel-4680 00:02.0 boot; *nvidia-26b1 01:00.0"},
                /* a 3D controller shows nothing */
                {"0000:01:00.0 10de:2330 030200 framebuffer\n", {NULL}, "nvidia-2330 01:00.0"},
                {"0000:01:00.0 10de:2330 038000 framebuffer\n", {NULL}, "nvidia-2330 01:00.0 boot"},
                /* a slot with two displays is one GPU, and VFs are none */
                {"0000:00:02.0 8086:3e92 030000\n0000:00:02.1 8086:3e93 038000\n", {NULL},
                        "intel-3e92 00:02.0"},
                {"0000:01:00.0 10de:2330 030200 numvfs=2\n"
                 "vfs 0000:01:00.0 2 10de:2330 030200 group=10\n",
                        {NULL}, "nvidia-2330 01:00.0"},
                {"0000:07:00.0 10de:22a3 068000 group=7\n", {"07:00"}, "*nvswitch 07:00.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
                expect(&asks[i]);
}

Test(proposal, groups)
{
        static const Ask asks[] = {
                /* bridges stay, unless a driver has one that is no bridge to buses */
                {CARD "0000:00:01.0 8086:460d 060400 group=1 bridge\n"
                      "0000:00:1f.0 8086:7a84 060100 group=1\n"
                      "0000:03:00.0 8086:293e 040300 group=1\n",
                        {NULL}, "nvidia-26b1 01:00.0 +03:00.0"},
                {CARD "0000:00:1f.0 8086:7a84 060100 group=1 driver=lpc\n", {NULL},
                        "nvidia-26b1 01:00.0 -00:1f.0"},
                {CARD "0000:03:00.0 8086:10d3 020000 group=1\n"
                      "0000:04:00.0 144d:a80a 010802 group=1\n"
                      "0000:05:00.0 1912:0014 0c0330 group=1\n",
                        {NULL}, "nvidia-26b1 01:00.0 +05:00.0 -03:00.0,04:00.0"},
                /* the group of a companion counts */
                {"0000:01:00.0 10de:26b1 030000 group=1\n0000:01:00.1 10de:22ba 040300 group=2\n"
                 "0000:05:00.0 1912:0014 0c0330 group=2\n",
                        {NULL}, "nvidia-26b1 01:00.0 +05:00.0"},
                /* no group is no common group */
                {"0000:01:00.0 10de:26b1 030000\n0000:05:00.0 1912:0014 0c0330\n", {NULL},
                        "nvidia-26b1 01:00.0"},
                /* a twin goes along, or with its own entry */
                {CARD "0000:02:00.0 10de:26b1 030000 group=1\n", {"01:00"},
                        "*nvidia-26b1-1 01:00.0 +02:00.0; nvidia-26b1-2 02:00.0"},
                {CARD "0000:02:00.0 10de:26b1 030000 group=1\n", {"01:00", "02:00"},
                        "*nvidia-26b1-1 01:00.0; *nvidia-26b1-2 02:00.0"},
                {CARD "0000:02:00.0 10de:26b1 030000 group=1\n", {NULL},
                        "nvidia-26b1-1 01:00.0 +02:00.0; nvidia-26b1-2 02:00.0 +01:00.0,01:00.1"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
                expect(&asks[i]);
}

Test(proposal, wrong_addresses)
{
        static const Ask asks[] = {
                {HOST CARD, {"03:00"}, NOT_HERE("there is no device at 0000:03:00.0")},
                {HOST CARD, {"1:0.0"},
                        NOT_HERE("\"1:0.0\" is no PCI address: expected \"[dddd:]bb:dd[.f]\", "
                                 "hexadecimal")},
                {HOST CARD, {"\n# x"},
                        NOT_HERE("\"\\x0a# x\" is no PCI address: expected "
                                 "\"[dddd:]bb:dd[.f]\", hexadecimal")},
                /* every mistake, and nothing of what was right */
                {HOST CARD, {"03:00", "01:00", "04:00"},
                        NOT_HERE("there is no device at 0000:03:00.0; there is no device at "
                                 "0000:04:00.0")},
                {HOST CARD "0000:03:00.0 144d:a80a 010802 group=3\n", {"03:00.0"},
                        NOT_HERE("0000:03:00.0 (144d:a80a) is of class 0108, and its slot has no "
                                 "display controller")},
                {HOST CARD "0000:03:00.0 10de:26b1 030000 unreadable=class\n", {"03:00.0"},
                        NOT_HERE("0000:03:00.0 could not be read: class")},
                {HOST "0000:01:00.0 10de:26b1 030200 numvfs=1\n"
                      "vfs 0000:01:00.0 1 10de:26b8 030200 group=10\n",
                        {"01:00.1"},
                        NOT_HERE("0000:01:00.1 is a virtual function of an SR-IOV card")},
                {"", {"01:00"}, "there is no device at 0000:01:00.0; GPUs here: none"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
                expect(&asks[i]);
}

Test(proposal, names_are_unlike)
{
        static const struct {
                const char *of[3]; /* in pci.ids */
                const char *proposals;
        } names[] = {
                {{"[T4]", "[T4]", "[L4]"}, "t4-1 01:00.0; t4-2 02:00.0; l4 03:00.0"},
                {{"[T4]", "[T4]", "[T4-1]"}, "t4-2 01:00.0; t4-3 02:00.0; t4-1 03:00.0"},
                {{"[T4-2]", "[T4]", "[T4]"}, "t4-2 01:00.0; t4-1 02:00.0; t4-3 03:00.0"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                SCENE(scene,
                        "0000:01:00.0 10de:1eb8 030000\n0000:02:00.0 10de:1eb8 030000\n"
                        "0000:03:00.0 10de:27b8 030000\n",
                        "");
                Proposals proposals = {0};
                const char *trouble = NULL;

                for (size_t k = 0; k < 3; k++)
                        scene.host->functions[k].name = names[i].of[k];
                cr_assert_eq(
                        proposals_build(scene.host, NULL, 0, scene.arena, &proposals, &trouble), 0);
                cr_expect_str_eq(proposals_text(&scene, &proposals), names[i].proposals);
        }
}
