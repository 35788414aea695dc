/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever the machine and however its cards are called: what `init` writes is a config, and means
 * what was asked for. */
#include "report/init.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/scene.h"
#include "policy/match.h"

static char *text_of(const Scene *scene, const char *const *addresses, size_t n, Proposals *ret)
{
        const char *trouble = NULL;
        char *text = NULL;

        cr_assert_eq(proposals_build(scene->host, addresses, n, scene->arena, ret, &trouble), 0,
                "%s", trouble);
        text = init_text(scene->host, ret);
        cr_assert_not_null(text);
        return text;
}

static Config *parse(const char *text)
{
        _cleanup_(config_problems_freep) ConfigProblems *problems = NULL;
        Config *config = NULL;
        int r = config_parse("f", text, strlen(text), &config, &problems);

        cr_assert_eq(r, 0, "%s\n%s", problems ? problems->items[0].text : "", text);
        return config;
}

/* Lines that begin with a # and no space are entries. */
static void uncomment(char *text)
{
        for (char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
                if (line[0] == '#' && line[1] == '{')
                        line[0] = ' ';
}

/* Each entry picks the GPU that it was written for, and no other. */
static void expect_picks(const Scene *scene, const Config *config, const Proposals *proposals)
{
        cr_assert_eq(config->n_entries, proposals->n_items);
        for (size_t i = 0; i < config->n_entries; i++) {
                const Function *gpu = proposals->items[i].claim->display;

                cr_expect_str_eq(config->entries[i].name, proposals->items[i].name);
                for (size_t k = 0; k < scene->host->n_functions; k++) {
                        const Function *f = &scene->host->functions[k];

                        if (match_is_gpu(scene->host, &config->entries[i], f))
                                cr_expect_eq(
                                        match_picks(scene->host, &config->entries[i], f), f == gpu);
                }
        }
}

/* As the file stands, and with all that is commented out. */
static void expect_config(Scene *scene)
{
        Proposals proposals = {0};
        _cleanup_free_ char *text = text_of(scene, NULL, 0, &proposals);
        _cleanup_(config_freep) Config *none = parse(text);

        cr_expect_eq(none->n_entries, 0);
        uncomment(text);
        _cleanup_(config_freep) Config *all = parse(text);
        expect_picks(scene, all, &proposals);
}

Test(init, parses_whatever_the_machine)
{
        for (size_t i = 0; i < scene_n_samples; i++) {
                SCENE(scene, scene_samples[i].machine, "");
                expect_config(&scene);
        }
}

Test(init, parses_whatever_things_are_called)
{
        static const char *const names[] = {
                "x\n{ address = \"01:00\"; },",
                "x\r{ address = \"01:00\"; },",
                "*/ ); gpus = (",
                "/* x",
                "\"; } ); @include \"/etc/shadow\"",
                "\n@include \"/etc/shadow\"",
                "\x1b[2J\x07",
                "Intel\xc2\xae \xff",
                "[\n]",
                "[\";]",
                "",
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                SCENE(scene, "0000:01:00.0 10de:26b1 030000 group=1\nslot x 0000:01:00\n", "");
                scene.host->functions[0].name = names[i];
                scene.host->slots[0].name = names[i];
                expect_config(&scene);
        }
}

/* The comments, which nobody wants to see broken by a terminal; but for the names that others gave.
 */
Test(init, comments_fit_a_terminal)
{
        for (size_t i = 0; i < scene_n_samples; i++) {
                SCENE(scene, scene_samples[i].machine, "");
                Proposals proposals = {0};
                _cleanup_free_ char *text = text_of(&scene, NULL, 0, &proposals);

                for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                        cr_expect(strncmp(line, "# ", 2) != 0 || strcspn(line, "\n") <= 79,
                                "%s: %.90s", scene_samples[i].name, line);
        }
}

/* What was asked for is accepted, where nothing but the config can stand in its way. */
Test(init, what_is_asked_for_is_accepted)
{
        static const struct {
                const char *machine, *addresses[2], *claims;
        } hosts[] = {
                {"0000:01:00.0 10de:26b1 030200 group=1\n", {"01:00"},
                        "nvidia-26b1:0000:01:00.0{0}"},
                /* with all of its group, be it part of the slot or another card */
                {"0000:01:00.0 10de:26b1 030200 group=1\n0000:01:00.1 10de:22ba 040300 group=1\n"
                 "0000:01:00.5 1912:0014 0c0330 group=1\n0000:01:00.6 1b21:1142 110000 group=1\n"
                 "0000:02:00.0 10de:26b1 030200 group=1\n",
                        {"01:00"}, "nvidia-26b1-1:0000:01:00.0{0,1,5,6,0}"},
                {"0000:01:00.0 10de:26b1 030200 group=1\n0000:02:00.0 10de:26b1 030200 group=1\n"
                 "0000:03:00.0 1b21:1142 110000 group=1\n",
                        {"02:00", "01:00"},
                        "nvidia-26b1-1:0000:01:00.0{0,0} nvidia-26b1-2:0000:02:00.0{0}"},
                /* unless it is what must not be given away in passing */
                {"0000:01:00.0 10de:26b1 030000 group=1 boot_vga=1\n", {"01:00"},
                        "nvidia-26b1:0000:01:00.0{0}!boot-display"},
                {"0000:01:00.0 10de:26b1 030200 group=1\n0000:02:00.0 8086:10d3 020000 group=1\n",
                        {"01:00"}, "nvidia-26b1:0000:01:00.0{0}!shared-group"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
                SCENE(scene, hosts[i].machine, "");
                Proposals proposals = {0};
                size_t n = hosts[i].addresses[1] ? 2 : 1;
                _cleanup_free_ char *text = text_of(&scene, hosts[i].addresses, n, &proposals);
                const char *claims = NULL;

                config_free(scene.config);
                scene.config = parse(text);
                claims = scene_claims_text(&scene, &scene_plan(&scene)->claims);
                cr_expect_str_eq(
                        claims, hosts[i].claims, "\"%s\", not \"%s\"", claims, hosts[i].claims);
        }
}

Test(init, a_host_without_gpus)
{
        SCENE(scene, "", "");
        Proposals proposals = {0};
        _cleanup_free_ char *text = text_of(&scene, NULL, 0, &proposals);

        cr_expect(strstr(text, "no GPU was found"));
}
