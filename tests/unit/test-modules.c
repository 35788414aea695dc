/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>

#include "host/modules.h"
#include "lib/tree.h"

#define T4 "pci:v000010DEd00001EB8sv000010DEsd000012A2bc03sc00i00"

static Tree *machine(void)
{
        Tree *tree = tree_new();

        tree_add_module(tree, "vfio-pci", NULL);
        tree_add_module(tree, "nouveau", "pci:v000010DEd*sv*sd*bc03sc*i*");
        tree_add_module(tree, "nvidiafb", "pci:v000010DEd*sv*sd*bc03sc00i00");
        tree_add_module(tree, "nova-core", "pci:v000010DEd*sv*sd*bc03sc00i*");
        tree_add_module(tree, "radeon", "pci:v00001002d*sv*sd*bc03sc*i*");
        tree_depmod(tree, "kernel/drivers/vfio/vfio.ko\nkernel/drivers/iommu/iommu-fd.ko\n");
        return tree;
}

Test(modules, states)
{
        static const struct {
                const char *name;
                const char *in_sys; /* below sys/module/, and what it says; NULL: a directory */
                const char *text;
                ModuleState state;
        } cases[] = {
                {"vfio_pci", "other/initstate", "live\n", MODULE_LOADABLE},
                {"vfio-pci", "other/initstate", "live\n", MODULE_LOADABLE},
                {"vfio-pci", "vfio_pci/initstate", "live\n", MODULE_PRESENT},
                {"vfio_pci", "vfio_pci/initstate", "live\n", MODULE_PRESENT},
                {"vfio_pci", "vfio_pci/initstate", "coming\n", MODULE_LOADABLE},
                {"vfio_pci", "vfio_pci/initstate", "going\n", MODULE_LOADABLE},
                {"unheard_of", "other/initstate", "live\n", MODULE_MISSING},
                {"unheard_of", "unheard_of/initstate", "live\n", MODULE_PRESENT},
                {"unheard_of", "unheard_of/initstate", "coming\n", MODULE_MISSING},
                {"unheard_of", "unheard_of", NULL, MODULE_PRESENT}, /* built in */
                {"vfio", "other/initstate", "live\n", MODULE_PRESENT},
                {"iommu-fd", "other/initstate", "live\n", MODULE_PRESENT},
                {"iommu_fd", "other/initstate", "live\n", MODULE_PRESENT},
                {"", "other/initstate", "live\n", MODULE_MISSING},
                {"..", "other/initstate", "live\n", MODULE_MISSING},
                {"a/b", "a/b/initstate", "live\n", MODULE_MISSING},
        };
        _cleanup_(tree_freep) Tree *tree = machine();

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(root_done) Root root = tree_root(tree);
                _cleanup_(modules_freep) Modules *modules = NULL;
                _cleanup_free_ char *path = NULL;

                cr_assert(asprintf(&path, "sys/module/%s", cases[i].in_sys) > 0);
                if (cases[i].text)
                        tree_set(tree, path, cases[i].text);
                else
                        tree_add_directory(tree, path);
                cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
                cr_assert(modules_indexed(modules));
                cr_assert_eq(modules_state(modules, cases[i].name), cases[i].state, "%s with %s %s",
                        cases[i].name, cases[i].in_sys, cases[i].text);
                tree_remove(tree, "sys/module");
        }
}

Test(modules, aliases)
{
        static const struct {
                const char *modalias;
                size_t n;
                const char *names[3];
        } cases[] = {
                {T4, 3, {"nouveau", "nova_core", "nvidiafb"}},
                {"pci:v00001002d00006798sv0sd0bc03sc00i00", 1, {"radeon"}},
                {"pci:v000010DEd00001EB8sv000010DEsd000012A2bc03sc02i00", 1, {"nouveau"}},
                {"pci:v000010DEd000010F8sv0sd0bc04sc03i00", 0, {0}},
                {"pci:v[", 0, {0}},
                {"", 0, {0}},
        };
        _cleanup_(tree_freep) Tree *tree = machine();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(modules_freep) Modules *modules = NULL;
        _cleanup_(arena_freep) Arena *arena = arena_new();

        cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char **names = NULL;
                size_t n = 99;

                cr_assert_eq(modules_for_alias(modules, cases[i].modalias, arena, &names, &n), 0);
                cr_assert_eq(n, cases[i].n, "%s: %zu", cases[i].modalias, n);
                for (size_t k = 0; k < n; k++)
                        cr_assert_str_eq(names[k], cases[i].names[k]);
        }
}

