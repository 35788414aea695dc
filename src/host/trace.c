/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/trace.h"

#include <limits.h>
#include <string.h>

#include "base/file.h"

/* Of this process: those who read know the tree or a directory in it, and nothing of who looks on.
 */
static Trace *current;

/* Where an open directory lies on this machine. False when nobody knows. */
static bool find_place(int directory, char place[static PATH_MAX])
{
        char link[FILE_FD_PATH_SIZE];
        ssize_t n = readlink(file_fd_path(directory, link), place, PATH_MAX - 1);

        if (n < 0)
                return false;
        place[n] = '\0';
        if (strcmp(place, "/") == 0)
                *place = '\0';
        return true;
}

int trace_begin(Trace *trace, int root, Arena *arena)
{
        char place[PATH_MAX];

        if (!find_place(root, place))
                return -errno;
        *trace = (Trace){.arena = arena, .root = strdup(place)};
        if (!trace->root)
                return -ENOMEM;
        current = trace;
        return 0;
}

void trace_end(Trace *trace)
{
        if (current == trace)
                current = NULL;
        free(TAKE_PTR(trace->root));
}

/* What follows the root in `place`, without slashes at its beginning; NULL when it is not below. */
static const char *below_root(const char *place)
{
        size_t n = strlen(current->root);

        if (strncmp(place, current->root, n) != 0 || (place[n] && place[n] != '/'))
                return NULL;
        return place + n + strspn(place + n, "/");
}

void trace_note(int directory, const char *path, TraceKind kind, bool follow)
{
        char place[PATH_MAX];
        const char *folder = current && find_place(directory, place) ? below_root(place) : NULL;
        TraceItem *item = NULL;

        if (!folder)
                return;
        item = arena_push(current->arena, &current->items, &current->n_items);
        if (item)
                *item = (TraceItem){
                        .path = arena_printf(
                                current->arena, "%s%s%s", folder, *folder ? "/" : "", path),
                        .kind = kind,
                        .follow = follow,
                };
}
