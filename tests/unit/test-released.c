/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/released.h"

#include <criterion/criterion.h>
#include <string.h>

#include "lib/tree.h"

#define FILE_PATH "run/vfio-gpu/released"

static Host *make_host(void)
{
        Host *host = host_new();

        cr_assert(host);
        host->functions = arena_array(host->arena, 3, sizeof(Function));
        host->n_functions = 3;
        for (unsigned i = 0; i < 3; i++)
                host->functions[i].address =
                        (PciAddress){.bus = (uint8_t)(1 + i / 2), .function = (uint8_t)(i % 2)};
        return host;
}

/* "y" or "n" for each function. */
static const char *marks(const Host *host, char text[static 4])
{
        for (size_t i = 0; i < 3; i++)
                text[i] = host->functions[i].released ? 'y' : 'n';
        text[3] = '\0';
        return text;
}
#define MARKS(host) marks(host, (char[4]){0})

Test(released, is_remembered_and_forgotten)
{
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(run_dir_done) RunDir dir = RUN_DIR_NULL;
        const char *trouble = NULL;

        tree_add_directory(tree, "run");
        _cleanup_(root_done) Root root = tree_real_root(tree);
        cr_assert_eq(run_dir_open(&root, 5000, &dir, &trouble), 0);

        _cleanup_(host_freep) Host *first = make_host();
        released_mark(&root, first);
        cr_expect_str_eq(MARKS(first), "nnn", "there is no such file");
        first->functions[0].released = first->functions[1].released = true;
        cr_assert_eq(released_write(&dir, first), 0);
        _cleanup_free_ char *text = tree_get(tree, FILE_PATH);
        cr_expect_str_eq(text, "0000:01:00.0\n0000:01:00.1\n");

        _cleanup_(host_freep) Host *second = make_host();
        released_mark(&root, second);
        cr_expect_str_eq(MARKS(second), "yyn");

        /* nothing is released any more: the file goes, and may be gone */
        _cleanup_(host_freep) Host *third = make_host();
        cr_assert_eq(released_write(&dir, third), 0);
        released_mark(&root, third);
        cr_expect_str_eq(MARKS(third), "nnn");
        cr_expect_not(root_exists(&root, FILE_PATH));
        cr_expect_eq(released_forget(&dir), 0);
        cr_assert_eq(released_write(&dir, second), 0);
        cr_expect(root_exists(&root, FILE_PATH));
        cr_expect_eq(released_forget(&dir), 0);
        cr_expect_not(root_exists(&root, FILE_PATH));
}

Test(released, lines_that_say_nothing)
{
        static const struct {
                const char *text, *marks;
        } trials[] = {
                {"", "nnn"},
                {"0000:02:00.0", "nny"},
                {"garbage\n\n0000:01:00.1 x\n0000:02:00.0\n", "nny"},
                {"01:00\n0000:09:00.0\n", "nnn"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(tree_freep) Tree *tree = tree_new();
                _cleanup_(host_freep) Host *host = make_host();

                tree_set(tree, FILE_PATH, trials[i].text);
                _cleanup_(root_done) Root root = tree_root(tree);
                released_mark(&root, host);
                cr_expect_str_eq(MARKS(host), trials[i].marks, "%zu", i);
        }
}
