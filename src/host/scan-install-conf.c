/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-install-conf.h"

#include <limits.h>
#include <string.h>

#include "base/arena.h"

#define INSTALL_CONF_MAX ((size_t)64 * 1024)

/* systemd's order of precedence, as for all of its configs; its manual says so in each. */
static const char *const folders[] = {
        "etc/kernel",
        "run/kernel",
        "usr/local/lib/kernel",
        "usr/lib/kernel",
};

/* A drop-in, in the first of the folders that has one of this name. */
typedef struct DropIn {
        const char *name, *path;
} DropIn;

/* Assignments as systemd parses them, or a shell where it is older. `*uki` is as the
 * last one says, here or in what is read later. */
static void take_layout(const char *text, bool *uki)
{
        for (const char *line = text; line; line = strchr(line, '\n')) {
                char value[16] = "";
                int end = -1;

                line += strspn(line, " \t\n");
                (void)sscanf(line, "layout %n=", &end);
                if (end < 0 || line[end] != '=')
                        continue;
                (void)sscanf(line + end, "=%*[ \t\"']%15[a-z]", value);
                (void)sscanf(line + end, "=%15[a-z]", value);
                *uki = strcmp(value, "uki") == 0;
        }
}

static bool read_layout(const Root *root, const char *path, bool *uki)
{
        _cleanup_free_ char *text = NULL;

        if (root_read(root, path, INSTALL_CONF_MAX, &text) < 0)
                return false;
        take_layout(text, uki);
        return true;
}

/* The first of these files is the one that counts. */
static void read_main(const Root *root, bool *uki)
{
        char path[PATH_MAX];

        for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
                snprintf(path, sizeof(path), "%s/install.conf", folders[i]);
                if (read_layout(root, path, uki))
                        return;
        }
}

static bool is_known(const DropIn *items, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(items[i].name, name) == 0)
                        return true;
        return false;
}

static bool is_drop_in(const char *name)
{
        size_t n = strlen(name);

        return *name != '.' && n > strlen(".conf") &&
               strcmp(name + n - strlen(".conf"), ".conf") == 0;
}

static DropIn *list_drop_ins(const Root *root, Arena *arena, size_t *ret_n)
{
        DropIn *items = NULL;
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
                const char *folder = arena_printf(arena, "%s/install.conf.d", folders[i]);
                _cleanup_closedir_ DIR *directory = folder ? root_list(root, folder) : NULL;

                for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                        if (!is_drop_in(entry->d_name) || is_known(items, n, entry->d_name))
                                continue;

                        DropIn *item = arena_push(arena, &items, &n);
                        const char *path = arena_printf(arena, "%s/%s", folder, entry->d_name);
                        if (!item || !path)
                                return NULL;
                        *item = (DropIn){.name = strrchr(path, '/') + 1, .path = path};
                }
        }
        *ret_n = n;
        return items;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(((const DropIn *)a)->name, ((const DropIn *)b)->name);
}

/* All of them count, by name; one that is empty, or a link to /dev/null, only takes the place of
 * those behind it. */
static void read_drop_ins(const Root *root, bool *uki)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        size_t n = 0;
        DropIn *items = arena ? list_drop_ins(root, arena, &n) : NULL;

        if (items)
                qsort(items, n, sizeof(*items), compare_names);
        for (size_t i = 0; items && i < n; i++)
                (void)read_layout(root, items[i].path, uki);
}

bool scan_install_conf_is_uki(const Root *root)
{
        bool uki = false;

        read_main(root, &uki);
        read_drop_ins(root, &uki);
        return uki;
}
