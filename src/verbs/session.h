/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The way that all verbs go: tree, machine, config, plan. Failures are said here, once. */

#include "config/kernel-words.h"
#include "host/root.h"
#include "policy/plan.h"
#include "report/report.h"
#include "verbs/options.h"
#include "verbs/screen.h"

#define CONFIG_PATH "/etc/vfio-gpu.conf" /* unless --config names another */

typedef struct Session {
        const Options *options;
        Root root;
        Arena *arena; /* of what the verbs themselves build */
        char *config_path;
        char *config_text;
        Config *config;
        Host *host;
        KernelWords words;
        Plan *plan;
        const PciAddress *slot; /* what is planned and told concerns this slot alone; NULL: all */
        Screen screen;
        const char *trouble; /* what went wrong, for STATUS=; NULL when nothing did */
        int error;           /* positive errno of it */
        bool recorded; /* the journal hears of trouble in a record, so that stderr must not tell it
                        */
} Session;

/* Opens the tree. session_done() in every case. */
ExitStatus session_start(const Options *options, Session *ret) _must_check_;
void session_done(Session *session);

/* Gives away for good all capabilities of this process but `capabilities` (capabilities.h). */
ExitStatus session_keep(Session *session, uint64_t capabilities) _must_check_;

/* Reads the machine, with `scan_flags`. */
ExitStatus session_scan(Session *session, unsigned scan_flags) _must_check_;

/* Says what went wrong, and remembers it for whoever waits for the report. Returns `status`. */
ExitStatus session_fail(Session *session, ExitStatus status, int error, const char *format, ...)
        _printf_(4, 5);

/* Reads the config. `quiet_if_missing`: a config that does not exist is no error; it is then empty.
 */
ExitStatus session_read_config(Session *session, bool quiet_if_missing) _must_check_;

/* Asks the cards what the entries want to know of them, and only a card itself can tell. */
ExitStatus session_ask_cards(Session *session) _must_check_;

/* Plans. Where nothing is to be done at all (vfio_gpu=0, a crash kernel), no config is needed. */
ExitStatus session_plan(Session *session) _must_check_;

/* Asks who uses what the plan would take from a driver, and plans anew with the answer. Without it
 * a plan takes for granted that nobody does. */
ExitStatus session_ask_users(Session *session) _must_check_;

/* Asks the other cards, too, where an entry with a serial number has none, and plans anew: for who
 * wants to know where it is. That wakes cards that no entry means, so what runs by itself does not.
 */
ExitStatus session_look_elsewhere(Session *session) _must_check_;

/* Opens, reads (with `scan_flags`) and plans. */
ExitStatus session_open(const Options *options, unsigned scan_flags, Session *ret) _must_check_;

/* Whether the initramfs of this boot fits what was read, as far as that is known. */
ImageState session_judge_image(const Session *session);

/* Builds the report of `verdicts`; `outcomes` may be NULL; `expected` as in ReportInput. */
ExitStatus session_report(Session *session, const Verdict *verdicts, const StepOutcome *outcomes,
        bool expected, Report *ret) _must_check_;

/* Builds the report of what `apply` would reach. */
ExitStatus session_foresee(Session *session, Report *ret) _must_check_;

/* How tables look where the output goes; NULL: it is to be text, which stays as it is for whoever
 * reads it by a program. */
const Look *session_look(Session *session);

/* Prints the report as JSON, a table or text; with the steps of its plan where `steps`. */
ExitStatus session_print_report(Session *session, const Report *report, bool steps) _must_check_;

/* Prints `text`, which may be NULL (out of memory), and frees it. */
ExitStatus session_print(Session *session, char *text) _must_check_;

/* `path` as it is typed into a shell; an odd one in quotes, to be read. NULL: memory is out. */
const char *session_shell_word(const Session *session, const char *path);

/* "vfio-gpu --root=DIR --config=FILE VERB", about the same machine; `config` may be NULL. */
const char *session_command(const Session *session, const char *config, const char *verb);

ExitStatus session_out_of_memory(Session *session);
