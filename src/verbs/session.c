/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/session.h"

#include <stdarg.h>
#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "host/capabilities.h"
#include "host/capture.h"
#include "host/conf-file.h"
#include "host/scan-card.h"
#include "host/scan-settings.h"
#include "host/scan-users.h"
#include "host/scan.h"
#include "policy/match.h"
#include "report/report-json.h"
#include "report/report-table.h"
#include "report/report-text.h"
#include "verbs/say.h"

ExitStatus session_fail(Session *s, ExitStatus status, int error, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        _cleanup_free_ char *text = vformat(format, args);
        va_end(args);
        if (!s->recorded)
                say_error("%s", text ? text : "out of memory");
        s->error = error;
        s->trouble = text && s->arena ? arena_strdup(s->arena, text) : NULL;
        if (!s->trouble)
                s->trouble = "out of memory";
        return status;
}

ExitStatus session_out_of_memory(Session *s)
{
        return session_fail(s, EXIT_STATUS_MACHINE, ENOMEM, "out of memory");
}

/* As the user knows it; below --root it is opened as /etc/vfio-gpu.conf of that tree. */
static char *config_path(const Options *options)
{
        char *path = NULL;

        if (options->config)
                return strdup(options->config);
        if (asprintf(&path, "%s%s", options->root ? options->root : "", CONFIG_PATH) < 0)
                return NULL;
        return path;
}

static ExitStatus open_machine(Session *s)
{
        const Options *options = s->options;
        _cleanup_free_ char *trouble = NULL;
        int r = root_open(options->root, options->release, &s->root);

        if (r == -ENOTDIR)
                r = capture_open(
                        options->root, options->release, &capture_limits, &s->root, &trouble);
        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r, trouble ? "%s %s" : "%s: %s",
                        options->root ? options->root : "/", trouble ? trouble : strerror(-r));
        return EXIT_STATUS_OK;
}

ExitStatus session_start(const Options *options, Session *ret)
{
        *ret = (Session){.options = options, .root = ROOT_NULL};
        ret->config_path = config_path(options);
        ret->arena = arena_new();
        if (!ret->arena || !ret->config_path)
                return session_out_of_memory(ret);

        return open_machine(ret);
}

ExitStatus session_keep(Session *s, uint64_t capabilities)
{
        int r = capabilities_keep(capabilities);

        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r,
                        "privileges could not be given away: %s", strerror(-r));
        return EXIT_STATUS_OK;
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

ExitStatus session_scan(Session *s, unsigned scan_flags)
{
        _cleanup_free_ char *message = NULL;
        int r = scan_host(&s->root, scan_flags, &s->host, &message);

        if (r < 0)
                return session_fail(s, EXIT_STATUS_MACHINE, -r, "the machine could not be read: %s",
                        message ? message : strerror(-r));
        if (kernel_words_parse(s->host->cmdline, s->arena, &s->words) < 0)
                return session_out_of_memory(s);
        if (s->options->verbose)
                say_detail("%s stage, kernel %s, %zu PCI functions, config %s",
                        stage_word(s->host->stage), s->host->release ? s->host->release : "unknown",
                        s->host->n_functions, s->config_path);
        return EXIT_STATUS_OK;
}

/* The mistakes are said already, each on its own. */
static ExitStatus config_is_wrong(Session *s, int error, const ConfigProblem *first, size_t more)
{
        Arena *arena = s->arena;
        const char *place = first->line > 0 ? arena_printf(arena, ":%u", first->line) : "";
        const char *others = more > 0 ? arena_printf(arena, " (and %zu more)", more) : "";

        s->error = error;
        s->trouble = arena_printf(arena, "config wrong, nothing was changed: %s%s: %s%s%s%s",
                s->config_path, place ? place : "", first->key ? first->key : "",
                first->key ? ": " : "", first->text, others ? others : "");
        if (!s->trouble)
                s->trouble = "config wrong, nothing was changed";
        return EXIT_STATUS_CONFIG;
}

static ExitStatus parse_config(Session *s, size_t size)
{
        _cleanup_(config_problems_freep) ConfigProblems *problems = NULL;
        int r = config_parse(s->config_path, s->config_text, size, &s->config, &problems);

        if (r == 0)
                return EXIT_STATUS_OK;
        if (r != -EINVAL)
                return session_out_of_memory(s);
        say_problems(s->config_path, problems);
        return config_is_wrong(s, EINVAL, &problems->items[0], problems->n_items - 1);
}

