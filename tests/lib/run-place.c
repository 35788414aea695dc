/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/run-place.h"

#include <criterion/criterion.h>
#include <string.h>

void run_place_set(RunPlace *place)
{
        const char *trouble = NULL;

        place->tree = tree_new();
        tree_add_directory(place->tree, "run");
        place->root = tree_real_root(place->tree);
        cr_assert_eq(run_dir_open(&place->root, 5000, &place->dir, &trouble), 0);
}

void run_place_done(RunPlace *place)
{
        run_dir_done(&place->dir);
        root_done(&place->root);
        tree_freep(&place->tree);
}

static int set_readable(void *context, PciAddress address, bool readable)
{
        RunPlace *place = context;
        const size_t n = strlen(place->log);

        snprintf(place->log + n, sizeof(place->log) - n, " %s=%d", PCI_ADDRESS(address), readable);
        return 0;
}

Ops run_place_ops(RunPlace *place)
{
        return (Ops){.context = place, .set_readable = set_readable};
}
