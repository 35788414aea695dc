/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-crypttab.h"

#include <limits.h>
#include <string.h>

#define CRYPTTAB_MAX ((size_t)64 * 1024)
#define BLANKS       " \t"

static const char *next_field(char **rest)
{
        char *field = *rest + strspn(*rest, BLANKS);
        size_t n = strcspn(field, BLANKS);

        *rest = field + n + (field[n] != '\0');
        field[n] = '\0';
        return field;
}

/* True when one of the options, separated by commas, is `wanted` or begins with `wanted=`. */
static bool has_option(const char *options, const char *wanted)
{
        const size_t n = strlen(wanted);

        for (const char *at = options; *at; at += *at == ',') {
                if (strncmp(at, wanted, n) == 0 && strchr("=,", at[n]))
                        return true;
                at += strcspn(at, ",");
        }
        return false;
}

static bool has_any_option(const char *options, const char *const *wanted)
{
        for (; *wanted; wanted++)
                if (has_option(options, *wanted))
                        return true;
        return false;
}

/* systemd-cryptsetup(8) looks for a key there where none is named. */
static bool has_key_by_name(const Root *root, const char *name)
{
        static const char *const folders[] = {"etc/cryptsetup-keys.d", "run/cryptsetup-keys.d"};

        for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "%s/%s.key", folders[i], name);
                if (root_exists(root, path))
                        return true;
        }
        return false;
}

static bool asks(const Root *root, const char *name, const char *key, const char *options)
{
        static const char *const others[] = {
                "tpm2-device", "fido2-device", "pkcs11-uri", "keyscript", "headless", NULL};

        if (*key && strcmp(key, "none") != 0 && strcmp(key, "-") != 0)
                return false;
        return !has_any_option(options, others) && !has_key_by_name(root, name);
}

static void take_line(const Root *root, char *line, Host *host)
{
        const char *name = next_field(&line), *device = next_field(&line);
        const char *key = next_field(&line), *options = next_field(&line);
        EncryptedDisk *disk = NULL;

        if (!*name || *name == '#' || !*device || has_option(options, "noauto"))
                return;
        disk = arena_push(host->arena, &host->disks, &host->n_disks);
        if (disk)
                *disk = (EncryptedDisk){
                        .name = arena_strdup(host->arena, name),
                        .device = arena_strdup(host->arena, device),
                        .asks = asks(root, name, key, options),
                };
}

void scan_crypttab(const Root *root, Host *host)
{
        _cleanup_free_ char *text = NULL;

        if (root_read(root, "etc/crypttab", CRYPTTAB_MAX, &text) < 0)
                return;
        for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
                take_line(root, line, host);
}
