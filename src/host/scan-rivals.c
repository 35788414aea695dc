/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-rivals.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/driver-name.h"
#include "host/scan.h"
#include "host/text-lines.h"

#define MODULE_SEPARATORS " \t,\"'"
#define OVERRIDE_MAX      ((size_t)256)
#define FOLDER_MAX        4096

static const char *copy(Host *host, const char *text)
{
        return text ? arena_strdup(host->arena, text) : NULL;
}

/* Of a line that was written to be read in a file, in columns or in several lines. */
static const char *copy_line(Host *host, const char *line)
{
        char *text = line ? arena_strdup(host->arena, line) : NULL, *end = text;

        for (const char *c = text; c && *c; c++)
                if (!isspace((unsigned char)*c))
                        *end++ = *c;
                else if (end > text && end[-1] != ' ')
                        *end++ = ' ';
        if (end)
                *end = '\0';
        return text;
}

void scan_add_rival(Host *host, const Rival *rival)
{
        Rival *item = arena_push(host->arena, &host->rivals, &host->n_rivals);

        if (!item)
                return;
        *item = *rival;
        item->file = copy(host, rival->file);
        item->text = copy_line(host, rival->text);
        item->value = copy(host, rival->value);
}

void scan_add_modules(Host *host, RivalKind kind, const char *value, const Rival *rival)
{
        char *names = arena_strdup(host->arena, value);

        for (char *name; names && (name = strsep(&names, MODULE_SEPARATORS));) {
                Rival one = *rival;

                if (!*name || !driver_name_is_clean(name) ||
                        (kind == RIVAL_LOADS && !driver_name_equal(name, "vfio-pci")))
                        continue;
                one.kind = kind;
                one.value = name;
                scan_add_rival(host, &one);
                if (kind == RIVAL_LOADS)
                        break;
        }
}

/* Where a word of the command line may be written down. The first place found is told. */
typedef struct Search {
        const char *word;
        char file[PATH_MAX];
        unsigned line; /* 0: not found yet */
} Search;

static bool ends_word(char c)
{
        return c == '\0' || isspace((unsigned char)c) || strchr("\"'", c);
}

static void search_line(const TextLine *line, void *context)
{
        Search *search = context;
        const size_t n = strlen(search->word);

        for (const char *at = line->text; search->line == 0 && (at = strstr(at, search->word));
                at++)
                if ((at == line->text || strchr(" \t\"'=", at[-1])) && ends_word(at[n])) {
                        snprintf(search->file, sizeof(search->file), "%s", line->file);
                        search->line = line->number;
                }
}

static void search_word(const Root *root, unsigned flags, Search *search)
{
        static const char *const files[] = {"etc/default/grub", "etc/kernel/cmdline"};
        static const struct {
                const char *folder, *suffix;
                bool late;
        } folders[] = {
                {"etc/default/grub.d", ".cfg", false},
                {"etc/cmdline.d", ".conf", false},
                {"etc/dracut.conf.d", ".conf", false}, /* kernel_cmdline= */
                {"boot/loader/entries", ".conf", true},
                {"efi/loader/entries", ".conf", true},
                {"boot/efi/loader/entries", ".conf", true},
                {"usr/lib/bootc/kargs.d", ".toml", false},
        };

        for (size_t i = 0; i < ARRAY_SIZE(files) && search->line == 0; i++)
                (void)text_lines_of_file(root, files[i], false, search_line, search);
        for (size_t i = 0; i < ARRAY_SIZE(folders) && search->line == 0; i++)
                if (!folders[i].late || !(flags & SCAN_EARLY))
                        text_lines_of_folders(root, &folders[i].folder, 1, folders[i].suffix, false,
                                search_line, search);
}

/* As the kernel compares the names of parameters: `-` is `_`. */
static bool key_is(const char *word, const char *key)
{
        for (; *key; word++, key++)
                if ((*word == '-' ? '_' : *word) != *key)
                        return false;
        return *word == '=';
}

