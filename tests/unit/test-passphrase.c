/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/passphrase.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/scene.h"

#define CARD "0000:01:00.0 10de:26b1 030000 group=1\n0000:01:00.2 10de:1ad8 0c0330 group=1\n"
#define HOST "0000:00:02.0 8086:4680 030000 group=9\n"
#define ASKS "disk root UUID=1 asks\n"
#define ONE  "{ name = 'a'; address = '01:00'; allow_boot_display = true; }"

Test(passphrase, who_asks)
{
        static const struct {
                const char *machine, *cmdline, *prompt;
        } rows[] = {
                {"", "", NULL},
                {ASKS, "", "/etc/crypttab (\"root\")"},
                {"disk root UUID=1 silent\n", "", NULL},
                {"disk swap /dev/vda2 silent\n" ASKS, "quiet", "/etc/crypttab (\"root\")"},
                {"", "rd.luks.uuid=1", "the kernel command line (rd.luks)"},
                {"", "rd.luks.uuid=1 rd.luks.key=/k", NULL},
                {"disk root UUID=1 silent\n", "rd.luks.uuid=luks-1", NULL},
                {"disk data UUID=2 silent\n", "rd.luks.uuid=1",
                        "the kernel command line (rd.luks)"},
                {ASKS, "luks=0", NULL},
                {ASKS, "console=tty0 console=ttyS0", NULL},
                {ASKS, "console=ttyS0 console=tty0", "/etc/crypttab (\"root\")"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(scene_done) Scene scene = {0};
                _cleanup_free_ char *machine = NULL;

                cr_assert(asprintf(&machine, CARD HOST "%s", rows[i].machine) > 0);
                scene_set(&scene, machine, ONE, rows[i].cmdline);
                const char *prompt = passphrase_prompt(&scene.words, scene.host, scene.arena);
                cr_assert_eq(!prompt, !rows[i].prompt, "%zu: %s", i, prompt);
                if (prompt)
                        cr_expect_str_eq(prompt, rows[i].prompt);
        }
}

/* Which of "display" and "keyboard" the plan warns of; both name the function and the entry. */
static void expect_lost(
        const char *machine, const char *config, const char *cmdline, bool display, bool keyboard)
{
        _cleanup_(scene_done) Scene scene = {0};
        bool seen = false, typed = false;

        scene_set(&scene, machine, config, cmdline);
        const Plan *plan = scene_plan(&scene);
        for (size_t i = 0; i < plan->n_warnings; i++) {
                seen |= strstr(plan->warnings[i], "0000:01:00.0, the last display") &&
                        strstr(plan->warnings[i], "(a)");
                typed |= strstr(plan->warnings[i], "keyboard hangs on 0000:01:00.2") &&
                         strstr(plan->warnings[i], "(a)");
        }
        cr_expect_eq(seen, display, "display: %s%s", machine, config);
        cr_expect_eq(typed, keyboard, "keyboard: %s%s", machine, config);
        cr_expect_eq(plan->n_warnings, (size_t)display + keyboard, "%s%s", machine, config);
}

Test(passphrase, the_last_display)
{
        static const struct {
                const char *machine;
                bool lost;
        } rows[] = {
                {CARD ASKS, true},
                {CARD, false},
                {CARD HOST ASKS, false},
                /* nobody can see anything on those */
                {CARD "0000:02:00.0 10de:2330 030200 group=2\n" ASKS, true},
                {CARD "0000:02:00.0 ffff:ffff ffffff group=2 unreadable=gone\n" ASKS, true},
                {CARD "vfs 0000:02:00.0 1 8086:56c0 030000 group=7\n" ASKS, true},
                /* refused for another reason: the host keeps it */
                {CARD ASKS "0000:05:00.0 8086:0001 020000 group=1\n", false},
                /* taken after the next reboot */
                {"0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau\n" ASKS, true},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_lost(rows[i].machine, ONE, NULL, rows[i].lost, false);
        expect_lost(CARD ASKS, ONE, "vfio_gpu.skip=a", false, false);
        expect_lost("0000:01:00.0 10de:26b1 030200 group=1\n" ASKS, ONE, NULL, false, false);
}

Test(passphrase, the_only_keyboard)
{
        static const struct {
                const char *machine, *config;
                bool lost;
        } rows[] = {
                {CARD HOST ASKS "keyboard 0000:01:00.2\n", ONE, true},
                {CARD HOST "keyboard 0000:01:00.2\n", ONE, false},
                {CARD HOST ASKS, ONE, false},
                {CARD HOST ASKS "keyboard 0000:01:00.2\nkeyboard 0000:01:00.2\n", ONE, true},
                {CARD HOST ASKS "keyboard 0000:01:00.2\nkeyboard -\n", ONE, false},
                {CARD HOST ASKS "keyboard -\nkeyboard 0000:01:00.2\n", ONE, false},
                {CARD HOST ASKS "keyboard 0000:00:14.0\n", ONE, false},
                {"0000:01:00.0 10de:26b1 030000 group=1\n"
                 "0000:01:00.2 10de:1ad8 0c0330 group=2\n" HOST ASKS "keyboard 0000:01:00.2\n",
                        "{ name = 'a'; address = '01:00'; functions = [ 0 ]; }", false},
                {"0000:01:00.0 10de:26b1 030000 group=1\n0000:01:00.2 10de:1ad8 0c0330 group=1 "
                 "driver=xhci_hcd in_use=x\n" HOST ASKS "keyboard 0000:01:00.2\n",
                        ONE, true},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_lost(rows[i].machine, rows[i].config, NULL, false, rows[i].lost);
        expect_lost(CARD ASKS "keyboard 0000:01:00.2\n", ONE, NULL, true, true);
}
