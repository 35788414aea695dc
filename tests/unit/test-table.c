/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/table.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"
#include "lib/report-scene.h"
#include "report/report-table.h"

static TableLibrary library;

static void open_library(void)
{
        cr_assert_eq(table_library_load(&library), 0, "libsmartcols.so.1 is missing");
}

TestSuite(table, .init = open_library);

static const Column columns[] = {
        {.name = "CARD", .tree = true},
        {.name = "NAME", .from = 60, .cut = true},
        {.name = "GROUP", .right = true},
        {.name = "NOTE", .from = 100},
};

/* A card and its audio function. */
static const char *format(Arena *arena, unsigned width, bool colours, const char *name)
{
        Table table = {.columns = columns, .n_columns = ARRAY_SIZE(columns), .arena = arena};
        Cell *card = table_add(&table, TABLE_NO_PARENT), *audio = table_add(&table, 0);
        const Look look = {.library = &library, .width = width, .colours = colours};

        card[0] = (Cell){"01:00.0", TONE_BAD};
        card[1].text = name;
        card[2].text = "3";
        audio[0].text = "01:00.1";
        audio[2].text = "13";
        return table_format(&table, &look);
}

Test(table, is_as_wide_as_the_terminal)
{
        static const struct {
                unsigned width;
                const char *name, *lines;
        } tables[] = {
                {40, "RTX",
                        "CARD      GROUP\n"
                        "01:00.0       3\n"
                        "`-01:00.1    13\n"},
                {80, "RTX",
                        "CARD      NAME GROUP\n"
                        "01:00.0   RTX      3\n"
                        "`-01:00.1         13\n"},
                /* only what may be cut is cut */
                {60, "0123456789012345678901234567890123456789abcdefghijklmnopqrstuvwxyz",
                        "CARD      NAME                                         GROUP\n"
                        "01:00.0   0123456789012345678901234567890123456789a...     3\n"
                        "`-01:00.1                                                 13\n"},
                {132, "0123456789012345678901234567890123456789abcdefghijklmnopqrstuvwxyz",
                        "CARD      NAME                                                            "
                        "   GROUP\n"
                        "01:00.0   0123456789012345678901234567890123456789abcdefghijklmnopqrstuvwx"
                        "yz     3\n"
                        "`-01:00.1                                                                 "
                        "      13\n"},
                /* a column with nothing in it takes no room, whatever there is */
                {132, NULL,
                        "CARD      GROUP\n"
                        "01:00.0       3\n"
                        "`-01:00.1    13\n"},
                /* what would steer the terminal does not get there */
                {80, "a\033[31mb",
                        "CARD      NAME       GROUP\n"
                        "01:00.0   a\\x1b[31mb     3\n"
                        "`-01:00.1               13\n"},
                {80, "Gr\xc3\xbcn",
                        "CARD      NAME        GROUP\n"
                        "01:00.0   Gr\\xc3\\xbcn     3\n"
                        "`-01:00.1                13\n"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
                _cleanup_(arena_freep) Arena *arena = arena_new();

                cr_expect_str_eq(format(arena, tables[i].width, false, tables[i].name),
                        tables[i].lines, "%u", tables[i].width);
        }
}

Test(table, letters_of_the_user_s_locale)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
        /* a letter of two bytes is one column wide, one of three may be two */
        cr_expect_str_eq(format(arena, 80, false, "Gr\xc3\xbcn"), "CARD      NAME GROUP\n"
                                                                  "01:00.0   Gr\xc3\xbcn     3\n"
                                                                  "└─01:00.1         13\n");
        cr_expect_str_eq(format(arena, 80, false, "\xe5\x8d\xa1"),
                "CARD      NAME GROUP\n"
                "01:00.0   \xe5\x8d\xa1       3\n"
                "└─01:00.1         13\n");
}

