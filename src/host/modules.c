/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/modules.h"

#include <fcntl.h>
#include <libkmod.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/driver-name.h"
#include "base/file.h"
#include "base/quote.h"
#include "host/module-index.h"
#include "host/trace.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U /* Linux 6.3, linux/memfd.h */
#endif

#define LIVE_POLL_MS  50
#define LIVE_POLL_MAX 60 /* three seconds */

struct Modules {
        const Root *root;
        struct kmod_ctx *context; /* NULL without indexes */
        int directory;            /* theirs */
        const char *broken;       /* the one that is not whole, or NULL */
};

static void unref_context(struct kmod_ctx *context)
{
        kmod_unref(context);
}
DEFINE_CLEANUP(struct kmod_ctx *, unref_context);

static void unref_module(struct kmod_module *module)
{
        kmod_module_unref(module);
}
DEFINE_CLEANUP(struct kmod_module *, unref_module);

static void unref_list(struct kmod_list *list)
{
        kmod_module_unref_list(list);
}
DEFINE_CLEANUP(struct kmod_list *, unref_list);

static void discard_log(_unused_ void *data, _unused_ int priority, _unused_ const char *file,
        _unused_ int line, _unused_ const char *function, _unused_ const char *format,
        _unused_ va_list args)
{
}

/* kmod_new() itself writes to stderr about what it finds in modprobe.d, before it can be told where
 * to log; the one thing that it listens to so early is the environment. */
static struct kmod_ctx *new_context(const char *directory, const char *const *config_paths)
{
        static const char variable[] = "KMOD_LOG";
        bool quiet = !getenv(variable) && setenv(variable, "0", false) == 0;
        struct kmod_ctx *context = kmod_new(directory, config_paths);

        if (quiet)
                unsetenv(variable);
        if (context)
                kmod_set_log_fn(context, discard_log, NULL);
        return context;
}

/* What libkmod reads in there, now or when it is asked: it does so by itself. */
static void note_indexes(int directory)
{
        static const char *const files[] = {
                "modules.dep.bin",
                "modules.alias.bin",
                "modules.builtin.bin",
                "modules.builtin.alias.bin",
                "modules.softdep",
                "modules.weakdep",
        };

        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                trace_note(directory, files[i], TRACE_READ, true);
}

/* The same for a folder of modprobe.d: whatever is called so. */
static void note_config(int directory)
{
        _cleanup_closedir_ DIR *files = directory_list(directory, ".");

        for (const struct dirent *entry; files && (entry = readdir(files));) {
                const char *dot = strrchr(entry->d_name, '.');

                if (dot && strcmp(dot, ".conf") == 0)
                        trace_note(directory, entry->d_name, TRACE_READ, true);
        }
}

/* A context on the indexes in `directory`, with the modprobe.d of the same tree. */
static struct kmod_ctx *open_context(const Root *root, int directory)
{
        static const char *const config[] = {
                "etc/modprobe.d",
                "run/modprobe.d",
                "usr/local/lib/modprobe.d",
                "usr/lib/modprobe.d",
                "lib/modprobe.d",
        };
        char texts[ARRAY_SIZE(config)][FILE_FD_PATH_SIZE];
        const char *paths[ARRAY_SIZE(config) + 1] = {NULL};
        int fds[ARRAY_SIZE(config)];
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(config); i++)
                if (root_open_directory(root, config[i], &fds[n]) == 0) {
                        paths[n] = file_fd_path(fds[n], texts[n]);
                        note_config(fds[n]);
                        n++;
                }

        char index_path[FILE_FD_PATH_SIZE];
        struct kmod_ctx *context = new_context(file_fd_path(directory, index_path), paths);

        for (size_t i = 0; i < n; i++)
                closep(&fds[i]);
        /* maps the indexes: else each look opens them, and reads them a node at a time. Where one
         * is missing all are read in that way. */
        if (context)
                (void)kmod_load_resources(context);
        return context;
}

/* Finds the directory of the indexes; distributions differ on where the modules are. */
static int open_index_directory(const Root *root, const char *release, int *ret_fd)
{
        static const char *const places[] = {"lib/modules", "usr/lib/modules"};
        int r = -ENOENT;

        for (size_t i = 0; release && i < ARRAY_SIZE(places); i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "%s/%s/modules.dep.bin", places[i], release);
                if (!root_exists(root, path))
                        continue;
                *strrchr(path, '/') = '\0';
                r = root_open_directory(root, path, ret_fd);
                if (r == 0)
                        break;
        }
        return r;
}

