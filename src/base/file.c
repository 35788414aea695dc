/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* What is below /proc/sys refuses to be read in pieces of KMALLOC_MAX_SIZE, 4 MiB, and more
 * (fs/proc/proc_sysctl.c). */
#define READ_MAX ((size_t)1024 * 1024)

ssize_t file_read_up_to(int fd, char *buffer, size_t size)
{
        size_t length = 0;

        while (length < size) {
                size_t left = size - length;
                ssize_t n = read(fd, buffer + length, left < READ_MAX ? left : READ_MAX);

                if (n == 0)
                        break;
                if (n > 0)
                        length += (size_t)n;
                else if (errno != EINTR)
                        return -errno;
        }
        return (ssize_t)length;
}

int file_write(int fd, const char *data, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0) {
                        data += n;
                        size -= (size_t)n;
                }
        }
        return 0;
}

const char *file_fd_path(int fd, char buffer[static FILE_FD_PATH_SIZE])
{
        snprintf(buffer, FILE_FD_PATH_SIZE, "/proc/self/fd/%d", fd);
        return buffer;
}

/* Nobody is to foresee it. The source that blocks until the kernel has seen enough is not for the
 * first second of a boot. */
static char *make_name(const char *name)
{
        uint64_t random = 0;
        char *made = NULL;

        (void)getrandom(&random, sizeof(random), GRND_INSECURE);
        return asprintf(&made, ".%s.%016" PRIx64, name, random) < 0 ? NULL : made;
}

/* One without a name goes with the process, however that ends; NFS, FAT and others have none. */
static int open_draft(FileDraft *draft, const char *name, mode_t mode)
{
        draft->fd = openat(draft->folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
        if (draft->fd >= 0)
                return 0;
        draft->name = make_name(name);
        if (!draft->name)
                return -ENOMEM;
        draft->fd = openat(draft->folder, draft->name,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (draft->fd >= 0)
                return 0;

        int r = -errno;

        free(TAKE_PTR(draft->name));
        return r;
}

int file_draft_begin(int folder, const char *name, mode_t mode, FileDraft *ret)
{
        _cleanup_(file_draft_done) FileDraft draft = {.folder = folder, .fd = -EBADF};
        int r = open_draft(&draft, name, mode);

        if (r < 0)
                return r;
        /* the mode is a promise to readers, whatever the umask */
        if (fchmod(draft.fd, mode) < 0)
                return -errno;
        *ret = draft;
        draft = FILE_DRAFT_NULL;
        return 0;
}

/* Links replace nothing, so that it takes this and a rename. */
static int name_draft(FileDraft *draft, const char *name)
{
        _cleanup_free_ char *made = make_name(name);
        char path[FILE_FD_PATH_SIZE];

        if (!made)
                return -ENOMEM;
        if (linkat(AT_FDCWD, file_fd_path(draft->fd, path), draft->folder, made,
                    AT_SYMLINK_FOLLOW) < 0)
                return -errno;
        draft->name = TAKE_PTR(made);
        return 0;
}

/* NFS cannot rename without replacing, FAT has no links. */
static int rename_draft(FileDraft *draft, const char *name, bool replace)
{
        const unsigned flags = replace ? 0 : RENAME_NOREPLACE;

        if (renameat2(draft->folder, draft->name, draft->folder, name, flags) == 0) {
                free(TAKE_PTR(draft->name));
                return 0;
        }
        if (replace || errno != EINVAL)
                return -errno;
        return linkat(draft->folder, draft->name, draft->folder, name, 0) < 0 ? -errno : 0;
}

int file_draft_commit(FileDraft *draft, const char *name, bool replace)
{
        /* what has its name already must not be empty after a power cut */
        int r = fsync(draft->fd) < 0 ? -errno : 0;

        if (r == 0 && !draft->name)
                r = name_draft(draft, name);
        return r < 0 ? r : rename_draft(draft, name, replace);
}

void file_draft_done(FileDraft *draft)
{
        if (draft->name)
                (void)unlinkat(draft->folder, draft->name, 0);
        free(draft->name);
        closep(&draft->fd);
        *draft = FILE_DRAFT_NULL;
}

static int write_whole(int folder, const char *name, const char *text, mode_t mode, bool replace)
{
        _cleanup_(file_draft_done) FileDraft draft = FILE_DRAFT_NULL;
        int r = file_draft_begin(folder, name, mode, &draft);

        if (r == 0)
                r = file_write(draft.fd, text, strlen(text));
        return r < 0 ? r : file_draft_commit(&draft, name, replace);
}

int file_create_at(int dir_fd, const char *name, const char *text, mode_t mode)
{
        return write_whole(dir_fd, name, text, mode, false);
}

int file_replace_at(int dir_fd, const char *name, const char *text, mode_t mode)
{
        return write_whole(dir_fd, name, text, mode, true);
}

int file_open_own_folder(int dir_fd, const char *path)
{
        bool made = mkdirat(dir_fd, path, 0755) == 0;
        _cleanup_close_ int fd = -EBADF;
        struct stat st = {0};

        if (!made && errno != EEXIST)
                return -errno;
        fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (made && fchmod(fd, 0755) < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
                return -EPERM;
        return TAKE_FD(fd);
}
