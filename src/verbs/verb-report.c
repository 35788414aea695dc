/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/quote.h"
#include "host/publish.h"
#include "host/scan.h"
#include "report/export-metrics.h"
#include "report/export-nfd.h"
#include "verbs/say.h"
#include "verbs/standing.h"
#include "verbs/verbs.h"

#define FEATURES      "etc/kubernetes/node-feature-discovery/features.d"
#define FEATURES_FILE "vfio-gpu"
#define METRICS_FILE  "vfio-gpu.prom" /* node_exporter reads *.prom */

/* What there is to tell, and to whom. */
typedef struct Publication {
        const char *features; /* NULL: the file goes away */
        const char *metrics;
} Publication;

static ExitStatus publish(Session *s, const char *folder, const char *name, const char *text)
{
        int r = publish_file(&s->root, folder, name, text);

        if (r < 0)
                return session_fail(
                        s, EXIT_STATUS_MACHINE, -r, "/%s/%s: %s", folder, name, strerror(-r));
        if (s->options->verbose && r > 0)
                say_detail("/%s/%s is %s", folder, name, text ? "written" : "taken away");
        return EXIT_STATUS_OK;
}

/* NFD's folder is there where NFD is; that for metrics was named. */
static ExitStatus publish_all(Session *s, const Publication *publication)
{
        const char *textfile = s->options->textfile;
        ExitStatus features = EXIT_STATUS_OK, metrics = EXIT_STATUS_OK;

        if (root_exists(&s->root, FEATURES))
                features = publish(s, FEATURES, FEATURES_FILE, publication->features);
        else if (s->options->verbose)
                say_detail("there is no /%s, and so no Node Feature Discovery", FEATURES);
        if (textfile)
                metrics = publish(
                        s, textfile + strspn(textfile, "/"), METRICS_FILE, publication->metrics);
        return features != EXIT_STATUS_OK ? features : metrics;
}

static bool any_ready(const Report *report)
{
        for (size_t i = 0; i < report->plan->claims.n_items; i++)
                if (report->verdicts[i].result == RESULT_READY)
                        return true;
        return false;
}

static const char *make(Export e, void (*write)(Export *e))
{
        const size_t known = e.n_warnings; /* what vfio-gpu.service tells of */

        write(&e);
        for (size_t i = known; i < e.n_warnings; i++)
                say_error("warning: %s", e.warnings[i]);
        return e.text.string;
}

static ExitStatus gather(Session *s, GpuOperator gpu_operator, Publication *ret)
{
        Stages stages = {0};
        Report report = {0};
        const char *unknown = NULL;
        Export e;

        stages_read(&s->root, s->arena, &stages);
        ExitStatus status = standing_report(s, &stages, &report);
        stages_done(&stages);
        if (status != EXIT_STATUS_OK)
                return status;
        if (export_select(&report, s->config, s->host, NULL, 0, s->arena, &e, &unknown) < 0)
                return session_out_of_memory(s);
        e.gpu_operator = gpu_operator;

        const Publication publication = {
                .features = any_ready(&report) ? make(e, export_nfd) : NULL,
                .metrics = make(e, export_metrics),
        };
        if (arena_failed(s->arena))
                return session_out_of_memory(s);
        *ret = publication;
        return EXIT_STATUS_OK;
}

static ExitStatus read_options(const Options *options, GpuOperator *ret)
{
        const char *word = options->gpu_operator;
        const char *textfile = options->textfile;

        if (word && gpu_operator_parse(word, ret) < 0) {
                say_error("--gpu-operator wants off, node or mixed, not %s", quote(word));
                return EXIT_STATUS_USAGE;
        }
        if (textfile && (*textfile != '/' || !textfile[strspn(textfile, "/")])) {
                say_error("--textfile wants the full path of a folder, not %s", quote(textfile));
                return EXIT_STATUS_USAGE;
        }
        return EXIT_STATUS_OK;
}

/* What was told before is true no longer, where nothing can be told now. */
ExitStatus verb_report(const Options *options)
{
        GpuOperator gpu_operator = GPU_OPERATOR_UNSAID;
        ExitStatus status = read_options(options, &gpu_operator);
        ExitStatus published = EXIT_STATUS_OK;
        Publication publication = {0};
        Session s;

        if (status != EXIT_STATUS_OK)
                return status;
        status = session_open(options, SCAN_RELEASED, &s);
        if (status == EXIT_STATUS_OK)
                status = gather(&s, gpu_operator, &publication);
        if (s.root.fd >= 0)
                published = publish_all(&s, &publication);
        session_done(&s);
        return status != EXIT_STATUS_OK ? status : published;
}
