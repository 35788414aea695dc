/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/kernel-words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* One word of the command line, cut out in place: next_arg() of the kernel's lib/cmdline.c. */
static char *next_word(char *at, char **ret_key, char **ret_value)
{
        bool quoted = *at == '"', in_quote = quoted;
        char *equals = NULL, *end = at += quoted;

        for (; *end && (in_quote || !isspace((unsigned char)*end)); end++) {
                if (*end == '=' && !equals && end > at)
                        equals = end;
                if (*end == '"')
                        in_quote = !in_quote;
        }
        char *next = *end ? end + 1 : end;
        bool end_quote = end > at && end[-1] == '"';
        char *value = equals ? equals + 1 : NULL;
        if (end_quote && (quoted || (value && *value == '"')))
                end--;
        *end = '\0';
        if (equals)
                *equals = '\0';
        if (value && *value == '"')
                value++;
        *ret_key = at;
        *ret_value = value;
        return next;
}

static bool key_is(const char *key, const char *wanted)
{
        for (; *key && (*key == '-' ? '_' : *key) == *wanted; key++)
                wanted++;
        return *key == *wanted;
}

static bool is_no(const char *value)
{
        static const char *const no[] = {"0", "no", "n", "off", "false", "f"};

        for (size_t i = 0; value && i < ARRAY_SIZE(no); i++)
                if (strcasecmp(value, no[i]) == 0)
                        return true;
        return false;
}

static void add_skipped(char *names, Arena *arena, KernelWords *words)
{
        for (char *name; (name = strsep(&names, ","));) {
                if (!*name)
                        continue;
                const char **item = arena_push(arena, &words->skip, &words->n_skip);
                if (item)
                        *item = name;
        }
}

/* The same word with and without "rd.": for the initrd alone, or for both stages. */
static bool key_is_of_luks(const char *key, const char *wanted)
{
        return key_is(strncmp(key, "rd.", 3) == 0 ? key + 3 : key, wanted);
}

/* `UUID`, `luks-UUID` or `UUID=NAME`. */
static void add_luks(char *value, Arena *arena, KernelWords *words)
{
        const char **item = NULL;

        if (strncmp(value, "luks-", 5) == 0)
                value += 5;
        value[strcspn(value, "=")] = '\0';
        if (*value)
                item = arena_push(arena, &words->luks, &words->n_luks);
        if (item)
                *item = value;
}

static bool names_a_key(const char *options)
{
        return strstr(options, "tpm2-device=") || strstr(options, "fido2-device=") ||
               strstr(options, "pkcs11-uri=") || strstr(options, "headless");
}

static void take_word(const char *key, char *value, Arena *arena, KernelWords *words)
{
        if (key_is(key, "vfio_gpu"))
                words->off = is_no(value);
        else if (key_is(key, "rd.vfio_gpu"))
                words->off_initrd = is_no(value);
        else if (key_is(key, "vfio_gpu.skip"))
                add_skipped(value, arena, words);
        else if (key_is_of_luks(key, "luks"))
                words->luks_off = is_no(value);
        else if (value && (key_is_of_luks(key, "luks.uuid") || key_is_of_luks(key, "luks.name")))
                add_luks(value, arena, words);
        else if (value && key_is_of_luks(key, "luks.key"))
                words->luks_key = true;
        else if (value && key_is_of_luks(key, "luks.options"))
                words->luks_key |= names_a_key(value);
        else if (value && key_is(key, "console"))
                words->serial_console =
                        strncmp(value, "tty", 3) != 0 || isalpha((unsigned char)value[3]);
}

int kernel_words_parse(const char *cmdline, Arena *arena, KernelWords *ret)
{
        KernelWords words = {0};
        char *key = NULL, *value = NULL;

        for (char *at = arena_strdup(arena, cmdline); at && *at;) {
                if (isspace((unsigned char)*at)) {
                        at++;
                        continue;
                }
                at = next_word(at, &key, &value);
                take_word(key, value, arena, &words);
        }
        if (arena_failed(arena))
                return -ENOMEM;
        *ret = words;
        return 0;
}

bool kernel_words_skip(const KernelWords *words, const char *name)
{
        for (size_t i = 0; i < words->n_skip; i++)
                if (strcmp(words->skip[i], name) == 0)
                        return true;
        return false;
}
