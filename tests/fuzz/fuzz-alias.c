/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The index of all modules' aliases, as another machine's tree may hold it. */
#include "fuzz.h"

#include "host/modules.h"
#include "lib/tree.h"

#define INDEX "lib/modules/" TREE_RELEASE "/modules.alias.bin"

static Tree *tree;
static Root root;

static void finish(void)
{
        root_done(&root);
        tree_free(tree);
}

static void start(void)
{
        tree = tree_new();
        tree_add_module(tree, "vfio-pci", "vfio_pci:v*d*sv*sd*bc*sc*i*");
        tree_depmod(tree, "");
        root = tree_root(tree);
        atexit(finish);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        _cleanup_(modules_freep) Modules *modules = NULL;
        ModuleAlias *aliases = NULL;
        const char **names = NULL;
        size_t n_aliases = 0, n_names = 0;

        if (!tree)
                start();
        tree_set_bytes(tree, INDEX, data, size);
        if (modules_open(&root, TREE_RELEASE, &modules) < 0)
                return 0;
        if (modules_for_alias(modules, "pci:v000010DEd000026B1sv0sd0bc03sc00i00", arena, &names,
                    &n_names) == 0)
                for (size_t i = 0; i < n_names; i++)
                        must(*names[i]);
        if (modules_aliases(modules, false, "vfio_pci:", arena, &aliases, &n_aliases) == 0)
                for (size_t i = 0; i < n_aliases; i++)
                        must(strncmp(aliases[i].pattern, "vfio_pci:", 9) == 0);
        return 0;
}
