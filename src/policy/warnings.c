/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/warnings.h"

#include <string.h>

#include "base/quote.h"
#include "base/text.h"
#include "policy/members.h"
#include "policy/passphrase.h"
#include "policy/rivals.h"
#include "policy/settings.h"
#include "policy/unit-mask.h"

/* `sentence` is NULL when memory was out, which the arena remembers. */
static void warn(Plan *plan, const char *sentence)
{
        const char **warning = arena_push(plan->arena, &plan->warnings, &plan->n_warnings);

        if (warning)
                *warning = sentence;
}

static bool names_entry(const Config *config, const char *name)
{
        for (size_t i = 0; i < config->n_entries; i++)
                if (strcmp(config->entries[i].name, name) == 0)
                        return true;
        return false;
}

/* Typed at a boot prompt, where nobody checks it. */
static void warn_of_skips(const Config *config, const KernelWords *words, Plan *plan)
{
        for (size_t i = 0; i < words->n_skip; i++) {
                Text names = TEXT_IN(plan->arena);

                if (names_entry(config, words->skip[i]))
                        continue;
                for (size_t k = 0; k < config->n_entries; k++)
                        text_add(&names, "%s%s", k ? ", " : "", config->entries[k].name);
                warn(plan,
                        arena_printf(plan->arena,
                                "vfio_gpu.skip= names %s, which is no entry; the entries are: %s",
                                quote(words->skip[i]),
                                text_is_empty(&names) ? "none" : names.string));
        }
}

/* The initramfs, and what it was made of, is looked at from the real root. */
static void warn_of_mask(const Host *host, Plan *plan)
{
        const char *warning =
                host->stage == STAGE_SYSTEM ? unit_mask_warning(host, plan->arena) : NULL;

        if (warning)
                warn(plan, warning);
}

static bool loads_anything(const Plan *plan)
{
        for (size_t i = 0; i < plan->n_steps; i++)
                if (plan->steps[i].type == STEP_LOAD)
                        return true;
        return false;
}

/* Left over from a recipe that took cards by a script of its own. */
static void warn_of_install_lines(const Host *host, Plan *plan)
{
        for (size_t i = 0; i < host->n_install_lines && loads_anything(plan); i++)
                warn(plan, arena_printf(plan->arena,
                                   "modprobe.d has `%s`: vfio-gpu loads the module itself and does "
                                   "not run that; remove the line",
                                   host->install_lines[i]));
}

static void warn_of_passphrase(const KernelWords *words, const Host *host, Plan *plan)
{
        const char *prompt = passphrase_prompt(words, host, plan->arena);
        const char *unseen = NULL, *untyped = NULL;

        if (!prompt)
                return;
        unseen = passphrase_unseen(prompt, host, &plan->claims, plan->arena);
        untyped = passphrase_untyped(prompt, host, &plan->claims, plan->arena);
        if (unseen)
                warn(plan, unseen);
        if (untyped)
                warn(plan, untyped);
}

static void warn_of_settings(Plan *plan)
{
        for (size_t i = 0; i < plan->claims.n_items; i++) {
                const Claim *claim = &plan->claims.items[i];

                for (size_t k = 0; claim_is_accepted(claim) && k < claim->n_functions; k++) {
                        const char *sentence = settings_kept(claim, k, plan->arena);

                        if (sentence)
                                warn(plan, sentence);
                }
        }
}

void warnings_collect(const Config *config, const KernelWords *words, const Host *host, Plan *plan)
{
        warn_of_skips(config, words, plan);
        warn_of_install_lines(host, plan);
        warn_of_settings(plan);
        members_warn(host, plan->arena, &plan->claims, &plan->warnings, &plan->n_warnings);
        warn_of_mask(host, plan);
        warn_of_passphrase(words, host, plan);
        rivals_warn(config, host, plan);
}
