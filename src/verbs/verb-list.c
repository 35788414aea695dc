/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan.h"
#include "report/report-json.h"
#include "report/report-table.h"
#include "report/report-text.h"
#include "verbs/say.h"
#include "verbs/session.h"
#include "verbs/verbs.h"

static ExitStatus print_list(Session *s)
{
        GpuList list = {0};

        for (size_t i = 0; i < s->host->n_warnings; i++)
                say_error("warning: %s", s->host->warnings[i]);
        if (list_build(s->host, s->plan, s->arena, &list) < 0)
                return session_out_of_memory(s);
        if (s->options->json)
                return session_print(s, report_json_list(&list));

        const Look *look = session_look(s);
        return session_print(s, look ? report_table_list(&list, look) : report_text_list(&list));
}

/* The hardware is shown even where the config is wrong; the status then says so. */
static ExitStatus list(Session *s)
{
        ExitStatus config = session_read_config(s, true);

        if (config == EXIT_STATUS_OK)
                config = session_plan(s);

        ExitStatus status = print_list(s);
        return status != EXIT_STATUS_OK ? status : config;
}

ExitStatus verb_list(const Options *options)
{
        Session s;
        ExitStatus status = session_start(options, &s);

        if (status == EXIT_STATUS_OK)
                status = session_scan(&s, SCAN_NAMES);
        if (status == EXIT_STATUS_OK)
                status = list(&s);
        session_done(&s);
        return status;
}
