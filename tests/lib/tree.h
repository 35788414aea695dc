/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A made-up machine: the /sys, /proc and /lib/modules of one, in a temporary directory. Whatever
 * goes wrong while it is built ends the test.
 */

#include <stdbool.h>

#include "base/macro.h"
#include "host/root.h"

#define TREE_RELEASE "6.1.0-test"

typedef struct Tree {
        char path[32];
} Tree;

typedef struct TreeFunction {
        const char *address;            /* "0000:01:00.0" */
        const char *parent;             /* the bridge that it lies behind, added before; or NULL */
        unsigned vendor, device, class; /* class with the programming interface: 0x030000 */
        unsigned subsystem_vendor, subsystem_device;
        int iommu_group;      /* 0: none; so groups of a test count from 1 */
        const char *driver;   /* bound to it */
        const char *vfio;     /* "vfio0": registered with VFIO */
        const char *boot_vga; /* "1", "0" or NULL: no such attribute */
        const char *numvfs;   /* of a PF: "0", "4", or NULL */
        const char *physfn;   /* of a VF: the PF's address, which must have been added */
        const char *serial;   /* "00-11-...": it has this number; "none": it has none; NULL: nobody
                                 may see more than the standard header */
        const char *reset_method, *d3cold; /* or NULL: no such attribute */
        bool bridge;                       /* header type 1 */
} TreeFunction;

/* A machine without PCI functions, that runs kernel TREE_RELEASE, has no modules, and boots through
 * dracut. */
Tree *tree_new(void);
/* Removes all of it. */
void tree_free(Tree *tree);
DEFINE_CLEANUP(Tree *, tree_free);

/* Adds the function as the kernel shows it, its group and its driver included. */
void tree_add_function(Tree *tree, const TreeFunction *function);
/* The driver without a device. */
void tree_add_driver(Tree *tree, const char *driver);

/* Writes a file, with its directories; replaces what was there. */
void tree_set(Tree *tree, const char *path, const char *text);
void tree_set_bytes(Tree *tree, const char *path, const void *data, size_t size);
void tree_add_directory(Tree *tree, const char *path);
void tree_link(Tree *tree, const char *path, const char *target);
/* Removes a file, a link or a directory with all that is in it. */
void tree_remove(Tree *tree, const char *path);

/* The text of a file, to be freed. */
char *tree_get(const Tree *tree, const char *path);
/* The path on this machine, to be freed. */
char *tree_path(const Tree *tree, const char *path);

/*
 * Adds a module of that name (as its file is called: "vfio-pci") with that alias (or NULL), that
 * needs the module `needed` (or NULL); known to the indexes after tree_depmod(), which also takes
 * the built-in ones of `builtin`: lines as in modules.builtin, or "".
 */
void tree_add_module(Tree *tree, const char *name, const char *alias);
void tree_add_module_needing(Tree *tree, const char *name, const char *alias, const char *needed);
/* An alias of a module that is built in; `name` has `_`. */
void tree_add_builtin_alias(Tree *tree, const char *name, const char *alias);
void tree_depmod(Tree *tree, const char *builtin);

/* Opens the tree as another machine's, or as if it were this one. */
Root tree_root(const Tree *tree);
Root tree_real_root(const Tree *tree);
