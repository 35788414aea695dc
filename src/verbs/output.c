/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/output.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

ExitStatus output_fail(Session *s, const char *path, int r)
{
        if (r == -EEXIST)
                return session_fail(s, EXIT_STATUS_USAGE, EEXIST,
                        "%s exists already and is left as it is: name another file, or replace it "
                        "with --force",
                        path);
        return session_fail(
                s, EXIT_STATUS_MACHINE, -r, "%s could not be written: %s", path, strerror(-r));
}

/* With --force, too: a link that stands there leads to what somebody else looks after. */
static ExitStatus check_replaced(Session *s, const Output *output)
{
        struct stat st = {0};

        if (fstatat(output->folder, output->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? EXIT_STATUS_OK : output_fail(s, output->path, -errno);
        if (!s->options->force)
                return output_fail(s, output->path, -EEXIST);
        if (S_ISREG(st.st_mode))
                return EXIT_STATUS_OK;
        return session_fail(s, EXIT_STATUS_USAGE, EEXIST,
                "%s is %s and is left as it is, --force or not: name a file", output->path,
                S_ISLNK(st.st_mode)   ? "a symbolic link"
                : S_ISDIR(st.st_mode) ? "a directory"
                                      : "no regular file");
}

static ExitStatus open_folder(Session *s, const char *path, Output *output)
{
        const char *slash = strrchr(path, '/');
        const char *folder = ".";

        output->path = path;
        output->name = slash ? slash + 1 : path;
        if (slash)
                folder = arena_strndup(s->arena, path, (size_t)(output->name - path));
        if (!folder)
                return session_out_of_memory(s);
        output->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (output->folder < 0)
                return output_fail(s, path, -errno);
        return *output->name ? EXIT_STATUS_OK : output_fail(s, path, -EISDIR);
}

ExitStatus output_begin(Session *s, const char *path, mode_t mode, Output *ret)
{
        ExitStatus status = open_folder(s, path, ret);

        if (status == EXIT_STATUS_OK)
                status = check_replaced(s, ret);
        if (status != EXIT_STATUS_OK)
                return status;

        int r = file_draft_begin(ret->folder, ret->name, mode, &ret->draft);

        return r < 0 ? output_fail(s, path, r) : EXIT_STATUS_OK;
}

ExitStatus output_commit(Session *s, Output *output)
{
        int r = file_draft_commit(&output->draft, output->name, s->options->force);

        return r < 0 ? output_fail(s, output->path, r) : EXIT_STATUS_OK;
}

void output_done(Output *output)
{
        file_draft_done(&output->draft);
        closep(&output->folder);
}
