/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/quote.h"
#include "host/capture.h"
#include "host/scratch.h"
#include "host/tarball.h"

/* Nobody knows who made the file: nothing in it may reach out of the folder, or fill the disk. */
typedef struct Unpacking {
        const CaptureLimits *limits;
        int folder;
        bool begun;             /* the header is there */
        unsigned long promised; /* members after it */
        size_t n_members;
        size_t n_made; /* folders on the way to them */
        uint64_t total;
        char *trouble; /* to be freed */
} Unpacking;

static int _printf_(3, 4) fail(Unpacking *u, int error, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        u->trouble = vformat(format, args);
        va_end(args);
        return error;
}

static int refuse(Unpacking *u, const TarballMember *member, const char *why)
{
        return fail(u, -EBADMSG, "holds %s, which %s", quote(member->path), why);
}

/* "format 1", "members 812", a line each. */
static int take_header(Unpacking *u, const TarballMember *member)
{
        unsigned format = 0;
        char text[256] = "";

        if (strcmp(member->path, CAPTURE_HEADER) != 0 || member->type != TARBALL_FILE ||
                member->size > u->limits->file_max)
                return fail(u, -EBADMSG, "is an archive, but no capture of vfio-gpu");
        memcpy(text, member->data, member->size < sizeof(text) ? member->size : sizeof(text) - 1);
        if (sscanf(text, "format %u", &format) != 1)
                return fail(u, -EBADMSG, "is an archive, but no capture of vfio-gpu");
        if (format > CAPTURE_FORMAT)
                return fail(u, -EPROTONOSUPPORT,
                        "was made by a newer vfio-gpu (format %u; this one, " VERSION
                        ", knows up to %d): "
                        "use a newer one",
                        format, CAPTURE_FORMAT);
        if (sscanf(text, "format %*u members %lu", &u->promised) != 1)
                return fail(u, -EBADMSG, "has a header that is garbled");
        return 0;
}

/* Names and slashes: nothing that goes up, or begins at the root. */
static bool path_is_sane(const char *path)
{
        if (!*path || strlen(path) >= PATH_MAX)
                return false;
        for (const char *at = path; *at;) {
                size_t n = strcspn(at, "/");

                if (n == 0 || (n == 1 && *at == '.') || (n == 2 && strncmp(at, "..", 2) == 0))
                        return false;
                at += n + (at[n] == '/');
        }
        return true;
}

static size_t depth_of(const char *path)
{
        size_t n = 0;

        while ((path = strchr(path, '/')) && *++path)
                n++;
        return n;
}

/* Goes up at its beginning only, where it starts from a real folder, and not above the root: from
 * there it may lead through other links, of which the same is true. */
static bool target_stays_inside(const char *path, const char *target)
{
        size_t up = 0;

        while (strncmp(target, "../", 3) == 0) {
                target += 3;
                up++;
        }
        if (up > depth_of(path))
                return false;
        return strcmp(target, "..") == 0 ? up < depth_of(path)
                                         : strcmp(target, ".") == 0 || path_is_sane(target);
}

/* A path that goes through a link ends with -ELOOP. */
static int open_inside(int folder, const char *path, int flags, mode_t mode)
{
        struct open_how how = {
                .flags = (unsigned)flags | O_CLOEXEC,
                .mode = mode,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        long fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));

        return fd < 0 ? -errno : (int)fd;
}

/* Opens the folder in which the last part of `path` lies, and makes it first where it is missing;
 * `*ret_name` is that part, in `path`. */
