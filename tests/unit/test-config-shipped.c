/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The config that is installed says what the program does: it parses, and so do its examples. */
#include "unit/test-config.h"

#ifndef SOURCE_DIR
#define SOURCE_DIR "."
#endif

#define SHIPPED SOURCE_DIR "/conf/vfio-gpu.conf"

static size_t read_shipped(char *buffer, size_t size)
{
        _cleanup_fclose_ FILE *f = fopen(SHIPPED, "re");

        cr_assert_not_null(f, "%s", SHIPPED);
        size_t length = fread(buffer, 1, size - 1, f);
        cr_assert(length > 0 && length < size - 1);
        buffer[length] = '\0';
        return length;
}

Test(config_shipped, lists_no_card)
{
        char text[16384] = "";

        read_shipped(text, sizeof(text));
        PARSED(text);
        cr_assert_eq(p.r, 0);
        cr_expect_eq(p.config->n_entries, 0);
        cr_expect(p.config->blacklist_auto);
        for (size_t i = 0; i < _VFIO_OPTION_MAX; i++)
                cr_expect_eq(p.config->vfio_options[i], -1);
}

/* Lines that begin with a # and no space are examples. */
Test(config_shipped, examples_parse_and_use_every_key)
{
        char text[16384] = "";
        unsigned selectors = 0;
        size_t n_members = 0, n_reset_methods = 0, n_d3cold = 0;

        read_shipped(text, sizeof(text));
        for (char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
                if (line[0] == '#' && line[1] != ' ' && line[1] != '\n')
                        line[0] = ' ';
        PARSED(text);
        cr_assert_eq(p.r, 0, "%s", p.problems ? p.problems->items[0].text : "");
        for (size_t i = 0; i < p.config->n_entries; i++) {
                selectors |= p.config->entries[i].selectors;
                n_members += p.config->entries[i].n_members;
                n_reset_methods += p.config->entries[i].reset_method != NULL;
                n_d3cold += p.config->entries[i].d3cold >= 0;
        }
        cr_expect_gt(n_members, 0);
        cr_expect_gt(n_reset_methods, 0);
        cr_expect_gt(n_d3cold, 0);
        cr_expect_eq(selectors, SELECT_ONE_CARD | SELECT_MODEL);
        cr_expect(!p.config->blacklist_auto);
        cr_expect_neq(p.config->timeout, CONFIG_TIMEOUT_DEFAULT);
        for (size_t i = 0; i < _VFIO_OPTION_MAX; i++)
                cr_expect_neq(p.config->vfio_options[i], -1);
}

/* The program's own list of keys, as its message about an unknown one tells it. */
static void expect_explained(const char *text, const char *config)
{
        PARSED(config);

        cr_assert_eq(p.r, -EINVAL);
        const char *known = strstr(p.problems->items[0].text, "known here: ");
        cr_assert_not_null(known);
        _cleanup_free_ char *keys = strdup(known + strlen("known here: "));
        char *rest = keys;
        for (char *key; (key = strsep(&rest, ", "));) {
                char explained[64] = "";
                snprintf(explained, sizeof(explained), "#   %s ", key);
                char *newline = strdup(explained);
                newline[strlen(newline) - 1] = '\n';
                char heading[64] = "";
                snprintf(heading, sizeof(heading), "# %s: ", key);
                cr_expect(!*key || strstr(text, explained) || strstr(text, newline) ||
                                  strstr(text, heading),
                        "%s is not explained in %s", key, SHIPPED);
                free(newline);
        }
}

Test(config_shipped, explains_every_key)
{
        char text[16384] = "";

        read_shipped(text, sizeof(text));
        expect_explained(text, "gpus = ( ); x = 1;");
        expect_explained(text, "gpus = ( { vendor = \"amd\"; x = 1; } );");
        expect_explained(text, "gpus = ( ); vfio_pci = { x = 1; };");
}

Test(config_shipped, fits_a_terminal)
{
        char text[16384] = "";

        read_shipped(text, sizeof(text));
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                cr_expect_leq(strcspn(line, "\n"), 100, "%.100s", line);
}