static ExitStatus no_config(Session *s)
{
        static const char empty[] = "gpus = ( );";

        s->config_text = strdup(empty);
        return s->config_text ? parse_config(s, sizeof(empty) - 1) : session_out_of_memory(s);
}

ExitStatus session_read_config(Session *s, bool quiet_if_missing)
{
        _cleanup_free_ char *reason = NULL;
        const bool below = s->options->root && !s->options->config;
        size_t size = 0;
        int r = conf_file_read(below ? &s->root : NULL, below ? CONFIG_PATH : s->config_path,
                geteuid() != 0 || s->options->root, &s->config_text, &size, &reason);

        if (r == -ENOENT && quiet_if_missing)
                return no_config(s);
        if (r == -ENOMEM)
                return session_out_of_memory(s);
        if (r < 0) {
                ConfigProblem problem = {.text = reason ? reason : strerror(-r)};

                say_problems(s->config_path, &(ConfigProblems){.items = &problem, .n_items = 1});
                return config_is_wrong(s, -r, &problem, 0);
        }
        return parse_config(s, size);
}

static unsigned wanted_of(const Session *s, const Function *f)
{
        unsigned wanted = 0;

        if (!f->asked && match_wants_answer(s->config, s->host, f))
                wanted |= SCAN_CARD_ANSWER;
        if (f->serial.state == SERIAL_UNREAD && match_wants_serial(s->config, s->host, f))
                wanted |= SCAN_CARD_SERIAL;
        return wanted;
}

/* To ask wakes a card. */
static ExitStatus ask(Session *s, unsigned (*of)(const Session *s, const Function *f))
{
        unsigned *wanted = arena_array(s->arena, s->host->n_functions, sizeof(*wanted));

        if (!wanted)
                return session_out_of_memory(s);
        for (size_t i = 0; i < s->host->n_functions; i++)
                wanted[i] = of(s, &s->host->functions[i]);
        return scan_cards(&s->root, s->host, wanted) < 0 ? session_out_of_memory(s)
                                                         : EXIT_STATUS_OK;
}

ExitStatus session_ask_cards(Session *s)
{
        return ask(s, wanted_of);
}

static ExitStatus build_plan(Session *s)
{
        if (s->plan)
                plan_free(TAKE_PTR(s->plan));
        if (plan_build(s->config, &s->words, s->host, s->slot, &s->plan) < 0)
                return session_out_of_memory(s);
        return EXIT_STATUS_OK;
}

/* Only where an entry wants them otherwise; then the plan is made anew. */
static ExitStatus read_settings(Session *s)
{
        Function **wanted = arena_array(s->arena, s->host->n_functions, sizeof(*wanted));
        size_t n = 0;

        if (!wanted)
                return session_out_of_memory(s);
        for (size_t i = 0; i < s->host->n_functions; i++)
                if (plan_wants_settings(s->plan, &s->host->functions[i]))
                        wanted[n++] = &s->host->functions[i];
        scan_settings(&s->root, s->host, wanted, n);
        if (arena_failed(s->host->arena))
                return session_out_of_memory(s);
        return n > 0 ? build_plan(s) : EXIT_STATUS_OK;
}

ExitStatus session_plan(Session *s)
{
        const bool off = plan_off(&s->words, s->host) != PLAN_ON;
        ExitStatus status = EXIT_STATUS_OK;

        if (!s->config)
                status = off ? no_config(s) : session_read_config(s, false);
        if (status == EXIT_STATUS_OK && !off)
                status = session_ask_cards(s);
        if (status == EXIT_STATUS_OK)
                status = build_plan(s);
        return status == EXIT_STATUS_OK ? read_settings(s) : status;
}

/* Those that the plan takes from a driver, and of which nobody has asked yet who uses them. */
static size_t list_unasked(Session *s, Function **functions)
{
        size_t n = 0;

        for (size_t i = 0; s->host->stage == STAGE_SYSTEM && i < s->host->n_functions; i++) {
                Function *f = &s->host->functions[i];

                if (!f->users.known && plan_takes(s->plan, f))
                        functions[n++] = f;
        }
        return n;
}

ExitStatus session_ask_users(Session *s)
{
        Function **unasked = arena_array(s->arena, s->host->n_functions, sizeof(*unasked));

        if (!unasked)
                return session_out_of_memory(s);
        for (size_t n; (n = list_unasked(s, unasked)) > 0;) {
                ExitStatus status = EXIT_STATUS_OK;

                if (scan_users(&s->root, s->host, unasked, n) < 0)
                        return session_out_of_memory(s);
                plan_free(TAKE_PTR(s->plan));
                status = session_plan(s);
                if (status != EXIT_STATUS_OK)
                        return status;
        }
        return EXIT_STATUS_OK;
}