int modules_open(const Root *root, const char *release, Modules **ret)
{
        _cleanup_(modules_freep) Modules *modules = malloc(sizeof(*modules));

        if (!modules)
                return -ENOMEM;
        *modules = (Modules){.root = root, .directory = -EBADF};
        if (open_index_directory(root, release, &modules->directory) == 0) {
                note_indexes(modules->directory);
                modules->broken = module_index_find_broken(modules->directory);
        }
        if (modules->directory >= 0 && !modules->broken) {
                modules->context = open_context(root, modules->directory);
                if (!modules->context)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(modules);
        return 0;
}

void modules_free(Modules *modules)
{
        if (!modules)
                return;
        unref_contextp(&modules->context);
        closep(&modules->directory);
        free(modules);
}

bool modules_indexed(const Modules *modules)
{
        return modules->context != NULL;
}

const char *modules_broken_index(const Modules *modules)
{
        return modules->broken;
}

/* Makes the module's path in sysfs, where `-` is always `_`. False for what is no module's name. */
static bool format_module_path(const char *name, char *path, size_t size)
{
        int n = snprintf(path, size, "sys/module/%s", name);

        if (!*name || *name == '.' || strchr(name, '/') || (size_t)n >= size)
                return false;
        for (char *c = path; (c = strchr(c, '-'));)
                *c = '_';
        return true;
}

/* Whether `name` is in the kernel of the tree: /sys/module has it, and says "live" where it has a
 * state at all (what is built in has none). */
static bool is_live(const Root *root, const char *name)
{
        char path[128];
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *state = NULL;

        if (!format_module_path(name, path, sizeof(path)) ||
                root_open_directory(root, path, &fd) < 0)
                return false;

        int r = directory_read(fd, "initstate", 32, &state);

        return r == -ENOENT || (r == 0 && strcmp(state, "live") == 0);
}

/* Returns the module of this name, or NULL. Aliases do not count. */
static struct kmod_module *find_module(struct kmod_ctx *context, const char *name)
{
        struct kmod_module *module = NULL;

        return kmod_module_new_from_name_lookup(context, name, &module) < 0 ? NULL : module;
}

ModuleState modules_state(const Modules *modules, const char *name)
{
        _cleanup_(unref_modulep) struct kmod_module *module = NULL;

        if (is_live(modules->root, name))
                return MODULE_PRESENT;
        if (modules->context)
                module = find_module(modules->context, name);
        if (!module)
                return MODULE_MISSING;
        /* only what is built in has no file */
        return kmod_module_get_path(module) ? MODULE_LOADABLE : MODULE_PRESENT;
}

bool modules_is_built_in(const Modules *modules, const char *name)
{
        _cleanup_(unref_modulep) struct kmod_module *module =
                modules->context ? find_module(modules->context, name) : NULL;

        return module && !kmod_module_get_path(module);
}

/* An attribute that cannot be read is not shown. */
static int add_parameter(
        int directory, const char *name, Arena *arena, ModuleParameter **items, size_t *n)
{
        _cleanup_free_ char *value = NULL;

        if (*name == '.' || directory_read(directory, name, 256, &value) < 0)
                return 0;

        ModuleParameter *item = arena_push(arena, items, n);
        if (!item)
                return -ENOMEM;
        item->name = arena_strdup(arena, name);
        item->value = arena_strdup(arena, value);
        return item->name && item->value ? 0 : -ENOMEM;
}

int modules_parameters(
        const Root *root, const char *name, Arena *arena, ModuleParameter **ret, size_t *ret_n)
{
        char path[128 + sizeof("/parameters")];
        _cleanup_closedir_ DIR *directory = NULL;
        ModuleParameter *items = NULL;
        size_t n = 0;
        int r = 0;

        if (format_module_path(name, path, 128))
                directory = root_list(root, strcat(path, "/parameters"));
        for (const struct dirent *entry; directory && r == 0 && (entry = readdir(directory));)
                r = add_parameter(dirfd(directory), entry->d_name, arena, &items, &n);
        if (r < 0)
                return r;
        *ret = items;
        *ret_n = n;
        return 0;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Returns how many are left. */
static size_t sort_once_each(const char **names, size_t n)
{
        size_t kept = 0;

        if (n > 0)
                qsort(names, n, sizeof(*names), compare_names);
        for (size_t i = 0; i < n; i++)
                if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
                        names[kept++] = names[i];
        return kept;
}

int modules_for_alias(const Modules *modules, const char *modalias, Arena *arena, const char ***ret,
        size_t *ret_n)
{
        _cleanup_(unref_listp) struct kmod_list *list = NULL;
        const struct kmod_list *item = NULL;
        const char **names = NULL;
        size_t n = 0;
        int r = modules->context ? kmod_module_new_from_lookup(modules->context, modalias, &list)
                                 : 0;

        if (r == -ENOMEM)
                return r;
        kmod_list_foreach(item, list)
        {
                _cleanup_(unref_modulep) struct kmod_module *module = kmod_module_get_module(item);
                const char **name = NULL;

                if (!driver_name_is_clean(kmod_module_get_name(module)))
                        continue;
                name = arena_push(arena, &names, &n);
                if (!name || !(*name = arena_strdup(arena, kmod_module_get_name(module))))
                        return -ENOMEM;
        }
        *ret = names;
        *ret_n = sort_once_each(names, n);
        return 0;
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (driver_name_equal(names[i], name))
                        return true;
        return false;
}

/* What `module` needs, as a list. libkmod tells only of those whose files are there; it looks by
 * itself. */
static struct kmod_list *find_needed(const Modules *modules, const struct kmod_module *module)
{
        char place[FILE_FD_PATH_SIZE];
        const size_t n = strlen(file_fd_path(modules->directory, place));
        struct kmod_list *list = kmod_module_get_dependencies(module);
        const struct kmod_list *item = NULL;

        kmod_list_foreach(item, list)
        {
                _cleanup_(unref_modulep) struct kmod_module *needed = kmod_module_get_module(item);
                const char *path = kmod_module_get_path(needed);

                if (path && strncmp(path, place, n) == 0)
                        trace_note(modules->directory, path + n + strspn(path + n, "/"), TRACE_LOOK,
                                true);
        }
        return list;
}

bool modules_needs_one_of(
        const Modules *modules, const char *name, const char *const *others, size_t n)
{
        _cleanup_(unref_modulep) struct kmod_module *module =
                modules->context ? find_module(modules->context, name) : NULL;
        _cleanup_(unref_listp) struct kmod_list *list =
                module ? find_needed(modules, module) : NULL;
        const struct kmod_list *item = NULL;

        kmod_list_foreach(item, list)
        {
                _cleanup_(unref_modulep) struct kmod_module *needed = kmod_module_get_module(item);

                if (is_among(kmod_module_get_name(needed), others, n))
                        return true;
        }
        return false;
}

/* A file in memory. Where vm.memfd_noexec is 2 it must be one that can never be executed; kernels
 * before 6.3 do not know of that. */
static int open_memory(void)
{
        int fd = memfd_create("vfio-gpu", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

        if (fd < 0 && errno == EINVAL)
                fd = memfd_create("vfio-gpu", MFD_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* libkmod tells which modules an alias leads to, but not by which of theirs: that stands in the
 * index alone, which it writes out whole. */
static int open_index(const Modules *modules, enum kmod_index index, FILE **ret)
{
        _cleanup_close_ int fd = open_memory();

        if (fd < 0)
                return fd;
        /* its one error is that there is no such index */
        (void)kmod_dump_index(modules->context, index, fd);
        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        *ret = fdopen(fd, "re");
        if (!*ret)
                return -errno;
        (void)TAKE_FD(fd);
        return 0;
}

/* "alias PATTERN MODULE"; the index of what is built in leaves the first word out. */
static int add_alias(char *line, const char *prefix, Arena *arena, ModuleAlias **items, size_t *n)
{
        char *pattern = strncmp(line, "alias ", 6) == 0 ? line + 6 : line;
        char *module = strchr(pattern, ' ');

        if (!module || strncmp(pattern, prefix, strlen(prefix)) != 0)
                return 0;
        *module++ = '\0';
        module[strcspn(module, "\n")] = '\0';
        if (!driver_name_is_clean(module))
                return 0;

        ModuleAlias *item = arena_push(arena, items, n);
        if (!item)
                return -ENOMEM;
        item->pattern = arena_strdup(arena, pattern);
        item->module = arena_strdup(arena, module);
        return item->pattern && item->module ? 0 : -ENOMEM;
}

int modules_aliases(const Modules *modules, bool built_in, const char *prefix, Arena *arena,
        ModuleAlias **ret, size_t *ret_n)
{
        _cleanup_fclose_ FILE *file = NULL;
        _cleanup_free_ char *line = NULL;
        ModuleAlias *items = NULL;
        size_t n = 0, size = 0;
        int r = 0;

        if (modules->context)
                r = open_index(modules,
                        built_in ? KMOD_INDEX_MODULES_BUILTIN_ALIAS : KMOD_INDEX_MODULES_ALIAS,
                        &file);
        while (r == 0 && file && getline(&line, &size, file) > 0)
                r = add_alias(line, prefix, arena, &items, &n);
        if (r < 0)
                return r;
        *ret = items;
        *ret_n = n;
        return 0;
}

/* The kernel says "exists" while another loader's insert is still under way. */
static int wait_until_live(const Root *root, const char *name)
{
        const struct timespec pause = {.tv_nsec = LIVE_POLL_MS * 1000000L};

        for (int i = 0; i < LIVE_POLL_MAX; i++) {
                if (is_live(root, name))
                        return 0;
                nanosleep(&pause, NULL);
        }
        return -ETIMEDOUT;
}

/* What is to be loaded, for load_itself(). */
typedef struct Loading {
        struct kmod_module *module;
        const char *options;
} Loading;

/*
 * In place of what modprobe.d has for a module in an `install` line, which libkmod would hand to
 * /bin/sh: such a command may take devices that no entry lists. `loading` is what was asked for;
 * `module` that, or something that it needs.
 */
static int load_itself(struct kmod_module *module, _unused_ const char *command, void *data)
{
        const Loading *loading = data;
        const char *own = kmod_module_get_options(module);
        const char *extra = module == loading->module ? loading->options : NULL;
        _cleanup_free_ char *options = NULL;

        if (asprintf(&options, "%s %s", own ? own : "", extra ? extra : "") < 0) {
                options = NULL;
                return -ENOMEM;
        }
        return kmod_module_insert_module(module, 0, options);
}

static int insert(struct kmod_module *module, const char *options)
{
        Loading loading = {.module = module, .options = options && *options ? options : NULL};
        int r = kmod_module_probe_insert_module(
                module, 0, loading.options, load_itself, &loading, NULL);

        /* positive: KMOD_PROBE_APPLY_BLACKLIST and its kin, which were not asked for */
        if (r > 0)
                return -EPERM;
        return r == -EEXIST ? 0 : r;
}

/* Indexes and modprobe.d as they are now: the latter has just been written. */
static int open_now(const Root *root, Modules **ret)
{
        struct utsname kernel = {0};

        if (uname(&kernel) < 0)
                return -errno;
        return modules_open(root, root->release ? root->release : kernel.release, ret);
}

int modules_load(const Root *root, const char *name, const char *options)
{
        _cleanup_(modules_freep) Modules *modules = NULL;
        _cleanup_(unref_modulep) struct kmod_module *module = NULL;

        if (is_live(root, name))
                return 0;

        int r = open_now(root, &modules);
        if (r < 0)
                return r;
        if (modules->context)
                module = find_module(modules->context, name);
        if (!module)
                return -ENOENT;
        if (!kmod_module_get_path(module))
                return 0; /* built in */
        r = insert(module, options);
        return r < 0 ? r : wait_until_live(root, name);
}

static const char *install_line(const struct kmod_module *module, Arena *arena)
{
        const char *command = kmod_module_get_install_commands(module);

        if (!command || !driver_name_is_clean(kmod_module_get_name(module)))
                return NULL;
        return arena_printf(arena, "install %s %s", kmod_module_get_name(module), quote(command));
}

const char *modules_install_line(const Modules *modules, const char *name, Arena *arena)
{
        _cleanup_(unref_modulep) struct kmod_module *module = NULL;
        _cleanup_(unref_listp) struct kmod_list *needed = NULL;
        const struct kmod_list *item = NULL;
        const char *line = NULL;

        if (modules->context)
                module = find_module(modules->context, name);
        if (!module)
                return NULL;
        line = install_line(module, arena);
        needed = find_needed(modules, module);
        kmod_list_foreach(item, needed)
        {
                _cleanup_(unref_modulep) struct kmod_module *other = kmod_module_get_module(item);

                if (!line)
                        line = install_line(other, arena);
        }
        return line;
}
