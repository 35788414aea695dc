/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-keyboards.h"

#include <limits.h>
#include <string.h>

/* The words of a bitmap, the highest first. Escape, digits and the first letters are the keys 1 to
 * 31: udev's input_id takes what has them all for a keyboard. A power button has none. */
static bool has_letters(const char *bitmap)
{
        const char *last = strrchr(bitmap, ' ');
        unsigned long long keys = strtoull(last ? last + 1 : bitmap, NULL, 16);

        return (keys & 0xfffffffe) == 0xfffffffe;
}

static bool is_keyboard(int directory, const char *name)
{
        char path[NAME_MAX + sizeof("/capabilities/key")];
        _cleanup_free_ char *bitmap = NULL;

        snprintf(path, sizeof(path), "%s/capabilities/key", name);
        return directory_read(directory, path, 4096, &bitmap) == 0 && has_letters(bitmap);
}

/* The last PCI function in the path of a device, which is the nearest one above it. */
static Keyboard find_function(char *path)
{
        Keyboard keyboard = {0};

        for (char *part; (part = strsep(&path, "/"));) {
                PciAddress address = {0};
                bool function = false;

                if (strlen(part) >= strlen("0000:00:00.0") &&
                        pci_address_parse(part, &address, &function) == 0 && function)
                        keyboard = (Keyboard){.on_pci = true, .address = address};
        }
        return keyboard;
}

static void take_input(int directory, const char *name, Host *host)
{
        _cleanup_free_ char *path = NULL;
        Keyboard *keyboard = NULL;

        if (directory_link_target(directory, name, &path) < 0)
                return;
        if (strstr(path, "/virtual/") || !is_keyboard(directory, name))
                return;
        keyboard = arena_push(host->arena, &host->keyboards, &host->n_keyboards);
        if (keyboard)
                *keyboard = find_function(path);
}

void scan_keyboards(const Root *root, Host *host)
{
        _cleanup_closedir_ DIR *directory = root_list(root, "sys/class/input");

        for (const struct dirent *entry; directory && (entry = readdir(directory));)
                if (strncmp(entry->d_name, "input", 5) == 0)
                        take_input(dirfd(directory), entry->d_name, host);
}
