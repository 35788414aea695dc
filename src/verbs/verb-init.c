/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/file.h"
#include "host/scan.h"
#include "policy/proposal.h"
#include "report/init.h"
#include "verbs/output.h"
#include "verbs/say.h"
#include "verbs/session.h"
#include "verbs/verbs.h"

#define MODE 0644 /* what the config of root's program needs, whatever the umask */

static ExitStatus write_file(Session *s, const char *text)
{
        _cleanup_(output_done) Output output = OUTPUT_NULL;
        ExitStatus status = output_begin(s, s->options->output, MODE, &output);

        if (status != EXIT_STATUS_OK)
                return status;

        int r = file_write(output.draft.fd, text, strlen(text));
        return r < 0 ? output_fail(s, s->options->output, r) : output_commit(s, &output);
}

static void say_written(const Session *s, const Proposals *proposals)
{
        printf("%s is written: of the %zu GPU%s here, it lists %zu for virtual machines\n",
                s->options->output, proposals->n_items, proposals->n_items == 1 ? "" : "s",
                proposals->n_asked);
        printf("next: `%s`\n", session_command(s, s->options->output, "check"));
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
