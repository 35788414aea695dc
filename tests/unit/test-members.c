/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/members.h"

#include <criterion/criterion.h>
#include <string.h>

#include "unit/no-memory.h"

#define CARD  "0000:01:00.0 10de:26b1 030200 group=1\n"
#define OTHER "0000:02:00.0 10de:26b2 030200 group=1\n"
#define SOUND "0000:03:00.0 8086:293e 040300 group=1\n"
#define NIC   "0000:04:00.0 8086:10d3 020000 group=1\n"
#define DISK  "0000:05:00.0 144d:a80a 010802 group=1\n"
#define HOST  "0000:00:02.0 8086:4680 030000 group=9\n"

#define ALLOW(name, address, members)                                                              \
        "{ name = '" name "'; address = '" address "'; allow_group_members = [ " members " ]; }"
#define A(members) ALLOW("a", "01:00", members)
#define B(members) ALLOW("b", "02:00", members)

/* The claims, their functions whole, " !word" for the reason. */
static const char *claims_text(const Scene *scene)
{
        Text text = TEXT_IN(scene->arena);

        for (size_t i = 0; i < scene->plan->claims.n_items; i++) {
                const Claim *claim = &scene->plan->claims.items[i];

                text_separate(&text, "; ");
                text_add(&text, "%s", claim->entry->name);
                for (size_t k = 0; k < claim->n_functions; k++)
                        text_add(&text, " %s", PCI_ADDRESS(claim->functions[k]->address) + 5);
                if (claim->skipped)
                        text_add(&text, " !skipped");
                if (claim_reason(claim) != REASON_NONE)
                        text_add(&text, " !%s", reason_word(claim_reason(claim)));
        }
        return text.string;
}

typedef struct Trial {
        const char *machine, *config, *claims;
        const char *says;  /* in the message of the first claim, or NULL */
        const char *warns; /* in the warning, NULL: there is none */
} Trial;

static void expect_warning(const Trial *trial, const Plan *plan)
{
        cr_expect_eq(plan->n_warnings, trial->warns ? 1 : 0, "%s%s: %s", trial->machine,
                trial->config, plan->n_warnings ? plan->warnings[0] : "no warning");
        if (trial->warns && plan->n_warnings > 0)
                cr_expect(strstr(plan->warnings[0], trial->warns), "\"%s\" lacks \"%s\"",
                        plan->warnings[0], trial->warns);
}

static void expect_trials(const Trial *trials, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                SCENE(scene, trials[i].machine, trials[i].config);
                const Plan *plan = scene_plan(&scene);
                Verdict verdict = verify_expected(&plan->claims.items[0], scene.arena);

                cr_expect_str_eq(claims_text(&scene), trials[i].claims, "%s%s: %s",
                        trials[i].machine, trials[i].config, claims_text(&scene));
                if (trials[i].says)
                        cr_expect(strstr(verdict.message, trials[i].says), "\"%s\" lacks \"%s\"",
                                verdict.message, trials[i].says);
                expect_warning(&trials[i], plan);
                cr_expect_gt(no_memory_plan(&scene), 0);
        }
}

