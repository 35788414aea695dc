/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/root.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "host/scratch.h"
#include "host/trace.h"

/* openat2(2): a rename anywhere on the machine makes the lookup of `..` start over. */
#define LOOKUP_TRIES 1000

static int open_in_root(int fd, const char *path, int flags)
{
        struct open_how how = {
                .flags = (unsigned)flags,
                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        };
        long r = -1;

        for (int i = 0; i < LOOKUP_TRIES; i++) {
                r = syscall(SYS_openat2, fd, path, &how, sizeof(how));
                if (r >= 0 || errno != EAGAIN)
                        break;
        }
        return r < 0 ? -errno : (int)r;
}

static int open_at(int fd, const char *path, int flags)
{
        int r = openat(fd, path, flags);

        return r < 0 ? -errno : r;
}

static TraceKind kind_of(int flags)
{
        if (flags & O_PATH)
                return TRACE_LOOK;
        return flags & O_DIRECTORY ? TRACE_LIST : TRACE_READ;
}

int root_open_file(const Root *root, const char *path, int flags)
{
        flags |= O_CLOEXEC;
        trace_note(root->fd, path, kind_of(flags), !(flags & O_NOFOLLOW));
        return root->real ? open_at(root->fd, path, flags) : open_in_root(root->fd, path, flags);
}

int root_open(const char *dir, const char *release, Root *ret)
{
        Root root = {.path = dir ? dir : "/", .real = !dir, .release = release};
        _cleanup_close_ int fd = open(root.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int probe = -EBADF;

        if (fd < 0)
                return -errno;
        root.fd = fd;
        probe = root_open_file(&root, ".", O_PATH);
        if (probe < 0)
                return probe;
        root.fd = TAKE_FD(fd);
        *ret = root;
        return 0;
}

void root_done(Root *root)
{
        if (root->fd >= 0)
                close(root->fd);
        if (root->scratch)
                scratch_free(root->scratch);
        *root = ROOT_NULL;
}

typedef ssize_t (*Reader)(int fd, char *buffer, size_t size);

static int read_text(int fd, Reader read_into, size_t max, char **ret)
{
        _cleanup_free_ char *text = malloc(max + 2);

        if (!text)
                return -ENOMEM;

        ssize_t n = read_into(fd, text, max + 1);

        if (n < 0)
                return (int)n;
        if ((size_t)n > max)
                return -EFBIG;
        if (memchr(text, '\0', (size_t)n))
                return -EBADMSG;
        if (n > 0 && text[n - 1] == '\n')
                n--;
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

/* sysfs gives an attribute whole to the first read (fs/kernfs/file.c), and so does a file: the read
 * that finds the end is saved, of which a scan would do some thousands. */
static ssize_t read_once(int fd, char *buffer, size_t size)
{
        ssize_t n = -1;

        do
                n = read(fd, buffer, size);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : n;
}

int root_read(const Root *root, const char *path, size_t max, char **ret)
{
        _cleanup_close_ int fd = root_open_file(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

        return fd < 0 ? fd : read_text(fd, file_read_up_to, max, ret);
}

/* For reading. */
static int open_in_directory(int directory, const char *name, int flags)
{
        flags |= O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
        trace_note(directory, name, kind_of(flags), false);
        return open_at(directory, name, flags);
}

int directory_read(int directory, const char *name, size_t max, char **ret)
{
        _cleanup_close_ int fd = open_in_directory(directory, name, O_NONBLOCK | O_NOCTTY);

        return fd < 0 ? fd : read_text(fd, read_once, max, ret);
}

bool root_exists(const Root *root, const char *path)
{
        _cleanup_close_ int fd = root_open_file(root, path, O_PATH);

        return fd >= 0;
}

static int link_target(int fd, const char *name, char ret[static PATH_MAX])
{
        ssize_t n = readlinkat(fd, name, ret, PATH_MAX);

        if (n < 0)
                return -errno;
        if (n == PATH_MAX)
                return -ENAMETOOLONG;
        ret[n] = '\0';
        return 0;
}

static int duplicate(const char *text, char **ret)
{
        char *copy = strdup(text);

        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

static int last_component(const char *target, char **ret)
{
        const char *slash = strrchr(target, '/');

        return duplicate(slash ? slash + 1 : target, ret);
}

int directory_link_target(int fd, const char *name, char **ret)
{
        char target[PATH_MAX];

        trace_note(fd, name, TRACE_LOOK, false);

        int r = link_target(fd, name, target);

        return r < 0 ? r : duplicate(target, ret);
}

int directory_link_name(int fd, const char *name, char **ret)
{
        _cleanup_free_ char *target = NULL;
        int r = directory_link_target(fd, name, &target);

        return r < 0 ? r : last_component(target, ret);
}

int directory_has(int fd, const char *name)
{
        struct stat st = {0};

        trace_note(fd, name, TRACE_LOOK, false);
        return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* Takes over `fd`. */
static DIR *list(int fd)
{
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);

        if (!directory)
                closep(&fd);
        return directory;
}

DIR *root_list(const Root *root, const char *path)
{
        return list(root_open_file(root, path, O_RDONLY | O_DIRECTORY));
}

DIR *directory_list(int fd, const char *name)
{
        return list(open_in_directory(fd, name, O_DIRECTORY));
}

static int open_link(const Root *root, const char *path)
{
        return root_open_file(root, path, O_PATH | O_NOFOLLOW);
}

/* readlinkat(2) of an O_PATH descriptor that is no link */
static int no_link(int r)
{
        return r == -ENOENT ? -EINVAL : r;
}

int root_link_target(const Root *root, const char *path, char **ret)
{
        _cleanup_close_ int fd = open_link(root, path);
        char target[PATH_MAX];
        int r = fd < 0 ? fd : no_link(link_target(fd, "", target));

        return r < 0 ? r : duplicate(target, ret);
}

int root_link_name(const Root *root, const char *path, char **ret)
{
        _cleanup_free_ char *target = NULL;
        int r = root_link_target(root, path, &target);

        return r < 0 ? r : last_component(target, ret);
}

int root_open_directory(const Root *root, const char *path, int *ret_fd)
{
        int fd = root_open_file(root, path, O_PATH | O_DIRECTORY);

        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 0;
}
