/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text is a config or has mistakes, each with a line that is there, and never neither. */
#include "fuzz.h"

#include "config/config.h"

static unsigned count_lines(const char *text, size_t size)
{
        unsigned n = 1;

        for (size_t i = 0; i < size; i++)
                n += text[i] == '\n';
        return n;
}

static void try_problems(const ConfigProblems *problems, unsigned lines)
{
        must(problems->n_items > 0);
        for (size_t i = 0; i < problems->n_items; i++) {
                must(problems->items[i].line <= lines);
                must(problems->items[i].text && *problems->items[i].text);
        }
}

static void try_config(const Config *config)
{
        must(config->timeout >= CONFIG_TIMEOUT_MIN && config->timeout <= CONFIG_TIMEOUT_MAX);
        for (size_t i = 0; i < config->n_entries; i++) {
                const Entry *entry = &config->entries[i];

                must(entry->selectors && entry->name && *entry->name);
                must(entry->functions < 256 && entry->d3cold >= -1 && entry->d3cold <= 1);
                for (size_t k = 0; k < i; k++)
                        must(strcmp(config->entries[k].name, entry->name) != 0);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = fuzz_text(data, size);
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(config_problems_freep) ConfigProblems *problems = NULL;
        int r = config_parse("fuzz.conf", text, size, &config, &problems);

        must(r == 0 || r == -EINVAL);
        must((r == 0) == (config && !problems) && (r == 0) == !problems);
        if (config)
                try_config(config);
        else
                try_problems(problems, count_lines(text, size));
        return 0;
}