static void take_word(const Root *root, Host *host, unsigned flags, const char *word)
{
        static const struct {
                const char *key;
                RivalKind kind;
        } keys[] = {
                {"vfio_pci.ids", RIVAL_IDS},
                {"pci_stub.ids", RIVAL_STUB_IDS},
                {"rd.driver.pre", RIVAL_LOADS},
                {"rd.driver.post", RIVAL_LOADS},
                {"modules_load", RIVAL_LOADS},
                {"rd.modules_load", RIVAL_LOADS},
                {"modprobe.blacklist", RIVAL_KEEPS_OFF},
                {"module_blacklist", RIVAL_KEEPS_OFF},
                {"rd.driver.blacklist", RIVAL_KEEPS_OFF},
        };
        Search search = {.word = word};
        Rival rival = {.on_cmdline = true, .text = word};

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                if (!key_is(word, keys[i].key))
                        continue;
                if (!(flags & SCAN_DISCREET))
                        search_word(root, flags, &search);
                rival.kind = keys[i].kind;
                rival.file = search.line > 0 ? search.file : NULL;
                rival.line = search.line;
                rival.value = strchr(word, '=') + 1;
                if (rival.kind == RIVAL_LOADS || rival.kind == RIVAL_KEEPS_OFF)
                        scan_add_modules(host, rival.kind, rival.value, &rival);
                else
                        scan_add_rival(host, &rival);
                return;
        }
}

/* Quotes may stand around a word, or around its value; none of these needs any. */
static void read_cmdline(const Root *root, Host *host, unsigned flags)
{
        char *words = host->cmdline ? arena_strdup(host->arena, host->cmdline) : NULL;

        for (char *word; words && (word = strsep(&words, " \t\n\""));)
                if (*word)
                        take_word(root, host, flags, word);
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void scan_list_names(
        const Root *root, const char *folder, Arena *arena, const char ***ret, size_t *ret_n)
{
        _cleanup_closedir_ DIR *directory = root_list(root, folder);
        const struct dirent *entry = NULL;
        const char **names = NULL;
        size_t n = 0;

        while (directory && n < FOLDER_MAX && (entry = readdir(directory))) {
                const char **name = *entry->d_name == '.' ? NULL : arena_push(arena, &names, &n);

                if (name)
                        *name = arena_strdup(arena, entry->d_name);
        }
        if (arena_failed(arena))
                n = 0;
        if (n > 0)
                qsort(names, n, sizeof(*names), compare_names);
        *ret = names;
        *ret_n = n;
}

static void each_name(const Root *root, const char *folder, Host *host,
        void (*take)(const Root *root, const char *name, Host *host))
{
        const char **names = NULL;
        size_t n = 0;

        scan_list_names(root, folder, host->arena, &names, &n);
        for (size_t i = 0; i < n; i++)
                take(root, names[i], host);
}

/* driverctl(8) has a file for each override, that holds no more than the driver's name. Its udev
 * rule has a unit started for each device that has such a file, which unbinds the device, whatever
 * has it, and has it probed anew: load-override of the driverctl script. */
static void take_override(const Root *root, const char *name, Host *host)
{
        _cleanup_free_ char *driver = NULL;
        char path[PATH_MAX], shown[PATH_MAX + 1];
        Rival rival = {.kind = RIVAL_DRIVERCTL, .file = shown};
        bool function = false;

        if (strncmp(name, "pci-", 4) != 0 ||
                pci_address_parse(name + 4, &rival.address, &function) < 0 || !function)
                return;
        snprintf(path, sizeof(path), "etc/driverctl.d/%s", name);
        snprintf(shown, sizeof(shown), "/%s", path);
        if (root_read(root, path, OVERRIDE_MAX, &driver) < 0 || !*driver ||
                !driver_name_is_clean(driver))
                return;
        rival.value = driver;
        scan_add_rival(host, &rival);
}

/* The kubelet has a folder for the logs of each pod of this node, with one for each container of
 * it. The containers are named in the operator's own manifests (assets/state-vfio-manager,
 * assets/state-driver); the first one has the second one beside it. */
static void take_pod(const Root *root, const char *name, Host *host)
{
        static const char *const containers[] = {"nvidia-vfio-manager", "k8s-driver-manager"};
        const char *pod = strchr(name, '_');

        if (!pod)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "var/log/pods/%s/%s", name, containers[i]);
                if (!root_exists(root, path))
                        continue;
                scan_add_rival(host, &(Rival){.kind = RIVAL_OPERATOR, .value = containers[i]});
                return;
        }
}

void scan_rivals(const Root *root, Host *host, unsigned flags)
{
        read_cmdline(root, host, flags);
        each_name(root, "etc/driverctl.d", host, take_override);
        if (!(flags & SCAN_EARLY))
                each_name(root, "var/log/pods", host, take_pod);
}
