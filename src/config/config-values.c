/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/config-values.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/quote.h"
#include "base/text.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static const char *describe_number(const config_setting_t *setting, char *buffer, size_t size)
{
        int type = config_setting_type(setting);
        bool hex = config_setting_get_format(setting) == CONFIG_FORMAT_HEX;

        if (type == CONFIG_TYPE_FLOAT && isinf(config_setting_get_float(setting)))
                snprintf(buffer, size, "a number beyond 31 bits");
        else if (type == CONFIG_TYPE_FLOAT)
                snprintf(buffer, size, "%g", config_setting_get_float(setting));
        else if (type == CONFIG_TYPE_INT64)
                snprintf(buffer, size, "%lld", config_setting_get_int64(setting));
        else
                snprintf(buffer, size, hex ? "0x%x" : "%d", config_setting_get_int(setting));
        return buffer;
}

static const char *describe(const config_setting_t *setting, char buffer[static QUOTE_SIZE])
{
        bool empty = config_setting_is_aggregate(setting) && !config_setting_length(setting);

        switch (config_setting_type(setting)) {
        case CONFIG_TYPE_STRING:
                return quote_n(config_setting_get_string(setting), SIZE_MAX, buffer);
        case CONFIG_TYPE_BOOL:
                return config_setting_get_bool(setting) ? "true" : "false";
        case CONFIG_TYPE_GROUP:
                return empty ? "an empty group { }" : "a group { ... }";
        case CONFIG_TYPE_ARRAY:
                return empty ? "an empty array [ ]" : "an array [ ... ]";
        case CONFIG_TYPE_LIST:
                return empty ? "an empty list ( )" : "a list ( ... )";
        default:
                return describe_number(setting, buffer, QUOTE_SIZE);
        }
}

/* The line is that of the key: to an item, libconfig gives the line where it looked ahead to. */
void value_reject(const Reading *reading, const config_setting_t *found)
{
        char buffer[QUOTE_SIZE];

        if (config_problems_full(reading->problems))
                return;
        config_problem_add(reading->problems, reading->line, reading->key->name,
                "found %s, expected %s", describe(found, buffer), reading->key->expected);
}

bool value_is_row(const config_setting_t *setting)
{
        return config_setting_is_array(setting) || config_setting_is_list(setting);
}

/* The string, or "", which no key takes. */
static const char *string_of(const config_setting_t *setting)
{
        return config_setting_type(setting) == CONFIG_TYPE_STRING
                       ? config_setting_get_string(setting)
                       : "";
}

/* Any integer between `min` and `max`; -1 for anything else. */
static int integer_of(const config_setting_t *setting, int min, int max)
{
        long long value = -1;

        if (config_setting_type(setting) == CONFIG_TYPE_INT)
                value = config_setting_get_int(setting);
        else if (config_setting_type(setting) == CONFIG_TYPE_INT64)
                value = config_setting_get_int64(setting);
        return value >= min && value <= max ? (int)value : -1;
}

static bool is_word(const char *text, const char *allowed)
{
        return *text && !text[strspn(text, allowed)];
}

void value_read_bool(const Reading *reading, const config_setting_t *setting, void *target)
{
        if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
                *(bool *)target = config_setting_get_bool(setting);
        else
                value_reject(reading, setting);
}

void value_read_option(const Reading *reading, const config_setting_t *setting, void *target)
{
        bool value = false;

        value_read_bool(reading, setting, &value);
        *(int *)target = value;
}

void value_read_name(const Reading *reading, const config_setting_t *setting, void *target)
{
        if (is_word(string_of(setting), LETTERS DIGITS "_.-"))
                *(char **)target = arena_strdup(reading->arena, string_of(setting));
        else
                value_reject(reading, setting);
}

void value_read_address(const Reading *reading, const config_setting_t *setting, void *target)
{
        Entry *entry = target;

        if (pci_address_parse(string_of(setting), &entry->address, &entry->address_function) < 0)
                value_reject(reading, setting);
}

