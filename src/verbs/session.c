/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/session.h"

#include <string.h>

#include "host/conf-file.h"
#include "host/run-dir.h"
#include "host/scan.h"
#include "verbs/say.h"

ExitStatus session_out_of_memory(void)
{
        say_error("out of memory");
        return EXIT_STATUS_MACHINE;
}

static ExitStatus scan(Session *s, unsigned flags)
{
        _cleanup_free_ char *message = NULL;
        int r = scan_host(&s->root, flags, &s->host, &message);

        if (r < 0) {
                say_error("the machine could not be read: %s", message ? message : strerror(-r));
                return EXIT_STATUS_MACHINE;
        }
        if (kernel_words_parse(s->host->cmdline, s->arena, &s->words) < 0)
                return session_out_of_memory();
        if (s->options->verbose)
                say_detail("%s stage, kernel %s, %zu PCI functions, config %s",
                        stage_word(s->host->stage), s->host->release ? s->host->release : "unknown",
                        s->host->n_functions, s->config_path);
        return EXIT_STATUS_OK;
}

static char *config_path(const Options *options)
{
        char *path = NULL;

        if (options->config)
                return strdup(options->config);
        if (asprintf(&path, "%s/etc/vfio-gpu.conf", options->root ? options->root : "") < 0)
                return NULL;
        return path;
}

ExitStatus session_open(const Options *options, unsigned scan_flags, Session *ret)
{
        int r = 0;

        *ret = (Session){.options = options, .root = ROOT_NULL};
        ret->config_path = config_path(options);
        ret->arena = arena_new();
        if (!ret->arena || !ret->config_path)
                return session_out_of_memory();
        r = root_open(options->root, options->release, &ret->root);
        if (r < 0) {
                say_error("%s: %s", options->root ? options->root : "/", strerror(-r));
                return EXIT_STATUS_MACHINE;
        }
        return scan(ret, scan_flags);
}

void session_done(Session *s)
{
        if (s->plan)
                plan_free(s->plan);
        if (s->config)
                config_free(s->config);
        if (s->host)
                host_free(s->host);
        arena_free(s->arena);
        free(s->config_path);
        free(s->config_text);
        root_done(&s->root);
}

static void remember_trouble(Session *s, int error, unsigned line, const char *text, size_t more)
{
        Arena *arena = s->arena;
        const char *place = line > 0 ? arena_printf(arena, ":%u", line) : "";
        const char *others = more > 0 ? arena_printf(arena, " (and %zu more)", more) : "";

        s->error = error;
        s->trouble = arena_printf(arena, "config wrong, nothing was changed: %s%s: %s%s",
                s->config_path, place ? place : "", text, others ? others : "");
}

static ExitStatus parse_config(Session *s, size_t size)
{
        _cleanup_(config_problems_freep) ConfigProblems *problems = NULL;
        int r = config_parse(s->config_path, s->config_text, size, &s->config, &problems);

        if (r == 0)
                return EXIT_STATUS_OK;
        if (r != -EINVAL)
                return session_out_of_memory();
        say_problems(s->config_path, problems);
        remember_trouble(
                s, EINVAL, problems->items[0].line, problems->items[0].text, problems->n_items - 1);
        return EXIT_STATUS_CONFIG;
}

static ExitStatus no_config(Session *s)
{
        static const char empty[] = "gpus = ( );";

        s->config_text = strdup(empty);
        return s->config_text ? parse_config(s, sizeof(empty) - 1) : session_out_of_memory();
}

ExitStatus session_read_config(Session *s, bool quiet_if_missing)
{
        _cleanup_free_ char *reason = NULL;
        size_t size = 0;
        int r = conf_file_read(s->config_path, geteuid() != 0 || s->options->root != NULL,
                &s->config_text, &size, &reason);

        if (r == -ENOENT && quiet_if_missing)
                return no_config(s);
        if (r < 0) {
                const char *text = reason ? reason : strerror(-r);
                const ConfigProblem problem = {.text = text};

                say_problems(s->config_path,
                        &(ConfigProblems){.items = (ConfigProblem[]){problem}, .n_items = 1});
                remember_trouble(s, -r, 0, text, 0);
                return EXIT_STATUS_CONFIG;
        }
        return parse_config(s, size);
}

ExitStatus session_plan(Session *s)
{
        if (!s->config) {
                bool off = plan_off(&s->words, s->host) != PLAN_ON;
                ExitStatus status = off ? no_config(s) : session_read_config(s, false);

                if (status != EXIT_STATUS_OK)
                        return status;
        }
        if (plan_build(s->config, &s->words, s->host, &s->plan) < 0)
                return session_out_of_memory();
        return EXIT_STATUS_OK;
}

ExitStatus session_open_plan(const Options *options, Session *ret)
{
        ExitStatus status = session_open(options, 0, ret);

        return status == EXIT_STATUS_OK ? session_plan(ret) : status;
}

bool session_initrd_is_stale(const Session *s)
{
        _cleanup_free_ char *used = NULL;

        if (s->host->stage == STAGE_INITRD ||
                root_read(&s->root, RUN_DIR "/initrd.conf", CONF_FILE_MAX, &used) < 0)
                return false;

        /* root_read() strips one newline at the end */
        size_t length = strlen(s->config_text);
        if (length > 0 && s->config_text[length - 1] == '\n')
                length--;
        return strlen(used) != length || strncmp(used, s->config_text, length) != 0;
}

ExitStatus session_report(
        Session *s, const Verdict *verdicts, const StepOutcome *outcomes, Report *ret)
{
        bool stale = s->plan->off == PLAN_ON && session_initrd_is_stale(s);
        int r = report_build(
                s->config_path, stale, s->host, s->plan, verdicts, outcomes, s->arena, ret);

        return r < 0 ? session_out_of_memory() : EXIT_STATUS_OK;
}

ExitStatus session_print(char *text)
{
        if (!text)
                return session_out_of_memory();
        fputs(text, stdout);
        free(text);
        return EXIT_STATUS_OK;
}
