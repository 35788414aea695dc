/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/capture.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "host/tarball.h"

#define LINKS_MAX 40 /* path_resolution(7) */

const CaptureLimits capture_limits = {
        .file_max = (size_t)16 * 1024 * 1024,
        .total_max = (uint64_t)256 * 1024 * 1024,
        .members_max = 250000,
};

/* What goes into the archive. */
typedef struct Entry {
        const char *path; /* without a link in it, but for its end */
        TarballType type;
        const char *target;        /* of a link */
        bool read;                 /* a file's text is wanted */
        const CaptureExtra *extra; /* its text, or NULL */
        mode_t mode;
        const void *data; /* of a file */
        size_t size;
} Entry;

typedef struct Packing {
        const CaptureInput *input;
        Arena *arena;
        Entry *entries;
        size_t n_entries;
        char *buffer; /* of the largest file and one more */
        uint64_t total;
        CaptureResult result;
} Packing;

/* Returns 1. */
static int leave_out(Packing *p, const char *path, const char *why)
{
        const char **item = arena_push(p->arena, &p->result.left_out, &p->result.n_left_out);

        if (item)
                *item = arena_printf(p->arena, "%s: %s", path, why);
        return 1;
}

static Entry *add_entry(Packing *p, const char *path, TarballType type)
{
        Entry *entry = arena_push(p->arena, &p->entries, &p->n_entries);

        if (entry)
                *entry = (Entry){.path = arena_strdup(p->arena, path), .type = type};
        return entry;
}

static size_t depth_of(const char *path)
{
        size_t n = 0;

        for (; (path = strchr(path, '/')); path++)
                n++;
        return n;
}

static bool append(char text[static PATH_MAX], const char *more)
{
        size_t n = strlen(text);

        return (size_t)snprintf(text + n, PATH_MAX - n, "%s%s", n > 0 ? "/" : "", more) <
               PATH_MAX - n;
}

static void go_up(char *path)
{
        char *slash = strrchr(path, '/');

        *(slash ? slash : path) = '\0';
}

/* From the folder of the link, and no further up than to the root, which is its own parent: so it
 * leads to the same place wherever the tree lies. Without detours, which capture-open.c does not
 * go. */
static const char *relative_target(Packing *p, const char *path, const char *target)
{
        _cleanup_free_ char *parts = strdup(target);
        size_t depth = depth_of(path), up = *target == '/' ? depth : 0;
        char down[PATH_MAX] = "";
        Text text = TEXT_IN(p->arena);

        if (!parts) {
                arena_fail(p->arena);
                return NULL;
        }
        for (char *rest = parts, *part; (part = strsep(&rest, "/"));) {
                if (strcmp(part, "..") == 0 && *down)
                        go_up(down);
                else if (strcmp(part, "..") == 0)
                        up++;
                else if (*part && strcmp(part, ".") != 0 && !append(down, part))
                        return NULL;
        }
        for (size_t i = 0; i < up && i < depth; i++)
                text_add(&text, "%s..", i > 0 ? "/" : "");
        if (*down)
                text_add(&text, "%s%s", text_is_empty(&text) ? "" : "/", down);
        return text_is_empty(&text) ? "." : text.string;
}

/* The way to a path, link by link. */
typedef struct Way {
        char done[PATH_MAX]; /* what has been gone, without links */
        char rest[PATH_MAX];
        unsigned links;
} Way;

/* Puts what the link says before the rest of the way. */
static bool follow(Way *way, const char *target)
{
        char rest[PATH_MAX];

        if (++way->links > LINKS_MAX ||
                (size_t)snprintf(rest, sizeof(rest), "%s/%s", target, way->rest) >= sizeof(rest))
                return false;
        if (*target == '/')
                *way->done = '\0';
        strcpy(way->rest, rest);
        return true;
}

/* Cuts the next part off the rest; false at the end. */
static bool next_part(Way *way, char part[static NAME_MAX + 1])
{
        const char *at = way->rest + strspn(way->rest, "/");
        size_t n = strcspn(at, "/");

        if (n == 0 || n > NAME_MAX)
                return false;
        memcpy(part, at, n);
        part[n] = '\0';
        memmove(way->rest, at + n, strlen(at + n) + 1);
        return true;
}

static bool is_last(const Way *way)
{
        return !way->rest[strspn(way->rest, "/")];
}

/* What stands at the end of the way so far: its type, 0 for nothing; the target of a link. */
static mode_t look(const Packing *p, const char *path, char **ret_target)
{
        _cleanup_close_ int fd = root_open_file(p->input->root, path, O_PATH | O_NOFOLLOW);
        struct stat st = {0};

        if (fd < 0 || fstat(fd, &st) < 0)
                return 0;
        if (S_ISLNK(st.st_mode) && root_link_target(p->input->root, path, ret_target) < 0)
                return 0;
        return st.st_mode & S_IFMT;
}

static void add_link(Packing *p, const char *path, const char *target)
{
        const char *relative = relative_target(p, path, target);
        Entry *entry = relative ? add_entry(p, path, TARBALL_LINK) : NULL;

        if (entry)
                entry->target = relative;
}

