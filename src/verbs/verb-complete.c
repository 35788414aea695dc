/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the shells' completion asks: `complete -- WORD...` with the words that follow the program's
 * name up to the one that is to be completed. Prints what may stand in its place, a line each, with
 * a word on it behind a tab; ":FILE" where the shell knows better.
 */
#include <string.h>

#include "host/scan.h"
#include "policy/proposal.h"
#include "verbs/completion.h"
#include "verbs/session.h"
#include "verbs/verbs.h"

typedef struct Completing {
        const Options *options; /* of `complete` itself: its arguments are the words */
        Completion completion;
} Completing;

static bool is_used(const Completing *c, const char *word)
{
        for (size_t i = 0; i + 1 < c->options->n_arguments; i++)
                if (strcmp(c->options->arguments[i], word) == 0)
                        return true;
        return false;
}

static bool offer(const Completing *c, const char *word, const char *about)
{
        const char *begun = c->completion.word;

        if (strncmp(word, begun, strlen(begun)) != 0 || is_used(c, word))
                return false;
        printf("%s%s%s\n", word, about ? "\t" : "", about ? about : "");
        return true;
}

static void offer_verbs(const Completing *c)
{
        for (const Verb *verb = verbs; verb->name; verb++)
                if (verb->help)
                        offer(c, verb->name, verb->help);
}

static void offer_options(const Completing *c)
{
        const Options *o = c->options;

        for (const OptionRow *row = option_rows; row->name; row++) {
                char word[64];

                snprintf(word, sizeof(word), "--%s%s", row->name,
                        row->type == OPTION_TEXT ? "=" : "");
                if (completion_takes(&c->completion, row, o->arguments, o->n_arguments))
                        offer(c, word, row->help);
        }
}

static void offer_formats(const Completing *c)
{
        for (size_t i = 0; verb_export_format(i); i++)
                offer(c, verb_export_format(i), NULL);
}

/* What is written apart, or behind an equals sign. */
static void offer_words(const Completing *c)
{
        const Completion *completion = &c->completion;

        for (const char *at = NULL; completion_next_word(completion, &at) > 0;) {
                char word[128];

                snprintf(word, sizeof(word), "%.*s%.*s", (int)completion->before, completion->word,
                        (int)strcspn(at, "|"), at);
                offer(c, word, NULL);
        }
}

static ExitStatus offer_names(const Completing *c, Session *s)
{
        ExitStatus status = session_read_config(s, true);

        for (size_t i = 0; status == EXIT_STATUS_OK && i < s->config->n_entries; i++)
                offer(c, s->config->entries[i].name, NULL);
        return status;
}

/* In full, or as it was begun: without the domain. */
static void offer_address(const Completing *c, const Function *gpu)
{
        const char *address = PCI_ADDRESS(gpu->address), *colon = strchr(address, ':');
        bool used = is_used(c, address) || is_used(c, colon + 1);

        if (!used && !offer(c, address, gpu->name) && gpu->address.domain == 0)
                offer(c, colon + 1, gpu->name);
}

static ExitStatus offer_addresses(const Completing *c, Session *s)
{
        Proposals proposals = {0};
        const char *trouble = NULL;
        ExitStatus status = session_scan(s, SCAN_NAMES);

        if (status != EXIT_STATUS_OK)
                return status;
        if (proposals_build(s->host, NULL, 0, s->arena, &proposals, &trouble) < 0)
                return session_out_of_memory(s);
        for (size_t i = 0; i < proposals.n_items; i++)
                offer_address(c, proposals.items[i].claim->display);
        return EXIT_STATUS_OK;
}

/* What there is to export: the GPUs that an entry picks, and the names of these entries. */
static ExitStatus offer_picked(const Completing *c, Session *s)
{
        const Entry *last = NULL;
        ExitStatus status = session_scan(s, SCAN_NAMES | SCAN_RELEASED);

        if (status == EXIT_STATUS_OK)
                status = session_plan(s);
        for (size_t i = 0; status == EXIT_STATUS_OK && i < s->plan->claims.n_items; i++) {
                const Claim *claim = &s->plan->claims.items[i];

                if (!claim->display || claim->skipped)
                        continue;
                if (claim->entry != last)
                        offer(c, claim->entry->name, NULL);
                last = claim->entry;
                offer_address(c, claim->display);
        }
        return status;
}

/* Of the config and the machine that the words mean. What is wrong with one of them leaves the
 * other. */
static ExitStatus offer_of_host(const Completing *c)
{
        const Options options = {.config = c->completion.config, .root = c->completion.root};
        Session s;
        ExitStatus status = session_start(&options, &s), names = EXIT_STATUS_OK;

        if (status == EXIT_STATUS_OK && completion_wants(&c->completion, "NAME"))
                names = offer_names(c, &s);
        if (status == EXIT_STATUS_OK && completion_wants(&c->completion, "ADDRESS"))
                status = offer_addresses(c, &s);
        session_done(&s);
        return status != EXIT_STATUS_OK ? status : names;
}

static ExitStatus offer_to_export(const Completing *c)
{
        const Options options = {.config = c->completion.config, .root = c->completion.root};
        Session s;
        ExitStatus status = EXIT_STATUS_OK;

        if (!verb_export_takes_names(c->completion.first))
                return status;
        status = session_start(&options, &s);
        if (status == EXIT_STATUS_OK)
                status = offer_picked(c, &s);
        session_done(&s);
        return status;
}

static bool is_to_export(const Completion *completion)
{
        return completion->first && completion->verb && completion->verb->run == verb_export;
}

static ExitStatus offer_what(const Completing *c)
{
        offer_words(c);
        if (completion_wants(&c->completion, "FILE"))
                puts(":FILE");
        if (completion_wants(&c->completion, "FORMAT"))
                offer_formats(c);
        if (is_to_export(&c->completion) && c->completion.kind == COMPLETION_ARGUMENT)
                return offer_to_export(c);
        if (completion_wants(&c->completion, "NAME") || completion_wants(&c->completion, "ADDRESS"))
                return offer_of_host(c);
        return EXIT_STATUS_OK;
}

ExitStatus verb_complete(const Options *options)
{
        Completing c = {.options = options};

        if (options->n_arguments > 0)
                c.completion = completion_of(options->arguments, options->n_arguments);
        switch (c.completion.kind) {
        case COMPLETION_VERB:
                offer_verbs(&c);
                return EXIT_STATUS_OK;
        case COMPLETION_OPTION:
                offer_options(&c);
                return EXIT_STATUS_OK;
        case COMPLETION_VALUE:
        case COMPLETION_ARGUMENT:
                return offer_what(&c);
        case COMPLETION_NOTHING:
                break;
        }
        return EXIT_STATUS_OK;
}