/* What was cut says so, in no more room than it had. */
Test(table, a_mark_where_something_was_cut)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const char *name = "0123456789012345678901234567890123456789\xc3\xbc"
                           "bcdefghijklmnopqrstuvwxyz";

        cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
        cr_expect_str_eq(format(arena, 60, false, name),
                "CARD      NAME                                         GROUP\n"
                "01:00.0   0123456789012345678901234567890123456789\xc3\xbc"
                "bc\xe2\x80\xa6     3\n"
                "└─01:00.1                                                 13\n");
        cr_expect_str_eq(format(arena, 60, true, name),
                "\033[1mCARD     \033[0m \033[1mNAME                                        "
                "\033[0m \033[1mGROUP\033[0m\n"
                "\033[1;31m01:00.0  \033[0m 0123456789012345678901234567890123456789\xc3\xbc"
                "bc\xe2\x80\xa6     3\n"
                "└─01:00.1                                                 13\n");
}

Test(table, colours_where_they_are_wanted)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const Look plain = {.library = &library, .width = 80};
        const Look coloured = {.library = &library, .width = 80, .colours = true};

        cr_expect_null(strchr(format(arena, 80, false, "RTX"), '\033'));
        cr_expect_str_eq(format(arena, 80, true, "RTX"),
                "\033[1mCARD     \033[0m \033[1mNAME\033[0m \033[1mGROUP\033[0m\n"
                "\033[1;31m01:00.0  \033[0m RTX      3\n"
                "`-01:00.1         13\n");
        cr_expect_str_eq(table_paint(&plain, TONE_GOOD, "ready", arena), "ready");
        cr_expect_str_eq(table_paint(&coloured, TONE_PLAIN, "ready", arena), "ready");
        cr_expect_str_eq(table_paint(&coloured, TONE_GOOD, "ready", arena), "\033[32mready\033[0m");
}

Test(table, out_of_memory_is_remembered)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();

        arena_fail(arena);
        cr_expect_str_eq(format(arena, 80, false, "RTX"), "");
}

/* The columns that the widest line of `text` takes, its notes left out: a terminal breaks them. */
static int widest(const char *text)
{
        int width = 0;

        for (; *text && *text != '\n'; text += strcspn(text, "\n") + 1) {
                wchar_t line[1024];
                _cleanup_free_ char *copy = strndup(text, strcspn(text, "\n"));
                size_t n = mbstowcs(line, copy, ARRAY_SIZE(line));

                cr_assert_lt(n, ARRAY_SIZE(line));
                width = wcswidth(line, n) > width ? wcswidth(line, n) : width;
        }
        return width;
}

static const unsigned widths[] = {40, 59, 60, 70, 80, 100, 132, 300};

static void expect_fits(char *text, unsigned width, const char *what)
{
        cr_assert_not_null(text);
        cr_expect_leq(widest(text), (int)width, "%s:\n%s", what, text);
        free(text);
}

Test(table, no_row_of_a_report_is_wider_than_the_terminal)
{
        cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
        for (size_t i = 0; i < scene_n_samples; i++) {
                SCENE(scene, scene_samples[i].machine, scene_samples[i].config);
                const Report report = report_of_scene(&scene, true);

                for (size_t k = 0; k < ARRAY_SIZE(widths); k++) {
                        const Look look = {.library = &library, .width = widths[k]};

                        expect_fits(report_table(&report, &look), widths[k], scene_samples[i].name);
                        expect_fits(report_table_plan(report.plan, &look), widths[k],
                                scene_samples[i].name);
                }
        }
}

Test(table, a_card_before_its_chip)
{
        static const struct {
                const char *name, *card;
        } rows[] = {
                {"TU104GL [Tesla T4]", "Tesla T4 (TU104GL) "},
                {"GH100[H100 SXM5 80GB]", "H100 SXM5 80GB (GH100) "},
                {"AD102GL [L6000 / RTX 6000 Ada Generation]",
                        "L6000 / RTX 6000 Ada Generation (AD102GL) "},
                {"ASPEED Graphics Family", "ASPEED Graphics Family "},
                {"Navi [31", "Navi [31 "},
                {"[] x", "[] x "},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                SCENE(scene, "0000:01:00.0 10de:26b1 030000 group=1\n", "");
                const Look look = {.library = &library, .width = 132};
                GpuList list = {0};

                scene.host->functions[0].name = rows[i].name;
                cr_assert_eq(list_build(scene.host, scene_plan(&scene), scene.arena, &list), 0);
                _cleanup_free_ char *text = report_table_list(&list, &look);
                cr_expect(strstr(text, rows[i].card), "no \"%s\" in\n%s", rows[i].card, text);
        }
}