void value_read_path(const Reading *reading, const config_setting_t *setting, void *target)
{
        if (pci_path_parse(string_of(setting), target) < 0)
                value_reject(reading, setting);
}

/* Whoever made the slot named it: the firmware, or a driver. */
void value_read_slot(const Reading *reading, const config_setting_t *setting, void *target)
{
        if (*string_of(setting))
                *(char **)target = arena_strdup(reading->arena, string_of(setting));
        else
                value_reject(reading, setting);
}

void value_read_serial(const Reading *reading, const config_setting_t *setting, void *target)
{
        if (pci_serial_parse(string_of(setting), target) < 0)
                value_reject(reading, setting);
}

void value_read_id(const Reading *reading, const config_setting_t *setting, void *target)
{
        if (pci_id_parse(string_of(setting), target) < 0)
                value_reject(reading, setting);
}

void value_read_vendor(const Reading *reading, const config_setting_t *setting, void *target)
{
        static const struct {
                const char *name;
                uint16_t vendor;
        } vendors[] = {{"nvidia", 0x10de}, {"amd", 0x1002}, {"intel", 0x8086}};
        uint16_t *vendor = target;
        uint32_t number = 0;

        for (size_t i = 0; i < ARRAY_SIZE(vendors); i++)
                if (strcmp(string_of(setting), vendors[i].name) == 0) {
                        *vendor = vendors[i].vendor;
                        return;
                }
        if (pci_hex_parse(string_of(setting), 4, &number) < 0)
                value_reject(reading, setting);
        *vendor = (uint16_t)number;
}

void value_read_count(const Reading *reading, const config_setting_t *setting, void *target)
{
        int count = integer_of(setting, 1, COUNT_MAX);

        if (count > 0)
                *(unsigned *)target = (unsigned)count;
        else if (strcmp(string_of(setting), "all") == 0)
                *(unsigned *)target = ENTRY_COUNT_ALL;
        else
                value_reject(reading, setting);
}

static bool is_listed(const Entry *entry, Place place)
{
        for (size_t i = 0; i < entry->n_members; i++)
                if (pci_address_compare(entry->members[i].address, place.address) == 0 &&
                        entry->members[i].function == place.function)
                        return true;
        return false;
}

void value_read_members(const Reading *reading, const config_setting_t *setting, void *target)
{
        Entry *entry = target;

        if (!value_is_row(setting)) {
                value_reject(reading, setting);
                return;
        }
        if (value_is_too_long(reading, setting))
                return;

        unsigned n = (unsigned)config_setting_length(setting);
        entry->members = arena_array(reading->arena, n, sizeof(*entry->members));
        for (unsigned i = 0; entry->members && i < n; i++) {
                const config_setting_t *item = config_setting_get_elem(setting, i);
                Place place = {0};

                if (pci_address_parse(string_of(item), &place.address, &place.function) < 0 ||
                        is_listed(entry, place))
                        value_reject(reading, item);
                else
                        entry->members[entry->n_members++] = place;
        }
}

/* The line that the kernel takes and shows; whether it knows the names it will say itself. */
void value_read_reset_method(const Reading *reading, const config_setting_t *setting, void *target)
{
        unsigned n = value_is_row(setting) ? (unsigned)config_setting_length(setting) : 0;
        const char *line = "";

        if (n == 0 || n > RESET_METHODS_MAX) {
                value_reject(reading, setting);
                return;
        }
        for (unsigned i = 0; line && i < n; i++) {
                const config_setting_t *item = config_setting_get_elem(setting, i);
                const char *word = string_of(item);

                if (!is_word(word, "abcdefghijklmnopqrstuvwxyz" DIGITS "_") ||
                        strcmp(word, "default") == 0 || text_has_word(line, word))
                        value_reject(reading, item);
                else
                        line = arena_printf(reading->arena, "%s%s%s", line, *line ? " " : "", word);
        }
        *(const char **)target = line;
}