/* Takes one step. Returns the type of what the way has led to, 0 where it ends before, -1 to go on.
 */
static int step(Packing *p, Way *way, bool follow_last)
{
        char part[NAME_MAX + 1];
        _cleanup_free_ char *target = NULL;

        if (!next_part(way, part))
                return is_last(way) ? S_IFDIR : 0;
        if (strcmp(part, ".") == 0)
                return -1;
        if (strcmp(part, "..") == 0) {
                go_up(way->done);
                return -1;
        }
        if (!append(way->done, part))
                return 0;

        mode_t type = look(p, way->done, &target);

        if (type == S_IFLNK) {
                add_link(p, way->done, target);
                if (is_last(way) && !follow_last)
                        return S_IFLNK;
                go_up(way->done);
                return follow(way, target) ? -1 : 0;
        }
        if (type == S_IFDIR)
                return -1;
        return is_last(way) ? (int)type : 0;
}

/* Adds the links on the way to `path`. Returns the type of what is there, 0 for nothing. */
static mode_t go(Packing *p, Way *way, const char *path, bool follow_last)
{
        int type = -1;

        *way->done = '\0';
        way->links = 0;
        if ((size_t)snprintf(way->rest, sizeof(way->rest), "%s", path) >= sizeof(way->rest))
                return 0;
        while (type < 0)
                type = step(p, way, follow_last);
        return (mode_t)type;
}

/* The folders and links in it; files only where somebody looked at them. Outside of sysfs names
 * tell of people: there, too, only what somebody looked at. */
static void add_listed(Packing *p, const char *folder)
{
        if (strncmp(folder, "sys/", 4) != 0)
                return;

        _cleanup_closedir_ DIR *directory = root_list(p->input->root, folder);

        for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                _cleanup_free_ char *target = NULL;
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "%s", folder);
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                        !append(path, entry->d_name))
                        continue;

                mode_t type = look(p, path, &target);

                if (type == S_IFLNK)
                        add_link(p, path, target);
                else if (type == S_IFDIR)
                        add_entry(p, path, TARBALL_FOLDER);
        }
}

static void add_traced(Packing *p, const TraceItem *item)
{
        Way way = {0};
        mode_t type = go(p, &way, item->path, item->follow);
        Entry *entry = NULL;

        switch (type) {
        case S_IFDIR:
                if (*way.done)
                        add_entry(p, way.done, TARBALL_FOLDER);
                if (item->kind == TRACE_LIST)
                        add_listed(p, way.done);
                break;
        case S_IFREG:
                entry = add_entry(p, way.done, TARBALL_FILE);
                if (entry)
                        entry->read = item->kind == TRACE_READ;
                break;
        case S_IFLNK:
        case 0:
                break;
        default:
                leave_out(p, way.done, "neither a file nor a folder");
        }
}

/* A link in the way of it that leads nowhere is not replaced. */
static void add_extra(Packing *p, const CaptureExtra *extra)
{
        const char *name = strrchr(extra->path, '/');
        const char *folder = arena_strndup(p->arena, extra->path, (size_t)(name - extra->path));
        Entry *entry = NULL;
        Way way = {0};

        if (!folder)
                return;
        if (go(p, &way, folder, true) != S_IFDIR) {
                if (way.links > 0) {
                        leave_out(p, extra->path, "a link on the way to it leads nowhere");
                        return;
                }
                snprintf(way.done, sizeof(way.done), "%s", folder);
        }
        if (append(way.done, name + 1))
                entry = add_entry(p, way.done, TARBALL_FILE);
        if (entry)
                entry->extra = extra;
}

/* By path; of the same path first the one that is kept. */
static int compare_entries(const void *a, const void *b)
{
        const Entry *x = a, *y = b;
        int r = strcmp(x->path, y->path);

        if (r != 0)
                return r;
        if (!x->extra != !y->extra)
                return x->extra ? -1 : 1;
        return (int)y->read - (int)x->read;
}

static void sort_once_each(Packing *p)
{
        size_t kept = 0;

        if (p->n_entries > 0)
                qsort(p->entries, p->n_entries, sizeof(*p->entries), compare_entries);
        for (size_t i = 0; i < p->n_entries; i++)
                if (kept == 0 || strcmp(p->entries[kept - 1].path, p->entries[i].path) != 0)
                        p->entries[kept++] = p->entries[i];
        p->n_entries = kept;
}

static int compare_items(const void *a, const void *b)
{
        const TraceItem *x = a, *y = b;
        int r = strcmp(x->path, y->path);

        if (r == 0)
                r = (int)x->kind - (int)y->kind;
        return r != 0 ? r : (int)x->follow - (int)y->follow;
}

/* The same path is looked at many times, and going there is what costs. */
static int collect(Packing *p)
{
        const Trace *trace = p->input->trace;
        TraceItem *items = arena_array(p->arena, trace->n_items, sizeof(*items));

        if (!items)
                return -ENOMEM;
        if (trace->n_items > 0) {
                memcpy(items, trace->items, trace->n_items * sizeof(*items));
                qsort(items, trace->n_items, sizeof(*items), compare_items);
        }
        for (size_t i = 0; i < trace->n_items; i++)
                if (i == 0 || compare_items(&items[i - 1], &items[i]) != 0)
                        add_traced(p, &items[i]);
        for (size_t i = 0; i < p->input->n_extras; i++)
                add_extra(p, &p->input->extras[i]);
        if (arena_failed(p->arena))
                return -ENOMEM;
        sort_once_each(p);
        return 0;
}