Test(table, what_was_found_and_what_to_do_about_it)
{
        SCENE(scene,
                "0000:00:02.0 8086:4680 030000 group=9\n"
                "0000:01:00.0 10de:26b1 030000 group=1 driver=nouveau numvfs=2\n"
                "0000:02:00.0 10de:26b1 030000 group=2 driver=nouveau\n"
                "0000:03:00.0 10de:26b2 030000 group=3 driver=vfio-pci vfio=vfio0\n"
                "0000:04:00.0 10de:26b3 030000 group=4 driver=nouveau released\n",
                "{ name = 'pool'; id = '10de:26b1'; count = 2; }, { name = 'ready'; id = "
                "'10de:26b2'; }, { name = 'gone'; address = '09:00'; optional = true; }, "
                "{ name = 'back'; id = '10de:26b3'; }");
        const Look look = {.library = &library, .width = 78, .colours = true};
        const Report report = report_of_scene(&scene, true);
        _cleanup_free_ char *text = report_table(&report, &look);

        cr_expect_str_eq(strchr(text, '\n'),
                "\n"
                "pool  0000:01:00.0 \033[1;31mrefused \033[0m driver-busy nouveau\n"
                "pool  0000:02:00.0 \033[1;31mrefused \033[0m driver-busy nouveau\n"
                "ready 0000:03:00.0 \033[32mready   \033[0m             "
                "\033[32mvfio-pci\033[0m\n"
                "gone  -            \033[33mabsent  \033[0m\n"
                "back  0000:04:00.0 \033[2mreleased\033[0m             nouveau\n"
                "\n"
                "\033[1mabsent:\033[0m fewer GPUs match than the entry wants\n"
                "  gone: there is no device at 0000:09:00.0\n"
                "  \033[1mTo do:\033[0m see `vfio-gpu list` for what is there, and mend the "
                "entry, or mark it\n"
                "      `optional`\n"
                "\n"
                "\033[1mdriver-busy:\033[0m a driver had the card first, or something uses the "
                "card or a\n"
                "    companion of it\n"
                "  pool (0000:01:00.0, 10de:26b1): nouveau took 0000:01:00.0 first, before\n"
                "      vfio-gpu could hold it\n"
                "    also virtual-function: 0000:01:00.0 has 2 SR-IOV virtual functions "
                "enabled\n"
                "  pool (0000:02:00.0, 10de:26b1): nouveau took 0000:02:00.0 first, before\n"
                "      vfio-gpu could hold it\n"
                "  \033[1mTo do:\033[0m rebuild the initramfs with vfio-gpu in it (`dracut -f`, "
                "or what this\n"
                "      host has in its place) and reboot\n"
                "\n"
                "back (0000:04:00.0, 10de:26b3): 0000:04:00.0 is on nouveau; a reboot hands it\n"
                "    over again\n"
                "\n"
                "\033[1;31m1 of 4 GPUs ready\033[0m\n");
}

Test(table, nothing_is_planned)
{
        const Look look = {.library = &library, .width = 80};
        _cleanup_free_ char *text = report_table_plan(&(Plan){0}, &look);

        cr_expect_str_eq(text, "nothing to do\n\n");
}

Test(table, no_row_of_a_list_is_wider_than_the_terminal)
{
        cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
        for (size_t i = 0; i < scene_n_samples; i++) {
                SCENE(scene, scene_samples[i].machine, scene_samples[i].config);
                GpuList list = {0};

                for (size_t k = 0; k < scene.host->n_functions; k++)
                        scene.host->functions[k].name =
                                "GB202GL [RTX PRO 6000 Blackwell Server Edition]";
                cr_assert_eq(list_build(scene.host, scene_plan(&scene), scene.arena, &list), 0);
                for (size_t k = 0; k < ARRAY_SIZE(widths); k++) {
                        const Look look = {.library = &library, .width = widths[k]};
                        _cleanup_free_ char *text = report_table_list(&list, &look);

                        cr_assert_not_null(text);
                        cr_expect_leq(widest(text), (int)widths[k], "%s:\n%s",
                                scene_samples[i].name, text);
                }
        }
}
