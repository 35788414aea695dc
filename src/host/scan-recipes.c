/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-recipes.h"

#include <string.h>

#include "base/driver-name.h"
#include "host/scan-rivals.h"
#include "host/scan.h"
#include "host/text-lines.h"

#define OUR_FILE "vfio-gpu.conf" /* of modprobe.d */

static Rival at_line(const TextLine *line, RivalKind kind, const char *text, const char *value)
{
        return (Rival){.kind = kind,
                .file = line->file,
                .line = line->number,
                .text = text,
                .value = value};
}

/* What stands behind the last `ids=` of a module's options, as it is the one that counts; NULL. */
static char *find_ids(char *options)
{
        char *ids = NULL;

        for (char *word; *(word = text_lines_next_word(&options));)
                if (strncmp(word, "ids=", 4) == 0)
                        ids = word + 4;
        return ids;
}

static void take_ids(
        Host *host, const TextLine *line, const char *text, const char *module, char *options)
{
        const bool stub = driver_name_equal(module, "pci-stub");
        char *ids = find_ids(options);

        if (!stub && !driver_name_equal(module, "vfio-pci"))
                return;
        /* none at all takes away what others have set */
        if (ids && *ids) {
                Rival rival = at_line(line, stub ? RIVAL_STUB_IDS : RIVAL_IDS, text, ids);

                scan_add_rival(host, &rival);
        }
}

/* `install nouveau /bin/false`: nothing is loaded. Other commands may load it after all. */
static bool loads_nothing(char *command)
{
        static const char *const nothing[] = {
                "/bin/false", "/usr/bin/false", "false", "/bin/true", "/usr/bin/true", "true", ":"};
        const char *first = text_lines_next_word(&command);

        for (size_t i = 0; i < ARRAY_SIZE(nothing); i++)
                if (strcmp(first, nothing[i]) == 0)
                        return true;
        return false;
}

static bool loads_vfio(char *words)
{
        for (char *word; *(word = text_lines_next_word(&words));)
                if (driver_name_equal(word, "vfio-pci"))
                        return true;
        return false;
}

/* modprobe.d(5). */
static void take_modprobe_line(const TextLine *line, void *context)
{
        Host *host = context;
        const char *text = arena_strdup(host->arena, line->text);
        char *rest = line->text;
        const char *command = text_lines_next_word(&rest), *module = text_lines_next_word(&rest);
        Rival rival = at_line(line, RIVAL_KEEPS_OFF, text, module);

        if (!text || !driver_name_is_clean(module))
                return;
        if (strcmp(command, "options") == 0) {
                take_ids(host, line, text, module, rest);
        } else if (strcmp(command, "softdep") == 0) {
                rival.kind = RIVAL_LOADS;
                if (loads_vfio(rest))
                        scan_add_rival(host, &rival);
        } else if (strcmp(command, "blacklist") == 0 ||
                   (strcmp(command, "install") == 0 && loads_nothing(rest))) {
                scan_add_rival(host, &rival);
        }
}

static void read_modprobe(const Root *root, Host *host)
{
        /* not /run, where vfio-gpu's own is, and nothing outlives the boot */
        static const char *const folders[] = {"etc/modprobe.d", "usr/local/lib/modprobe.d",
                "usr/lib/modprobe.d", "lib/modprobe.d"};

        text_lines_of_folders(
                root, folders, ARRAY_SIZE(folders), ".conf", true, take_modprobe_line, host);
        if (root_exists(root, "etc/modprobe.d/" OUR_FILE))
                scan_add_rival(
                        host, &(Rival){.kind = RIVAL_HIDES, .file = "/etc/modprobe.d/" OUR_FILE});
}

/* A module's name, and for initramfs-tools and /etc/modules its options. */
static void take_module_line(const TextLine *line, void *context)
{
        Host *host = context;
        const char *text = arena_strdup(host->arena, line->text);
        char *rest = line->text;
        const char *module = text_lines_next_word(&rest);
        Rival rival = at_line(line, RIVAL_LOADS, text, module);

        if (!text)
                return;
        if (strstr(text, "ids="))
                take_ids(host, line, text, module, rest);
        else if (driver_name_equal(module, "vfio-pci"))
                scan_add_rival(host, &rival);
}

static void read_module_lists(const Root *root, Host *host)
{
        static const char *const folders[] = {"etc/modules-load.d", "run/modules-load.d",
                "usr/local/lib/modules-load.d", "usr/lib/modules-load.d"};

        text_lines_of_folders(
                root, folders, ARRAY_SIZE(folders), ".conf", false, take_module_line, host);
        (void)text_lines_of_file(
                root, "etc/initramfs-tools/modules", false, take_module_line, host);
}

/* dracut.conf(5) is read by a shell; nobody writes this line in another way. */
static void take_dracut_line(const TextLine *line, void *context)
{
        static const char forced[] = "force_drivers+=";
        Rival rival = at_line(line, RIVAL_LOADS, line->text, NULL);

        if (strncmp(line->text, forced, sizeof(forced) - 1) == 0)
                scan_add_modules(context, RIVAL_LOADS, line->text + sizeof(forced) - 1, &rival);
}

static void read_dracut(const Root *root, Host *host)
{
        static const char *const folders[] = {"etc/dracut.conf.d", "usr/lib/dracut/dracut.conf.d"};

        (void)text_lines_of_file(root, "etc/dracut.conf", true, take_dracut_line, host);
        text_lines_of_folders(
                root, folders, ARRAY_SIZE(folders), ".conf", true, take_dracut_line, host);
}

/* Whoever binds a card by hand writes to one of these. */
bool scan_recipes_binds(const char *text)
{
        static const char *const signs[] = {
                "driver_override", "/new_id", "drivers/vfio-pci/bind", "nodedev-reattach"};

        for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
                if (strstr(text, signs[i]))
                        return true;
        return false;
}

/* Each file is told of once. */
static void take_script_line(const TextLine *line, void *context)
{
        Host *host = context;
        const Rival *last = host->n_rivals > 0 ? &host->rivals[host->n_rivals - 1] : NULL;
        Rival rival = at_line(line, RIVAL_SCRIPT, line->text, NULL);

        if (last && last->kind == RIVAL_SCRIPT && strcmp(last->file, line->file) == 0)
                return;
        if (scan_recipes_binds(line->text))
                scan_add_rival(host, &rival);
}

static void read_scripts(const Root *root, Host *host)
{
        static const struct {
                const char *folder, *suffix;
        } places[] = {
                {"etc/initramfs-tools/scripts/init-top", ""},
                {"etc/initramfs-tools/scripts/init-premount", ""},
                {"etc/initramfs-tools/scripts/init-bottom", ""},
                {"etc/udev/rules.d", ".rules"},
                {"etc/systemd/system", ".service"},
                {"etc/libvirt/hooks", ""},
                {"etc/libvirt/hooks/qemu.d", ""},
                {"var/lib/vz/snippets", ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                text_lines_of_folders(root, &places[i].folder, 1, places[i].suffix, false,
                        take_script_line, host);
        (void)text_lines_of_file(root, "etc/rc.local", false, take_script_line, host);
}

void scan_recipes(const Root *root, Host *host, unsigned flags)
{
        host->recipes_known = true;
        read_modprobe(root, host);
        read_module_lists(root, host);
        read_dracut(root, host);
        if (!(flags & SCAN_DISCREET))
                read_scripts(root, host);
}
