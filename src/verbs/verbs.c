/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verbs/verbs.h"

#include <string.h>

#include "base/guess.h"
#include "base/quote.h"
#include "report/json-hash.h"
#include "verbs/say.h"

const Verb verbs[] = {
        {"list", "GPUs of this host, who has them, what they share", NULL, false, verb_list},
        {"init", "a config for this host, listing these or none", "[ADDRESS]...", false, verb_init},
        {"check", "would it work here? If not: why, and what to do", NULL, false, verb_check},
        {"plan", "the steps that apply would take, in order", NULL, false, verb_plan},
        {"apply", "take them (or those of one slot), read back, report", "[ADDRESS]", true,
                verb_apply},
        {"status", "what is bound now, against the config", "[NAME]...", false, verb_status},
        {"release", "give cards back to the drivers of the host", "[NAME|ADDRESS]...", true,
                verb_release},
        {"export", "the listed GPUs, as the next program wants them", "FORMAT [NAME|ADDRESS]...",
                false, verb_export},
        {"capture", "this host in a file, for --root and bug reports", "FILE", false, verb_capture},
        {"report", "tell NFD and Prometheus how they stand", NULL, true, verb_report},
        {"complete", NULL, "[WORD]...", false, verb_complete},
        {NULL, NULL, NULL, false, NULL},
};

static void say_unknown(const char *word)
{
        static const char *const options[] = {"help", "version"};
        Guess guess = guess_for(word);

        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (strcmp(word, options[i]) == 0) {
                        say_error("there is no verb %s; did you mean --%s? " SEE_HELP, quote(word),
                                options[i]);
                        return;
                }
        for (const Verb *verb = verbs; verb->name; verb++)
                if (verb->help)
                        guess_offer(&guess, verb->name);
        if (guess.best)
                say_error("there is no verb %s; did you mean \"%s\"? " SEE_HELP, quote(word),
                        guess.best);
        else
                say_error("there is no verb %s. " SEE_HELP, quote(word));
}

ExitStatus verbs_run(const Options *options)
{
        const Verb *verb = verbs;

        while (verb->name && strcmp(verb->name, options->verb) != 0)
                verb++;
        if (!verb->name) {
                say_unknown(options->verb);
                return EXIT_STATUS_USAGE;
        }
        if (!verb->arguments && options->n_arguments > 0) {
                say_error("%s takes no arguments", verb->name);
                return EXIT_STATUS_USAGE;
        }
        if (verb->changes && options->root) {
                say_error("%s changes the machine that it runs on: it takes no --root", verb->name);
                return EXIT_STATUS_USAGE;
        }
        if (verb->changes && geteuid() != 0) {
                say_error("%s changes the machine: run it as root", verb->name);
                return EXIT_STATUS_USAGE;
        }
        json_hash_plain();
        return verb->run(options);
}