Test(members, are_part_of_the_claim)
{
        static const Trial trials[] = {
                {CARD SOUND HOST, A("'03:00.0'"), "a 01:00.0 03:00.0",
                        "IOMMU group 1, with 0000:03:00.0", NULL},
                {CARD SOUND HOST, A("'03:00'"), "a 01:00.0 03:00.0", NULL, NULL},
                {CARD SOUND HOST, A(""), "a 01:00.0 !shared-group",
                        "with `allow_group_members = [ \"0000:03:00.0\" ];`, or move the card",
                        NULL},
                {CARD OTHER SOUND HOST, A("'03:00'"), "a 01:00.0 03:00.0 !shared-group",
                        "also holds 0000:02:00.0 (10de:26b2, class 0302, no driver); take it along "
                        "with `allow_group_members = [ \"0000:02:00.0\" ];`",
                        NULL},
                /* a display as a member; a function of the card itself */
                {CARD OTHER HOST, A("'02:00.0'"), "a 01:00.0 02:00.0", NULL, NULL},
                {CARD "0000:01:00.3 10de:1234 108000 group=1\n" HOST, A("'01:00.3'"),
                        "a 01:00.0 01:00.3", NULL, NULL},
                /* in the group of a companion */
                {CARD "0000:01:00.1 10de:22ba 040300 group=2\n"
                      "0000:06:00.0 8086:293e 040300 group=2\n" HOST,
                        A("'06:00'"), "a 01:00.0 01:00.1 06:00.0", NULL, NULL},
                /* of each card of an entry its own */
                {CARD SOUND "0000:02:00.0 10de:26b1 030200 group=2\n"
                            "0000:06:00.0 8086:293e 040300 group=2\n" HOST,
                        "{ name = 'a'; id = '10de:26b1'; count = 2; allow_group_members = "
                        "[ '03:00', '06:00' ]; }",
                        "a 01:00.0 03:00.0; a 02:00.0 06:00.0", NULL, NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(members, what_is_never_taken)
{
        static const Trial trials[] = {
                {CARD NIC HOST, A("'04:00.0'"), "a 01:00.0 !shared-group",
                        "class 0200, no driver): storage and network controllers are never handed "
                        "over; move the card to a slot",
                        "entry a lists 0000:04:00.0 in `allow_group_members` in vain: storage and"},
                {CARD DISK HOST, A("'05:00'"), "a 01:00.0 !shared-group",
                        "storage and network controllers are never handed over",
                        "entry a lists 0000:05:00 in `allow_group_members` in vain"},
                /* one that may is no help beside one that may not */
                {CARD DISK SOUND HOST, A(""), "a 01:00.0 !shared-group",
                        "0000:03:00.0 (8086:293e, class 0403, no driver), 0000:05:00.0 (144d:a80a, "
                        "class 0108, no driver): storage and network controllers",
                        NULL},
                {CARD "0000:06:00.0 8086:5acc 080501 group=1 driver=sdhci-pci\n" HOST, A("'06:00'"),
                        "a 01:00.0 !shared-group", "storage and network controllers",
                        "in vain: storage and"},
                {CARD "0000:06:00.0 8086:460d 060400 group=1 bridge driver=pcieport\n" HOST,
                        A("'06:00.0'"), "a 01:00.0", NULL, "a bridge is never handed over"},
                {CARD "0000:00:1f.0 8086:7a84 060100 group=1 driver=lpc_ich\n" HOST, A("'00:1f.0'"),
                        "a 01:00.0 !shared-group", "a bridge is never handed over",
                        "a bridge is never handed over"},
                {CARD "0000:06:00.0 0000:0000 000000 group=1 unreadable=class\n" HOST,
                        A("'06:00.0'"), "a 01:00.0 !unreadable", NULL, "cannot be read"},
                {CARD "0000:06:00.0 10de:26b2 030200 group=1 silent=ones\n" HOST, A("'06:00.0'"),
                        "a 01:00.0 !unreadable", NULL, "cannot be read"},
                /* an NVSwitch has a bridge's class and is none */
                {CARD "0000:06:00.0 10de:22a3 068000 group=1\n" HOST, A("'06:00.0'"),
                        "a 01:00.0 06:00.0", NULL, NULL},
                {CARD SOUND NIC HOST, A("'03:00', '07:00.0'"), "a 01:00.0 03:00.0 !shared-group",
                        NULL, "lists 0000:07:00.0 in `allow_group_members` in vain: there is no"},
                {CARD "0000:06:00.0 8086:293e 040300 group=6\n" HOST, A("'06:00.0'"), "a 01:00.0",
                        NULL, "in vain: it is in no IOMMU group of the entry's GPUs"},
                {CARD "0000:06:00.0 8086:293e 040300\n" HOST, A("'06:00.0'"), "a 01:00.0", NULL,
                        "in vain: it is in no IOMMU group"},
                /* there is no card: the entry has more to mend than this */
                {SOUND HOST, A("'07:00.0'"), "a !absent", NULL, NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

Test(members, of_two_claims_in_one_group)
{
        static const Trial trials[] = {
                /* both list it: it is bound once */
                {CARD OTHER SOUND HOST, A("'03:00'") ", " B("'03:00.0'"),
                        "a 01:00.0 03:00.0; b 02:00.0", NULL, NULL},
                /* one that is picked needs no listing, and is not taken twice */
                {CARD OTHER SOUND HOST, A("'02:00', '03:00'") ", " B(""),
                        "a 01:00.0 03:00.0; b 02:00.0", NULL, NULL},
                /* who falls takes the other along, whoever has the member */
                {"0000:01:00.0 10de:26b1 030200 group=1 driver=nouveau\n" OTHER SOUND HOST,
                        A("'03:00'") ", " B("'03:00.0'"),
                        "a 01:00.0 03:00.0 !driver-busy; b 02:00.0 !shared-group", NULL, NULL},
                {"0000:02:00.0 10de:26b2 030200 group=1 driver=nouveau\n" CARD SOUND HOST,
                        A("'02:00', '03:00'") ", " B(""),
                        "a 01:00.0 03:00.0 !shared-group; b 02:00.0 !driver-busy",
                        "they go together or not at all; see entry b", NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

/* One more than there is room for at once. */
#define FUNCTION(n) "0000:03:00." n " 8086:293e 040300 group=1\n"
Test(members, many)
{
        static const Trial trials[] = {
                {CARD FUNCTION("0") FUNCTION("1") FUNCTION("2") FUNCTION("3") FUNCTION("4")
                                FUNCTION("5") FUNCTION("6") FUNCTION("7") HOST,
                        A("'03:00'") ", { name = 'z'; address = '09:00'; }",
                        "a 01:00.0 03:00.0 03:00.1 03:00.2 03:00.3 03:00.4 03:00.5 03:00.6 "
                        "03:00.7; z !absent",
                        NULL, NULL},
        };

        expect_trials(trials, ARRAY_SIZE(trials));
}

/* Taken from its driver as a companion is. */
Test(members, on_a_driver)
{
        static const char steps[] =
                "policy; hold 0000:01:00.0; hold 0000:03:00.0; load vfio_pci ids=; load "
                "vfio_iommu_type1; unbind 0000:03:00.0 snd_hda_intel; override 0000:01:00.0 "
                "vfio-pci; bind 0000:01:00.0 vfio-pci; override 0000:03:00.0 vfio-pci; bind "
                "0000:03:00.0 vfio-pci";
        static const Trial trials[] = {
                {CARD "0000:03:00.0 8086:7ae0 0c0330 group=1 driver=xhci_hcd in_use=x\n" HOST,
                        A("'03:00'"), "a 01:00.0 03:00.0 !driver-busy", "in use: x", NULL},
                {CARD "0000:03:00.0 8086:7ae0 108000 group=1 driver=ccp in_use=x\n" HOST,
                        A("'03:00'"), "a 01:00.0 03:00.0 !driver-busy", "in use: x", NULL},
                {CARD "0000:02:00.0 10de:26b2 030200 group=1 driver=nouveau\n" HOST, A("'02:00'"),
                        "a 01:00.0 02:00.0 !driver-busy", "nouveau took 0000:02:00.0 first", NULL},
                {CARD "0000:02:00.0 10de:26b2 030000 group=1 boot_vga=1\n" HOST, A("'02:00'"),
                        "a 01:00.0 02:00.0 !boot-display", "0000:02:00.0 shows the boot", NULL},
        };
        SCENE(scene, CARD "0000:03:00.0 8086:293e 040300 group=1 driver=snd_hda_intel\n" HOST,
                A("'03:00'"));

        scene_plan(&scene);
        cr_expect_str_eq(scene_steps_text(&scene), steps, "%s", scene_steps_text(&scene));
        expect_trials(trials, ARRAY_SIZE(trials));
}