static int open_parent(Unpacking *u, char *path, int *ret_fd, const char **ret_name)
{
        _cleanup_close_ int fd = open_inside(u->folder, ".", O_PATH | O_DIRECTORY, 0);
        char *name = path;

        for (char *slash; fd >= 0 && (slash = strchr(name, '/')) && slash[1]; name = slash + 1) {
                int next = -EBADF;

                *slash = '\0';
                if (mkdirat(fd, name, 0700) == 0)
                        u->n_made++;
                else if (errno != EEXIST)
                        return -errno;
                next = open_inside(fd, name, O_PATH | O_DIRECTORY, 0);
                close(fd);
                fd = next;
        }
        if (fd < 0)
                return fd;
        name[strcspn(name, "/")] = '\0';
        *ret_name = name;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int write_file(int folder, const char *name, const TarballMember *member)
{
        _cleanup_close_ int fd = open_inside(folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
        int r = fd < 0 ? fd : file_write(fd, member->data, member->size);

        if (r < 0)
                return r;
        /* a config that others may write to is told of; this process must be able to read all */
        return fchmod(fd, (member->mode & 0777) | 0600) < 0 ? -errno : 0;
}

static int make_folder(int folder, const char *name)
{
        struct stat st = {0};

        if (mkdirat(folder, name, 0700) == 0)
                return 0;
        if (errno != EEXIST)
                return -errno;
        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -EEXIST;
}

static int place(Unpacking *u, const TarballMember *member)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *path = strdup(member->path);
        const char *name = NULL;
        int r = path ? open_parent(u, path, &fd, &name) : -ENOMEM;

        if (r < 0)
                return r;
        switch (member->type) {
        case TARBALL_FILE:
                return write_file(fd, name, member);
        case TARBALL_LINK:
                return symlinkat(member->target, fd, name) < 0 ? -errno : 0;
        case TARBALL_FOLDER:
                return make_folder(fd, name);
        case TARBALL_OTHER:
                break;
        }
        return -EINVAL;
}

static const char *objection(const Unpacking *u, const TarballMember *member)
{
        if (!path_is_sane(member->path))
                return "does not lie in it";
        if (member->type == TARBALL_OTHER)
                return "is no file, folder or link";
        if (member->type == TARBALL_LINK && !target_stays_inside(member->path, member->target))
                return "is a link that leads out of it";
        if (member->size > u->limits->file_max)
                return "is larger than any file of a capture";
        if (u->total + member->size > u->limits->total_max)
                return "is more than all of a capture may be";
        if (u->n_members + u->n_made >= u->limits->members_max)
                return "is one too many";
        return NULL;
}

static int take_member(Unpacking *u, const TarballMember *member)
{
        const char *why = objection(u, member);

        if (why)
                return refuse(u, member, why);

        int r = place(u, member);

        if (r == -EEXIST)
                return refuse(u, member, "is in it twice");
        if (r == -ELOOP || r == -ENOTDIR)
                return refuse(u, member, "lies behind a link or a file");
        if (r < 0)
                return fail(u, r, "cannot be unpacked: %s: %s", quote(member->path), strerror(-r));
        u->n_members++;
        u->total += member->size;
        return 0;
}

static int take(const TarballMember *member, void *context)
{
        Unpacking *u = context;
        bool begun = u->begun;

        u->begun = true;
        return begun ? take_member(u, member) : take_header(u, member);
}

static int unpack(int file, Unpacking *u)
{
        int r = tarball_read(file, u->limits->file_max, take, u, &u->trouble);

        if (r < 0)
                return r;
        if (!u->begun)
                return fail(u, -EBADMSG, "is empty, and no capture of vfio-gpu");
        if (u->n_members != u->promised)
                return fail(u, -EBADMSG, "is cut off: it has %zu of %lu members", u->n_members,
                        u->promised);
        return 0;
}

static int open_capture(int file, const char *release, const char *name, Root *ret, Unpacking *u)
{
        _cleanup_(scratch_freep) Scratch *scratch = NULL;
        _cleanup_(root_done) Root root = ROOT_NULL;
        int r = scratch_new(&scratch);

        if (r == 0)
                r = root_open(scratch->path, release, &root);
        if (r < 0)
                return fail(u, r, "cannot be unpacked into a folder of its own: %s", strerror(-r));
        u->folder = root.fd;
        r = unpack(file, u);
        if (r < 0)
                return r;
        root.path = name;
        root.scratch = TAKE_PTR(scratch);
        *ret = root;
        root = ROOT_NULL;
        return 0;
}

int capture_open(const char *file, const char *release, const CaptureLimits *limits, Root *ret,
        char **reterr_trouble)
{
        _cleanup_close_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        Unpacking u = {.limits = limits};
        struct stat st = {0};
        int r = 0;

        if (fd < 0 || fstat(fd, &st) < 0)
                r = fail(&u, -errno, "cannot be read: %s", strerror(errno));
        else if (!S_ISREG(st.st_mode))
                r = fail(&u, -EINVAL, "is neither a folder nor a file");
        else
                r = open_capture(fd, release, file, ret, &u);
        if (r < 0)
                *reterr_trouble = u.trouble;
        return r;
}