/* These return 0; 1: it is left out; -ENOMEM; -EFBIG: nothing more goes in. */

static int keep(Packing *p, Entry *entry, const char *data, size_t size)
{
        CaptureView view = {.data = data, .size = size};

        if (p->input->filter)
                p->input->filter(p->input->context, entry->path, &view);
        if (view.left_out)
                return leave_out(p, entry->path, view.left_out);

        void *copy = arena_alloc(p->arena, view.size ? view.size : 1);
        if (arena_failed(p->arena))
                return -ENOMEM;
        entry->data = memcpy(copy, view.data, view.size);
        entry->size = view.size;
        p->total += view.size;
        return p->total > capture_limits.total_max ? -EFBIG : 0;
}

/* What cannot be read is left out, as if it were not there. */
static int read_file(Packing *p, Entry *entry)
{
        _cleanup_close_ int fd = root_open_file(
                p->input->root, entry->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
        struct stat st = {0};

        if (fd < 0 || fstat(fd, &st) < 0)
                return leave_out(p, entry->path, strerror(fd < 0 ? -fd : errno));
        if (!S_ISREG(st.st_mode))
                return leave_out(p, entry->path, strerror(EINVAL));
        entry->mode = st.st_mode & 0777;

        ssize_t n = file_read_up_to(fd, p->buffer, capture_limits.file_max + 1);

        if (n < 0)
                return leave_out(p, entry->path, strerror((int)-n));
        if ((size_t)n > capture_limits.file_max)
                return leave_out(p, entry->path, strerror(EFBIG));
        return keep(p, entry, p->buffer, (size_t)n);
}

static int load_entry(Packing *p, Entry *entry)
{
        entry->mode = entry->type == TARBALL_FILE ? 0644 : 0755;
        if (entry->type != TARBALL_FILE)
                return 0;
        if (entry->extra)
                return keep(p, entry, entry->extra->data, entry->extra->size);
        return entry->read ? read_file(p, entry) : 0;
}

static int load(Packing *p)
{
        size_t kept = 0;

        for (size_t i = 0; i < p->n_entries; i++) {
                Entry entry = p->entries[i];
                int r = load_entry(p, &entry);

                if (r < 0)
                        return r;
                if (r == 0)
                        p->entries[kept++] = entry;
        }
        p->n_entries = kept;
        return kept > capture_limits.members_max ? -EFBIG : 0;
}

static const char *make_header(Packing *p)
{
        Text text = TEXT_IN(p->arena);

        text_add(&text, "format %d\nmembers %zu\nmade by vfio-gpu " VERSION "\n", CAPTURE_FORMAT,
                p->n_entries);
        for (size_t i = 0; i < p->result.n_left_out; i++)
                text_add(&text, "left out %s\n", p->result.left_out[i]);
        return text.string;
}

static int write_members(Packing *p, TarballWriter *writer)
{
        const char *header = make_header(p);
        const TarballMember first = {.path = CAPTURE_HEADER,
                .type = TARBALL_FILE,
                .mode = 0644,
                .data = header,
                .size = strlen(header)};
        int r = arena_failed(p->arena) ? -ENOMEM : tarball_writer_add(writer, &first);

        for (size_t i = 0; i < p->n_entries && r == 0; i++) {
                const Entry *entry = &p->entries[i];

                r = tarball_writer_add(writer, &(TarballMember){.path = entry->path,
                                                       .type = entry->type,
                                                       .mode = entry->mode,
                                                       .target = entry->target,
                                                       .data = entry->data,
                                                       .size = entry->size});
        }
        return r < 0 ? r : tarball_writer_finish(writer);
}

static int pack(Packing *p, int fd, const char **reterr_trouble)
{
        _cleanup_(tarball_writer_freep) TarballWriter *writer = NULL;
        int r = tarball_writer_new(fd, &writer, reterr_trouble);

        if (r < 0)
                return r;
        r = collect(p);
        if (r == 0)
                r = load(p);
        if (r == 0)
                r = write_members(p, writer);
        if (r < 0)
                *reterr_trouble = r == -EFBIG ? "there is more to pack than a capture may hold"
                                              : strerror(-r);
        return r;
}

int capture_write(
        const CaptureInput *input, int fd, CaptureResult *ret, const char **reterr_trouble)
{
        _cleanup_free_ char *buffer = malloc(capture_limits.file_max + 1);
        Packing p = {.input = input, .arena = input->arena, .buffer = buffer};
        int r = 0;

        if (!buffer) {
                *reterr_trouble = strerror(ENOMEM);
                return -ENOMEM;
        }
        r = pack(&p, fd, reterr_trouble);
        if (r < 0)
                return r;
        p.result.n_members = p.n_entries;
        *ret = p.result;
        return 0;
}
