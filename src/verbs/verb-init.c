/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "host/scan.h"
#include "policy/proposal.h"
#include "report/init.h"
#include "verbs/say.h"
#include "verbs/session.h"
#include "verbs/verbs.h"

#define MODE 0644 /* what the config of root's program needs, whatever the umask */

static ExitStatus cannot_write(Session *s, int r)
{
        const char *path = s->options->output;

        if (r == -EEXIST)
                return session_fail(s, EXIT_STATUS_USAGE, EEXIST,
                        "%s exists already and is left as it is: name another file, or replace it "
                        "with --force",
                        path);
        return session_fail(
                s, EXIT_STATUS_MACHINE, -r, "%s could not be written: %s", path, strerror(-r));
}

/* A link that stands there leads to what somebody else looks after. */
static ExitStatus check_replaced(Session *s, int folder, const char *name)
{
        struct stat st = {0};

        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? EXIT_STATUS_OK : cannot_write(s, -errno);
        if (S_ISREG(st.st_mode))
                return EXIT_STATUS_OK;
        return session_fail(s, EXIT_STATUS_USAGE, EEXIST,
                "%s is %s and is left as it is, --force or not: name a file", s->options->output,
                S_ISLNK(st.st_mode)   ? "a symbolic link"
                : S_ISDIR(st.st_mode) ? "a directory"
                                      : "no regular file");
}

static ExitStatus write_file(Session *s, const char *text)
{
        const char *path = s->options->output, *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        const char *folder = slash ? arena_strndup(s->arena, path, (size_t)(name - path)) : ".";
        _cleanup_close_ int fd = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
        ExitStatus status = EXIT_STATUS_OK;
        int r = 0;

        if (!folder)
                return session_out_of_memory(s);
        if (fd < 0)
                return cannot_write(s, -errno);
        if (!*name)
                return cannot_write(s, -EISDIR);
        if (s->options->force)
                status = check_replaced(s, fd, name);
        if (status != EXIT_STATUS_OK)
                return status;
        r = s->options->force ? file_replace_at(fd, name, text, MODE)
                              : file_create_at(fd, name, text, MODE);
        return r < 0 ? cannot_write(s, r) : EXIT_STATUS_OK;
}

static void say_written(const Session *s, const Proposals *proposals)
{
        const Options *options = s->options;
        bool the_config = !options->root && strcmp(options->output, CONFIG_PATH) == 0;

        printf("%s is written: of the %zu GPU%s here, it lists %zu for virtual machines\n",
                options->output, proposals->n_items, proposals->n_items == 1 ? "" : "s",
                proposals->n_asked);
        printf("next: `vfio-gpu %s%s%s%s%s%scheck`\n", options->root ? "--root=" : "",
                options->root ? options->root : "", options->root ? " " : "",
                the_config ? "" : "--config=", the_config ? "" : options->output,
                the_config ? "" : " ");
}

static ExitStatus write_out(Session *s, const Proposals *proposals)
{
        _cleanup_free_ char *text = init_text(s->host, proposals);
        ExitStatus status = EXIT_STATUS_OK;

        if (!text)
                return session_out_of_memory(s);
        if (!s->options->output)
                return session_print(s, TAKE_PTR(text));
        status = write_file(s, text);
        if (status == EXIT_STATUS_OK)
                say_written(s, proposals);
        return status;
}

static ExitStatus propose(Session *s)
{
        const Options *options = s->options;
        const char *trouble = NULL;
        Proposals proposals = {0};

        for (size_t i = 0; i < s->host->n_warnings; i++)
                say_error("warning: %s", s->host->warnings[i]);

        int r = proposals_build(
                s->host, options->arguments, options->n_arguments, s->arena, &proposals, &trouble);

        if (r == -EINVAL)
                return session_fail(
                        s, EXIT_STATUS_USAGE, EINVAL, "nothing is written: %s", trouble);
        return r < 0 ? session_out_of_memory(s) : write_out(s, &proposals);
}

ExitStatus verb_init(const Options *options)
{
        Session s;
        ExitStatus status = session_start(options, &s);

        if (status == EXIT_STATUS_OK)
                status = session_scan(&s, SCAN_NAMES);
        if (status == EXIT_STATUS_OK)
                status = propose(&s);
        session_done(&s);
        return status;
}
