/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/conf-file.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* Returns `error`, and the sentence that explains it unless memory is out. */
static int _printf_(3, 4) fail(char **reterr_reason, int error, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        *reterr_reason = vformat(format, args);
        va_end(args);
        return error;
}

static int fail_open(int error, char **reterr_reason)
{
        switch (error) {
        case -ENOENT:
                return fail(reterr_reason, error,
                        "does not exist: `vfio-gpu init` prints one for this host, --config=FILE "
                        "names another");
        case -ELOOP:
                return fail(reterr_reason, error,
                        "is a symbolic link: put the file itself here, or name it with"
                        " --config=FILE");
        case -ENXIO:
                return fail(
                        reterr_reason, -EINVAL, "is a socket or a device: put a regular file here");
        case -EACCES:
                return fail(reterr_reason, error,
                        "may not be read by user %u: run as root, or chmod a+r it",
                        (unsigned)geteuid());
        default:
                return fail(reterr_reason, error, "cannot be opened: %s", strerror(-error));
        }
}

static const char *type_name(mode_t mode)
{
        switch (mode & S_IFMT) {
        case S_IFIFO:
                return "a FIFO";
        case S_IFCHR:
        case S_IFBLK:
                return "a device";
        default:
                return "no regular file";
        }
}

static int check(const struct stat *st, bool allow_own, char **reterr_reason)
{
        if (S_ISDIR(st->st_mode))
                return fail(reterr_reason, -EISDIR, "is a directory: put a regular file here");
        if (!S_ISREG(st->st_mode))
                return fail(reterr_reason, -EINVAL, "is %s: put a regular file here",
                        type_name(st->st_mode));
        if (st->st_uid != 0 && !(allow_own && st->st_uid == geteuid()))
                return fail(reterr_reason, -EPERM,
                        "is owned by user %u, not by root%s: chown root it", (unsigned)st->st_uid,
                        allow_own ? " or you" : "");
        if (st->st_mode & (S_IWGRP | S_IWOTH))
                return fail(reterr_reason, -EPERM,
                        "is writable by group or others (mode %04o): chmod go-w it",
                        st->st_mode & 07777u);
        if (st->st_size > (off_t)CONF_FILE_MAX)
                return fail(reterr_reason, -EFBIG,
                        "has %lld bytes, more than %zu: is it the right file?",
                        (long long)st->st_size, CONF_FILE_MAX);
        return 0;
}

int conf_file_read(const Root *root, const char *path, bool allow_own, char **ret, size_t *ret_size,
        char **reterr_reason)
{
        const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
        _cleanup_close_ int fd = root ? root_open_file(root, path, flags) : open(path, flags);
        _cleanup_free_ char *text = NULL;
        struct stat st = {0};

        if (fd < 0)
                return fail_open(root ? fd : -errno, reterr_reason);
        if (fstat(fd, &st) < 0)
                return fail_open(-errno, reterr_reason);
        int r = check(&st, allow_own, reterr_reason);
        if (r < 0)
                return r;
        /* room for one byte more tells a file that has grown */
        size_t size = (size_t)st.st_size;
        text = calloc(1, size + 2);
        if (!text)
                return fail(reterr_reason, -ENOMEM, "cannot be read: %s", strerror(ENOMEM));
        ssize_t n = file_read_up_to(fd, text, size + 1);
        if (n < 0)
                return fail(reterr_reason, (int)n, "cannot be read: %s", strerror((int)-n));
        if ((size_t)n != size)
                return fail(reterr_reason, -EAGAIN, "changed while it was read: try again");
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}
