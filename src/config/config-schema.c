/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/config-schema.h"

#include <string.h>

#include "base/guess.h"
#include "base/quote.h"
#include "config/config-problems.h"
#include "config/config-values.h"

typedef struct Schema {
        const SchemaKey *keys;
        size_t n_keys;
} Schema;

#define STRING_(x)    #x
#define STRING(x)     STRING_(x)
#define EXPECTED_BOOL "true or false"

static const SchemaKey entry_keys[] = {
        {"name", "a word of letters, digits, \"_\", \".\" and \"-\", e.g. \"passthrough1\"",
                value_read_name, offsetof(Entry, name), 0},
        {"address", "\"[dddd:]bb:dd[.f]\" as lspci -D prints it, e.g. \"0000:01:00.0\"",
                value_read_address, 0, SELECT_ADDRESS},
        {"path",
                "\"[dddd:]bb:dd.f[/dd.f]*\" as lspci -P prints it, e.g."
                " \"0000:00:01.0/00.0\"",
                value_read_path, offsetof(Entry, path), SELECT_PATH},
        {"slot", "the name of a folder in /sys/bus/pci/slots, in quotes, e.g. \"3\"",
                value_read_slot, offsetof(Entry, slot), SELECT_SLOT},
        {"serial",
                "16 hexadecimal digits, \"-\" allowed between them, as lspci -v prints them,"
                " e.g. \"00-11-22-33-44-55-66-77\"",
                value_read_serial, offsetof(Entry, serial), SELECT_SERIAL},
        {"id", "\"vvvv:dddd\", vendor and device as lspci -nn prints them, e.g. \"10de:26b1\"",
                value_read_id, offsetof(Entry, id), SELECT_ID},
        {"subsystem",
                "\"vvvv:dddd\", board vendor and board as lspci -nnv prints them,"
                " e.g. \"10de:16a1\"",
                value_read_id, offsetof(Entry, subsystem), SELECT_SUBSYSTEM},
        {"vendor", "\"nvidia\", \"amd\", \"intel\" or four hexadecimal digits, e.g. \"10de\"",
                value_read_vendor, offsetof(Entry, vendor), SELECT_VENDOR},
        {"count", "a number from 1 to " STRING(COUNT_MAX) ", or \"all\"", value_read_count,
                offsetof(Entry, count), 0},
        {"optional", EXPECTED_BOOL, value_read_bool, offsetof(Entry, optional), 0},
        {"functions", "\"all\", or numbers from 0 to 7, each once, e.g. [ 0, 1 ]",
                value_read_functions, offsetof(Entry, functions), 0},
        {"allow_boot_display", EXPECTED_BOOL, value_read_bool, offsetof(Entry, allow_boot_display),
                0},
        {"allow_group_members",
                "addresses, each once, as lspci -D prints them, e.g. [ \"0000:03:00.0\" ]",
                value_read_members, 0, 0},
        {"driver",
                "\"auto\", \"vfio-pci\", or the name of a variant of it, e.g."
                " \"nvgrace_gpu_vfio_pci\"",
                value_read_driver, offsetof(Entry, driver), 0},
        {"force_unbind", EXPECTED_BOOL, value_read_bool, offsetof(Entry, force_unbind), 0},
        {"reset_method",
                "the kernel's names of methods, each once, the one to try first in front, e.g."
                " [ \"flr\", \"bus\" ]",
                value_read_reset_method, offsetof(Entry, reset_method), 0},
        {"d3cold", EXPECTED_BOOL, value_read_option, offsetof(Entry, d3cold), 0},
};
static const Schema entry_schema = {entry_keys, ARRAY_SIZE(entry_keys)};

#define VFIO_OPTION(option, name)                                                                  \
        [option] = {name, EXPECTED_BOOL, value_read_option, (option) * sizeof(int), 0}

static const SchemaKey vfio_keys[_VFIO_OPTION_MAX] = {
        VFIO_OPTION(VFIO_DISABLE_VGA, "disable_vga"),
        VFIO_OPTION(VFIO_DISABLE_IDLE_D3, "disable_idle_d3"),
        VFIO_OPTION(VFIO_NOINTXMASK, "nointxmask"),
        VFIO_OPTION(VFIO_ENABLE_SRIOV, "enable_sriov"),
        VFIO_OPTION(VFIO_DISABLE_DENYLIST, "disable_denylist"),
};
static const Schema vfio_schema = {vfio_keys, ARRAY_SIZE(vfio_keys)};

const char *config_vfio_option_name(VfioOption option)
{
        return vfio_keys[option].name;
}

/* The known key that was probably meant, or NULL. */
static const char *nearest(const Schema *schema, const char *name)
{
        Guess guess = guess_for(name);

        for (size_t i = 0; i < schema->n_keys; i++)
                guess_offer(&guess, schema->keys[i].name);
        return guess.best;
}

static void unknown_key(
        const Schema *schema, const config_setting_t *found, ConfigProblems *problems)
{
        const char *name = config_setting_name(found), *meant = nearest(schema, name);
        unsigned line = config_setting_source_line(found);
        char known[256] = "";

        if (meant) {
                config_problem_add(
                        problems, line, name, "unknown key; did you mean \"%s\"?", meant);
                return;
        }
        for (size_t i = 0, n = 0; i < schema->n_keys && n < sizeof(known); i++)
                n += (size_t)snprintf(
                        known + n, sizeof(known) - n, "%s%s", i ? ", " : "", schema->keys[i].name);
        config_problem_add(problems, line, name, "unknown key; known here: %s", known);
}