Test(modules, aliases_by_their_patterns)
{
        static const struct {
                const char *prefix;
                size_t n, n_built_in;
        } cases[] = {{"pci:v000010DE", 3, 0}, {"pci:v00001002", 1, 1}, {"vfio_pci:", 0, 0}};
        _cleanup_(tree_freep) Tree *tree = machine();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(modules_freep) Modules *modules = NULL;
        _cleanup_(arena_freep) Arena *arena = arena_new();
        ModuleAlias *aliases = NULL;
        size_t n = 99;

        tree_add_builtin_alias(tree, "vfio", "pci:v00001002d*");
        tree_depmod(tree, "kernel/drivers/vfio/vfio.ko\n");
        cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                cr_assert_eq(
                        modules_aliases(modules, false, cases[i].prefix, arena, &aliases, &n), 0);
                cr_expect_eq(n, cases[i].n, "%s: %zu", cases[i].prefix, n);
                cr_assert_eq(
                        modules_aliases(modules, true, cases[i].prefix, arena, &aliases, &n), 0);
                cr_expect_eq(n, cases[i].n_built_in, "%s: %zu", cases[i].prefix, n);
        }
        cr_assert_eq(modules_aliases(modules, true, "pci:", arena, &aliases, &n), 0);
        cr_assert_eq(n, 1);
        cr_expect_str_eq(aliases[0].pattern, "pci:v00001002d*");
        cr_expect_str_eq(aliases[0].module, "vfio");
}

Test(modules, once_each_blacklisted_too_and_those_of_modprobe_d)
{
        _cleanup_(tree_freep) Tree *tree = machine();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(modules_freep) Modules *modules = NULL;
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const char **names = NULL;
        size_t n = 0;

        tree_set(tree, "etc/modprobe.d/a.conf",
                "blacklist nouveau\nalias pci:v000010DEd00001EB8* nvidia-current\n"
                "alias pci:v000010DEd00001EB8sv* nvidia_current\n");
        cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
        cr_assert_eq(modules_for_alias(modules, T4, arena, &names, &n), 0);
        /* as modprobe(8) has it, the user's aliases go before those of the modules */
        cr_assert_eq(n, 1);
        cr_assert_str_eq(names[0], "nvidia_current");
        cr_assert_eq(modules_for_alias(
                             modules, "pci:v000010DEd00000001sv0sd0bc03sc00i00", arena, &names, &n),
                0);
        cr_assert_eq(n, 3, "blacklisted nouveau is one of them");
}

/* By the files of the modules, by modprobe.d. */
Test(modules, names_that_are_none)
{
        _cleanup_(tree_freep) Tree *tree = machine();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(modules_freep) Modules *modules = NULL;
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const char **names = NULL;
        ModuleAlias *aliases = NULL;
        size_t n = 99;

        tree_add_module(tree, "ba\033d", "usb:v1*");
        tree_add_module_needing(tree, "good", "usb:v1*", "ba\033d");
        tree_depmod(tree, "");
        tree_set(tree, "etc/modprobe.d/a.conf", "alias usb:v2* wor\033se\ninstall ba\033d true\n");
        cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
        cr_assert_eq(modules_for_alias(modules, "usb:v1x", arena, &names, &n), 0);
        cr_assert_eq(n, 1);
        cr_expect_str_eq(names[0], "good");
        cr_assert_eq(modules_for_alias(modules, "usb:v2x", arena, &names, &n), 0);
        cr_expect_eq(n, 0);
        cr_assert_eq(modules_aliases(modules, false, "usb:v1", arena, &aliases, &n), 0);
        cr_assert_eq(n, 1);
        cr_expect_str_eq(aliases[0].module, "good");
        cr_expect_null(modules_install_line(modules, "good", arena));
}

Test(modules, without_indexes_only_what_is_loaded_is_known)
{
        static const char *const releases[] = {NULL, "none", "", "..", "a/b"};
        _cleanup_(tree_freep) Tree *tree = machine();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(arena_freep) Arena *arena = arena_new();

        tree_set(tree, "sys/module/vfio_pci/initstate", "live\n");
        for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
                _cleanup_(modules_freep) Modules *modules = NULL;
                const char **names = NULL;
                size_t n = 99;

                cr_assert_eq(modules_open(&root, releases[i], &modules), 0);
                cr_assert_not(modules_indexed(modules));
                cr_assert_eq(modules_state(modules, "vfio-pci"), MODULE_PRESENT);
                cr_assert_eq(modules_state(modules, "nouveau"), MODULE_MISSING);
                cr_assert_eq(modules_for_alias(modules, T4, arena, &names, &n), 0);
                cr_assert_eq(n, 0);

                ModuleAlias *aliases = NULL;

                n = 99;
                cr_assert_eq(modules_aliases(modules, true, "pci:", arena, &aliases, &n), 0);
                cr_assert_eq(n, 0);
        }
}

Test(modules, indexes_of_this_machine_are_not_reached_through_a_link)
{
        _cleanup_(tree_freep) Tree *outside = machine();
        _cleanup_(tree_freep) Tree *tree = tree_new();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(modules_freep) Modules *modules = NULL;
        _cleanup_free_ char *target = tree_path(outside, "usr/lib/modules");

        tree_remove(tree, "usr/lib/modules");
        tree_link(tree, "usr/lib/modules", target);
        cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
        cr_assert_not(modules_indexed(modules));
}