void value_read_timeout(const Reading *reading, const config_setting_t *setting, void *target)
{
        int seconds = integer_of(setting, CONFIG_TIMEOUT_MIN, CONFIG_TIMEOUT_MAX);

        if (seconds > 0)
                *(unsigned *)target = (unsigned)seconds;
        else
                value_reject(reading, setting);
}

void value_read_functions(const Reading *reading, const config_setting_t *setting, void *target)
{
        unsigned *functions = target, n = 0;

        if (strcmp(string_of(setting), "all") == 0) {
                *functions = ENTRY_FUNCTIONS_ALL;
                return;
        }
        if (value_is_row(setting))
                n = (unsigned)config_setting_length(setting);
        if (n == 0)
                value_reject(reading, setting);
        for (unsigned i = 0; i < n; i++) {
                const config_setting_t *item = config_setting_get_elem(setting, i);
                int function = integer_of(item, 0, 7);
                if (function < 0 || (*functions & 1u << function))
                        value_reject(reading, item);
                else
                        *functions |= 1u << function;
        }
}

static int compare_words(const void *a, const void *b)
{
        const Word *v = a, *w = b;
        int order = strcmp(v->text, w->text);

        return order ? order : v->place < w->place ? -1 : 1;
}

void words_sort(Word *words, size_t n)
{
        if (n)
                qsort(words, n, sizeof(*words), compare_words);
}

size_t words_next_duplicate(const Word *words, size_t n, size_t i)
{
        while (i < n && (i == 0 || strcmp(words[i - 1].text, words[i].text) != 0))
                i++;
        return i;
}

/* The name as the kernel writes it. */
static const char *module_name(Arena *arena, const char *text)
{
        char *name = arena_strdup(arena, text);

        for (char *c = name; c && *c; c++)
                if (*c == '-')
                        *c = '_';
        return name;
}

bool value_is_too_long(const Reading *reading, const config_setting_t *row)
{
        int n = config_setting_length(row);

        if (n <= ROW_MAX)
                return false;
        config_problem_add(reading->problems, reading->line, reading->key->name,
                "found %d items, expected at most %d", n, ROW_MAX);
        return true;
}

static void read_modules(const Reading *reading, const config_setting_t *row, Config *config)
{
        unsigned n = (unsigned)config_setting_length(row);
        Word *words = arena_array(reading->arena, n, sizeof(*words));
        size_t n_words = 0;

        config->blacklist = arena_array(reading->arena, n, sizeof(*config->blacklist));
        for (unsigned i = 0; config->blacklist && words && i < n; i++) {
                const config_setting_t *item = config_setting_get_elem(row, i);
                if (!is_word(string_of(item), LETTERS DIGITS "_-")) {
                        value_reject(reading, item);
                        continue;
                }
                const char *name = module_name(reading->arena, string_of(item));
                if (!name)
                        return;
                config->blacklist[n_words] = name;
                words[n_words++] = (Word){.text = name, .place = i};
        }
        config->n_blacklist = n_words;
        words_sort(words, n_words);
        for (size_t i = 1; (i = words_next_duplicate(words, n_words, i)) < n_words; i++)
                value_reject(reading, config_setting_get_elem(row, (unsigned)words[i].place));
}

void value_read_driver(const Reading *reading, const config_setting_t *setting, void *target)
{
        if (!is_word(string_of(setting), LETTERS DIGITS "_-"))
                value_reject(reading, setting);
        else if (strcmp(string_of(setting), "auto") != 0)
                *(char **)target = arena_strdup(reading->arena, string_of(setting));
}

void value_read_blacklist(const Reading *reading, const config_setting_t *setting, void *target)
{
        Config *config = target;

        config->blacklist_auto = strcmp(string_of(setting), "auto") == 0;
        if (!value_is_row(setting)) {
                if (!config->blacklist_auto)
                        value_reject(reading, setting);
        } else if (!value_is_too_long(reading, setting)) {
                read_modules(reading, setting, config);
        }
}