static const SchemaKey *find_key(const Schema *schema, const char *name)
{
        for (size_t i = 0; i < schema->n_keys; i++)
                if (strcmp(schema->keys[i].name, name) == 0)
                        return &schema->keys[i];
        return NULL;
}

/* Reads the keys of one group into the struct at `target`. Returns the Selector bits it has. */
static unsigned read_group(const Schema *schema, const config_setting_t *group, Arena *arena,
        ConfigProblems *problems, void *target)
{
        unsigned n = (unsigned)config_setting_length(group), selectors = 0;

        for (unsigned i = 0; i < n && !config_problems_full(problems); i++) {
                const config_setting_t *setting = config_setting_get_elem(group, i);
                const SchemaKey *key = find_key(schema, config_setting_name(setting));
                if (!key) {
                        unknown_key(schema, setting, problems);
                        continue;
                }
                Reading reading = {key, config_setting_source_line(setting), arena, problems};
                key->read(&reading, setting, (char *)target + key->offset);
                selectors |= key->selector;
        }
        return selectors;
}

static void read_vfio_pci(const Reading *reading, const config_setting_t *setting, void *target)
{
        Config *config = target;

        if (config_setting_is_group(setting))
                read_group(&vfio_schema, setting, reading->arena, reading->problems,
                        config->vfio_options);
        else
                value_reject(reading, setting);
}

/* Reads the entry of this `place` in the list; `ret_name` is its name and where it was given. */
static void read_entry(const Reading *reading, const config_setting_t *group, size_t place,
        Entry *entry, Word *ret_name)
{
        const config_setting_t *name = config_setting_get_member(group, "name");
        const size_t n_problems = reading->problems->n_items;

        *entry = (Entry){
                .line = config_setting_source_line(group),
                .count = 1,
                .functions = ENTRY_FUNCTIONS_ALL,
                .d3cold = -1,
        };
        entry->selectors =
                read_group(&entry_schema, group, reading->arena, reading->problems, entry);
        /* a key that is misspelt may have been the one */
        if (!entry->selectors && reading->problems->n_items == n_problems)
                config_problem_add(reading->problems, entry->line, reading->key->name,
                        "found a group that selects no GPU, expected at least one of address, path,"
                        " slot, serial, id, subsystem, vendor in it");
        if (!entry->name)
                entry->name = arena_printf(reading->arena, "gpu%zu", place + 1);
        *ret_name = (Word){
                .text = entry->name ? entry->name : "",
                .place = place,
                .line = name ? config_setting_source_line(name) : entry->line,
        };
}

static void check_names(const Reading *reading, Word *names, size_t n)
{
        words_sort(names, n);
        for (size_t i = 1; (i = words_next_duplicate(names, n, i)) < n; i++)
                config_problem_add(reading->problems, names[i].line, "name",
                        "found %s, the name (given, or gpu and the place in the list) that the"
                        " entry of line %u has too; expected a name of its own",
                        quote(names[i].text), names[i - 1].line);
}

static void read_entries(const Reading *reading, const config_setting_t *list, Config *config)
{
        unsigned n = (unsigned)config_setting_length(list);
        Word *names = arena_array(reading->arena, n, sizeof(*names));

        config->entries = arena_array(reading->arena, n, sizeof(*config->entries));
        if (!config->entries || !names)
                return;
        for (unsigned i = 0; i < n && !config_problems_full(reading->problems); i++) {
                const config_setting_t *item = config_setting_get_elem(list, i);
                size_t at = config->n_entries;
                if (!config_setting_is_group(item)) {
                        value_reject(reading, item);
                        continue;
                }
                read_entry(reading, item, i, &config->entries[at], &names[at]);
                config->n_entries++;
        }
        check_names(reading, names, config->n_entries);
}

static void read_gpus(const Reading *reading, const config_setting_t *setting, void *target)
{
        if (!config_setting_is_list(setting))
                value_reject(reading, setting);
        else if (!value_is_too_long(reading, setting))
                read_entries(reading, setting, target);
}

static const SchemaKey file_keys[] = {
        {"gpus", "a list of groups, e.g. gpus = ( { id = \"10de:26b1\"; } );", read_gpus, 0, 0},
        {"blacklist",
                "\"auto\", or names of modules, each once, e.g. [ \"nouveau\", \"nvidiafb\" ]",
                value_read_blacklist, 0, 0},
        {"vfio_pci", "a group, e.g. vfio_pci = { disable_vga = true; };", read_vfio_pci, 0, 0},
        {"timeout", "whole seconds, a number from 1 to 20", value_read_timeout,
                offsetof(Config, timeout), 0},
};
static const Schema file_schema = {file_keys, ARRAY_SIZE(file_keys)};

void config_schema_read(const config_setting_t *root, Config *config, ConfigProblems *problems)
{
        read_group(&file_schema, root, config->arena, problems, config);
        if (!config_setting_get_member(root, "gpus"))
                config_problem_add(problems, 0, "gpus",
                        "found no such key, expected a list of groups; for no GPU at all write"
                        " gpus = ( );");
}
