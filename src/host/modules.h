/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Kernel modules: what the tree's indexes say, and loading. The one place that knows libkmod. */

#include "base/arena.h"
#include "host/host.h"
#include "host/root.h"

typedef struct Modules Modules;

/*
 * Opens what the tree at `root` knows of the modules of kernel `release` (NULL: not known). Neither
 * the running host's command line nor its /sys/module is asked when `root` is another machine's.
 * `root` must outlive it. A tree without indexes for this release is no error: then only what is
 * loaded is known, and modules_indexed() is false. Returns 0 or a negative errno.
 */
int modules_open(const Root *root, const char *release, Modules **ret) _must_check_;
void modules_free(Modules *modules);
DEFINE_CLEANUP(Modules *, modules_free);

/* True when the tree has indexes for the release: otherwise nothing is known to be loadable. */
bool modules_indexed(const Modules *modules);

/* The name of the index that is broken, so that none is used; or NULL. */
const char *modules_broken_index(const Modules *modules);

/* Whether `name` is there: loaded or built in, loadable, or missing. A module that
 * is still being loaded or removed is not there yet: loadable. `-` and `_` are the same. */
ModuleState modules_state(const Modules *modules, const char *name);

bool modules_is_built_in(const Modules *modules, const char *name);

/* The parameters of `name` in force, as far as the kernel shows them; none when it is not there.
 * Returns 0 or -ENOMEM. */
int modules_parameters(const Root *root, const char *name, Arena *arena, ModuleParameter **ret,
        size_t *ret_n) _must_check_;

/* The names (with `_`) of the modules whose aliases match `modalias`, sorted, once each,
 * blacklisted ones too. Returns 0 or -ENOMEM; no match is n = 0. */
int modules_for_alias(const Modules *modules, const char *modalias, Arena *arena, const char ***ret,
        size_t *ret_n) _must_check_;

/* True when `name` cannot be loaded without one of the `n` modules. */
bool modules_needs_one_of(
        const Modules *modules, const char *name, const char *const *others, size_t n);

typedef struct ModuleAlias {
        const char *pattern; /* of fnmatch(3) */
        const char *module;  /* with `_` */
} ModuleAlias;

/*
 * All aliases that begin with `prefix`: of the modules, or of what is built in. Reads a whole
 * index, which of the modules is large. Returns 0 or a negative errno; without indexes n = 0.
 */
int modules_aliases(const Modules *modules, bool built_in, const char *prefix, Arena *arena,
        ModuleAlias **ret, size_t *ret_n) _must_check_;

/* The line of modprobe.d that would run a command in place of loading `name` or something that it
 * needs, made safe to print, in `arena`; NULL when there is none. modules_load() runs no commands.
 */
const char *modules_install_line(const Modules *modules, const char *name, Arena *arena);

/*
 * Loads `name` and what it needs into the kernel of this machine, `root`, with `options` after
 * those of modprobe.d (the kernel obeys the last of two). Blocks as long as the kernel wants: call
 * it in a worker. A module that is built in or loaded already is 0; one that somebody else is
 * loading is waited for. The blacklist does not count: it is for aliases; nor do `install` lines.
 * Returns 0 or a negative errno.
 */
int modules_load(const Root *root, const char *name, const char *options) _must_check_;
