/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-crypttab.h"

#include <limits.h>
#include <string.h>

#include "host/text-lines.h"

typedef struct Crypttab {
        const Root *root;
        Host *host;
} Crypttab;

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

static void take_line(const TextLine *line, void *context)
{
        const Crypttab *crypttab = context;
        Host *host = crypttab->host;
        char *rest = line->text;
        const char *name = text_lines_next_word(&rest), *device = text_lines_next_word(&rest);
        const char *key = text_lines_next_word(&rest), *options = text_lines_next_word(&rest);
        EncryptedDisk *disk = NULL;

        if (!*device || has_option(options, "noauto"))
                return;
        disk = arena_push(host->arena, &host->disks, &host->n_disks);
        if (disk)
                *disk = (EncryptedDisk){
                        .name = arena_strdup(host->arena, name),
                        .device = arena_strdup(host->arena, device),
                        .asks = asks(crypttab->root, name, key, options),
                };
}

void scan_crypttab(const Root *root, Host *host)
{
        Crypttab crypttab = {root, host};

        (void)text_lines_of_file(root, "etc/crypttab", false, take_line, &crypttab);
}