Test(modules, truncated_indexes)
{
        static const char *const indexes[] = {"dep", "alias", "builtin", "softdep", "symbols"};
        _cleanup_(tree_freep) Tree *tree = machine();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(modules_freep) Modules *modules = NULL;
        _cleanup_(arena_freep) Arena *arena = arena_new();
        const char **names = NULL;
        size_t n = 99;

        for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
                _cleanup_free_ char *path = NULL;

                cr_assert(asprintf(&path, "lib/modules/" TREE_RELEASE "/modules.%s.bin",
                                  indexes[i]) > 0);
                tree_set(tree, path, "\xb0\x07");
        }
        cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
        cr_assert_eq(modules_state(modules, "vfio_pci"), MODULE_MISSING);
        cr_assert_eq(modules_for_alias(modules, T4, arena, &names, &n), 0);
        cr_assert_eq(n, 0);

        ModuleAlias *aliases = NULL;

        n = 99;
        cr_assert_eq(modules_aliases(modules, false, "pci:", arena, &aliases, &n), 0);
        cr_assert_eq(n, 0);
}

Test(modules, libkmod_does_not_talk, .init = cr_redirect_stderr)
{
        _cleanup_(tree_freep) Tree *tree = machine();
        _cleanup_(root_done) Root root = tree_root(tree);
        _cleanup_(modules_freep) Modules *modules = NULL;

        tree_set(tree, "etc/modprobe.d/bad.conf", "nonsense\nblacklist\noptions\ninstall x\n");
        cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
        cr_assert_eq(modules_state(modules, "vfio_pci"), MODULE_LOADABLE);
        cr_assert_null(getenv("KMOD_LOG"));
        fflush(stderr);
        cr_assert_stderr_eq_str("");
}

/* A command that leaves `ran` in the tree. */
static void add_command(Tree *tree, const char *module)
{
        _cleanup_free_ char *line = NULL;

        cr_assert(asprintf(&line, "install %s touch %s/ran\n", module, tree->path) > 0);
        tree_set(tree, "etc/modprobe.d/recipe.conf", line);
}

static bool has_run(const Tree *tree)
{
        _cleanup_free_ char *path = tree_path(tree, "ran");

        return access(path, F_OK) == 0;
}

/* What is loaded here is no module of this kernel, or nobody here may load one. */
static int try_to_load(const Tree *tree, const char *module)
{
        _cleanup_(root_done) Root root = tree_real_root(tree);

        root.release = TREE_RELEASE;
        return modules_load(&root, module, "x=1");
}

Test(modules, no_command_is_run_in_place_of_a_load)
{
        static const char *const commands[] = {"vfio-pci", "vfio_pci", "*"};

        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
                _cleanup_(tree_freep) Tree *tree = machine();

                add_command(tree, commands[i]);
                int r = try_to_load(tree, "vfio_pci");
                cr_expect(r < 0 && r != -ENOENT && r != -ETIMEDOUT, "%s: %d", commands[i], r);
                cr_expect_not(has_run(tree), "%s", commands[i]);
        }
}

Test(modules, commands_are_told)
{
        static const struct {
                const char *command, *module, *line;
        } trials[] = {
                {"vfio-pci", "vfio_pci", "install vfio_pci "},
                {"vfio_pci", "vfio-pci", "install vfio_pci "},
                {"*", "vfio_pci", "install vfio_pci "},
                {"nouveau", "vfio_pci", NULL},
                {"vfio_pci", "nouveau", NULL},
                {"vfio_pci", "unheard_of", NULL},
        };

        for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
                _cleanup_(tree_freep) Tree *tree = machine();
                _cleanup_(root_done) Root root = tree_root(tree);
                _cleanup_(modules_freep) Modules *modules = NULL;
                _cleanup_(arena_freep) Arena *arena = arena_new();

                add_command(tree, trials[i].command);
                cr_assert_eq(modules_open(&root, TREE_RELEASE, &modules), 0);
                const char *line = modules_install_line(modules, trials[i].module, arena);
                cr_assert_eq(!line, !trials[i].line, "%zu: %s", i, line);
                if (line)
                        cr_expect(strncmp(line, trials[i].line, strlen(trials[i].line)) == 0, "%s",
                                line);
        }
}

static int load_here(const char *module, const char *options)
{
        _cleanup_(root_done) Root root = ROOT_NULL;

        cr_assert_eq(root_open(NULL, NULL, &root), 0);
        return modules_load(&root, module, options);
}

Test(modules, loading_what_is_not_there)
{
        cr_assert_eq(load_here("vfio_gpu_no_such_module", NULL), -ENOENT);
        cr_assert_eq(load_here("vfio_gpu_no_such_module", "ids=10de:1eb8"), -ENOENT);
        _cleanup_(tree_freep) Tree *tree = machine();
        cr_assert_eq(try_to_load(tree, "unheard_of"), -ENOENT);
}

/* Built in: the indexes say so, or a directory in /sys/module without a state does. */
Test(modules, loading_what_is_built_in)
{
        _cleanup_(tree_freep) Tree *tree = machine();

        cr_assert_eq(try_to_load(tree, "iommu_fd"), 0);
        if (access("/sys/module/kernel", F_OK) == 0)
                cr_assert_eq(load_here("kernel", "x=1"), 0);
}
