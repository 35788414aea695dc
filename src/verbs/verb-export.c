/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "base/guess.h"
#include "base/quote.h"
#include "host/scan.h"
#include "report/export-ids.h"
#include "report/export-kubevirt.h"
#include "report/export-libvirt.h"
#include "report/export-metrics.h"
#include "report/export-nfd.h"
#include "report/export-qemu.h"
#include "verbs/say.h"
#include "verbs/standing.h"
#include "verbs/verbs.h"

typedef struct ExportFormat {
        const char *name;
        const char *help;
        void (*write)(Export *e);
} ExportFormat;

static const ExportFormat formats[] = {
        {"libvirt", "<hostdev> elements, for the <devices> of a domain (virsh edit)",
                export_libvirt},
        {"qemu", "arguments, for a guest of -machine q35: qemu-system-x86_64 $(...)", export_qemu},
        {"kubevirt", "YAML: permittedHostDevices, and the devices of a VirtualMachine",
                export_kubevirt},
        {"cmdline", "kernel words that do it without vfio-gpu, as far as ids can",
                export_ids_cmdline},
        {"dracut", "the same as files: /etc/dracut.conf.d/vfio-pci.conf", export_ids_dracut},
        {"modprobe", "and /etc/modprobe.d/vfio-pci.conf", export_ids_modprobe},
        {"nfd", "a feature file for Kubernetes' Node Feature Discovery", export_nfd},
        {"metrics", "metrics for Prometheus, as its node_exporter reads them from a file",
                export_metrics},
};

const char *verb_export_format(size_t i)
{
        return i < ARRAY_SIZE(formats) ? formats[i].name : NULL;
}

static void say_formats(void)
{
        for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
                say_error("  export %-10s %s", formats[i].name, formats[i].help);
}

static const ExportFormat *find_format(const char *name)
{
        for (size_t i = 0; name && i < ARRAY_SIZE(formats); i++)
                if (strcmp(formats[i].name, name) == 0)
                        return &formats[i];
        return NULL;
}

static void say_no_format(const char *name)
{
        Guess guess = guess_for(name);

        for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
                guess_offer(&guess, formats[i].name);
        if (guess.best) {
                say_error("there is no format %s to export; did you mean \"%s\"? `vfio-gpu export` "
                          "lists them",
                        quote(name), guess.best);
                return;
        }
        say_error("there is no format %s to export; there are:", quote(name));
        say_formats();
}

static const ExportFormat *read_format(const Options *options)
{
        const char *name = options->n_arguments > 0 ? options->arguments[0] : NULL;
        const ExportFormat *format = find_format(name);

        if (format)
                return format;
        if (name) {
                say_no_format(name);
                return NULL;
        }
        say_error("export wants a format; there are:");
        say_formats();
        return NULL;
}

/* Of the host as a whole. */
static bool tells_all(const ExportFormat *format)
{
        return format->write == export_nfd || format->write == export_metrics;
}

bool verb_export_takes_names(const char *name)
{
        const ExportFormat *format = find_format(name);

        return format && !tells_all(format);
}

static bool suits(const ExportFormat *format, const Options *options)
{
        if (tells_all(format) && options->n_arguments > 1) {
                say_error("export %s tells of all GPUs: name none", format->name);
                return false;
        }
        if (options->gpu_operator && format->write != export_nfd) {
                say_error("export %s takes no --gpu-operator (export nfd does)", format->name);
                return false;
        }
        if (options->nvidia_plugin && format->write != export_kubevirt) {
                say_error(
                        "export %s takes no --nvidia-plugin (export kubevirt does)", format->name);
                return false;
        }
        return true;
}

/* Another machine's tree tells what its config would reach, as `check` does; of this one it is told
 * how it stands, as by `status`. */
static ExitStatus judge(Session *s, Report *ret)
{
        Stages stages = {0};

        if (s->options->root)
                return session_foresee(s, ret);
        stages_read(&s->root, s->arena, &stages);

        ExitStatus status = standing_report(s, &stages, ret);
        stages_done(&stages);
        return status;
}

/* Empty where memory has run out. */
static ExitStatus print(Session *s, const Export *e)
{
        if (arena_failed(s->arena))
                return session_out_of_memory(s);
        for (size_t i = 0; i < e->n_warnings; i++)
                say_error("warning: %s", e->warnings[i]);
        fputs(e->text.string, stdout);
        return e->incomplete ? EXIT_STATUS_UNSATISFIED : EXIT_STATUS_OK;
}

static ExitStatus write_format(Session *s, const ExportFormat *format)
{
        const Options *options = s->options;
        const char *unknown = NULL;
        Report report = {0};
        Export e;
        ExitStatus status = judge(s, &report);

        if (status != EXIT_STATUS_OK)
                return status;

        int r = export_select(&report, s->config, s->host, options->arguments + 1,
                options->n_arguments - 1, s->arena, &e, &unknown);
        if (r == -ENOENT)
                return session_fail(s, EXIT_STATUS_USAGE, ENOENT, "%s", unknown);
        if (r < 0)
                return session_out_of_memory(s);
        e.nvidia_plugin = options->nvidia_plugin;
        if (options->gpu_operator && gpu_operator_parse(options->gpu_operator, &e.gpu_operator) < 0)
                return session_fail(s, EXIT_STATUS_USAGE, EINVAL,
                        "--gpu-operator wants off, node or mixed, not %s",
                        quote(options->gpu_operator));
        format->write(&e);
        return print(s, &e);
}

ExitStatus verb_export(const Options *options)
{
        const ExportFormat *format = read_format(options);
        Session s;

        if (!format || !suits(format, options))
                return EXIT_STATUS_USAGE;

        ExitStatus status = session_open(options, SCAN_RELEASED | SCAN_NAMES, &s);
        if (status == EXIT_STATUS_OK)
                status = write_format(&s, format);
        session_done(&s);
        return status;
}