static unsigned wanted_elsewhere(const Session *s, const Function *f)
{
        return f->serial.state == SERIAL_UNREAD && match_may_have_moved(s->config, s->host, f)
                       ? SCAN_CARD_SERIAL
                       : 0;
}

ExitStatus session_look_elsewhere(Session *s)
{
        bool any = false;

        if (s->plan->off != PLAN_ON)
                return EXIT_STATUS_OK;
        for (size_t i = 0; i < s->host->n_functions; i++)
                any |= wanted_elsewhere(s, &s->host->functions[i]) != 0;
        if (!any)
                return EXIT_STATUS_OK;

        ExitStatus status = ask(s, wanted_elsewhere);
        return status == EXIT_STATUS_OK ? session_plan(s) : status;
}

ExitStatus session_open(const Options *options, unsigned scan_flags, Session *ret)
{
        ExitStatus status = session_start(options, ret);

        if (status == EXIT_STATUS_OK)
                status = session_scan(ret, scan_flags);
        return status == EXIT_STATUS_OK ? session_plan(ret) : status;
}

ImageState session_judge_image(const Session *s)
{
        bool off = s->plan && s->plan->off != PLAN_ON;

        /* an image holds a copy of the config in /etc, and of no other */
        if (!s->host || !s->config_text || s->options->config || off)
                return IMAGE_FITS;
        return image_judge(
                s->host, s->config_text, s->plan ? &s->plan->claims : &(const Claims){0});
}

ExitStatus session_report(Session *s, const Verdict *verdicts, const StepOutcome *outcomes,
        bool expected, Report *ret)
{
        const ReportInput input = {
                .config_path = s->config_path,
                .config = s->config,
                .slot = s->slot,
                .image = session_judge_image(s),
                .expected = expected,
                .host = s->host,
                .plan = s->plan,
                .verdicts = verdicts,
                .outcomes = outcomes,
        };

        return report_build(&input, s->arena, ret) < 0 ? session_out_of_memory(s) : EXIT_STATUS_OK;
}

ExitStatus session_foresee(Session *s, Report *ret)
{
        size_t n = s->plan->claims.n_items;
        Verdict *verdicts = arena_array(s->arena, n, sizeof(Verdict));

        for (size_t i = 0; verdicts && i < n; i++)
                verdicts[i] = verify_expected(&s->plan->claims.items[i], s->arena);
        return session_report(s, verdicts, NULL, true, ret);
}

const Look *session_look(Session *s)
{
        screen_open(&s->screen);
        /* an initramfs does not hold the library, and has no packages */
        return screen_look(&s->screen, s->host->stage != STAGE_INITRD);
}

static ExitStatus print_for_people(Session *s, const Report *report, bool steps)
{
        const Look *look = session_look(s);
        ExitStatus status = EXIT_STATUS_OK;

        if (steps)
                status = session_print(s, look ? report_table_plan(report->plan, look)
                                               : report_text_plan(report->plan));
        if (status == EXIT_STATUS_OK)
                status = session_print(s, look ? report_table(report, look) : report_text(report));
        return status;
}

ExitStatus session_print_report(Session *s, const Report *report, bool steps)
{
        return s->options->json ? session_print(s, report_json(report, steps))
                                : print_for_people(s, report, steps);
}

ExitStatus session_print(Session *s, char *text)
{
        if (!text)
                return session_out_of_memory(s);
        fputs(text, stdout);
        free(text);
        return EXIT_STATUS_OK;
}

const char *session_shell_word(const Session *s, const char *path)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "_./-+@:,=%";

        if (*path && strspn(path, plain) == strlen(path))
                return path;
        return arena_strdup(s->arena, quote(path));
}

const char *session_command(const Session *s, const char *config, const char *verb)
{
        const Options *options = s->options;
        Text text = TEXT_IN(s->arena);

        text_add(&text, "vfio-gpu ");
        if (options->root)
                text_add(&text, "--root=%s ", session_shell_word(s, options->root));
        if (options->release)
                text_add(&text, "--kernel=%s ", session_shell_word(s, options->release));
        if (config && (options->root || strcmp(config, CONFIG_PATH) != 0))
                text_add(&text, "--config=%s ", session_shell_word(s, config));
        text_add(&text, "%s", verb);
        return text.string;
}
