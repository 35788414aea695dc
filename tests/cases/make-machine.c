/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make-machine FILE: builds the tree of a made-up machine and prints where it is.
 *
 * FILE holds the functions (lib/machine.h), and, a line each:
 *
 *     module NAME [ALIAS [NEEDED]]   a module, known to the indexes, and one that it needs
 *     builtin PATH [ALIAS]     one that is built in, as in modules.builtin
 *     file PATH [TEXT]         a file
 *     link PATH TARGET         a symbolic link
 *     directory PATH
 *     remove PATH              takes away what was there up to here
 *
 * \n in a line is a newline, \t a tab, \e an escape character.
 *
 * A kernel's release, command line and iomem are there already (lib/tree.h).
 */

#include <err.h>
#include <string.h>

#include "lib/machine.h"
#include "lib/tree.h"

static const char *optional(const char *text)
{
        return *text ? text : NULL;
}

static void add_function(const MachineFunction *f, void *context)
{
        TreeFunction function = {
                .vendor = f->id.vendor,
                .device = f->id.device,
                .class = f->class,
                .subsystem_vendor = f->subsystem.vendor,
                .subsystem_device = f->subsystem.device,
                .iommu_group = f->group,
                .driver = optional(f->driver),
                .vfio = optional(f->vfio),
                .boot_vga = optional(f->boot_vga),
                .numvfs = optional(f->numvfs),
                .physfn = optional(f->physfn),
                .parent = optional(f->parent),
                .serial = optional(f->serial),
                .bridge = f->bridge,
                .reset_method = optional(f->reset_method),
                .d3cold = optional(f->d3cold),
        };
        char address[PCI_ADDRESS_SIZE];

        function.address = pci_address_format(f->address, address);
        tree_add_function(context, &function);
}

/* Replaces each \n by a newline and so on, in place. */
static void unescape(char *text)
{
        static const char letters[] = "nte", meanings[] = "\n\t\033";
        char *to = text;

        for (const char *from = text; *from; from++) {
                const char *letter = from[0] == '\\' && from[1] ? strchr(letters, from[1]) : NULL;

                from += letter ? 1 : 0;
                *to++ = letter ? meanings[letter - letters] : *from;
        }
        *to = '\0';
}

/* The paths of built-in modules so far, a line each. */
static char builtin[4096];

static void add_builtin(Tree *tree, const char *path, const char *alias)
{
        size_t n = strlen(builtin);

        if (n + strlen(path) + 2 > sizeof(builtin))
                errx(1, "too many modules are built in");
        snprintf(builtin + n, sizeof(builtin) - n, "%s\n", path);
        if (!alias)
                return;

        const char *file = strrchr(path, '/');
        char *name = strndup(file + 1, strcspn(file + 1, "."));

        for (char *c = name; *c; c++)
                if (*c == '-')
                        *c = '_';
        tree_add_builtin_alias(tree, name, alias);
        free(name);
}

static void add_module(Tree *tree, const char *name, char *rest)
{
        const char *alias = strsep(&rest, " ");

        tree_add_module_needing(tree, name, alias, rest);
}

static void take_line(Tree *tree, char *line)
{
        char *rest = line;
        const char *verb = strsep(&rest, " "), *first = strsep(&rest, " ");

        if (!first)
                errx(1, "\"%s\" wants something", verb);
        if (strcmp(verb, "module") == 0)
                add_module(tree, first, rest);
        else if (strcmp(verb, "builtin") == 0)
                add_builtin(tree, first, rest);
        else if (strcmp(verb, "directory") == 0)
                tree_add_directory(tree, first);
        else if (strcmp(verb, "remove") == 0)
                tree_remove(tree, first);
        else if (strcmp(verb, "link") == 0 && rest)
                tree_link(tree, first, rest);
        else if (strcmp(verb, "file") == 0)
                tree_set(tree, first, rest ? rest : "");
        else
                errx(1, "\"%s\" is not known", verb);
}

static void build(Tree *tree, FILE *file)
{
        char line[MACHINE_LINE];

        while (fgets(line, sizeof(line), file)) {
                line[strcspn(line, "\n")] = '\0';
                if (!*line || *line == '#' || machine_read_functions(line, add_function, tree))
                        continue;
                unescape(line);
                take_line(tree, line);
        }
        tree_depmod(tree, builtin);
}

int main(int argc, char **argv)
{
        _cleanup_fclose_ FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;

        if (!file)
                err(1, "%s", argc == 2 ? argv[1] : "usage: make-machine FILE");

        Tree *tree = tree_new();

        build(tree, file);
        puts(tree->path);
        free(tree);
        return 0;
}
