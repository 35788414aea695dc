/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-users.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define STATUS_MAX 4096

/* Says of one entry of a directory whether it is what is looked for. */
typedef bool (*Wanted)(void *context, const char *entry);

/* The name of the first entry that `wanted` accepts, to be freed, or NULL. Takes over `fd`. */
static char *find_entry(int fd, Wanted wanted, void *context)
{
        DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
        char *found = NULL;

        if (!directory) {
                closep(&fd);
                return NULL;
        }
        for (const struct dirent *entry; !found && (entry = readdir(directory));)
                if (wanted(context, entry->d_name))
                        found = strdup(entry->d_name);
        closedir(directory);
        return found;
}

static int open_directory(int parent, const char *name)
{
        return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* "3-1": what is plugged in. The root hub is "usb3", its interface "3-0:1.0". */
static bool is_usb_device(_unused_ void *context, const char *name)
{
        return isdigit((unsigned char)name[0]) && strchr(name, '-') && !strchr(name, ':');
}

typedef struct Buses {
        int device;
        char *user; /* to be freed */
} Buses;

/* An xHCI has two buses, of which either may be empty. */
static bool bus_has_device(void *context, const char *name)
{
        Buses *buses = context;

        if (strncmp(name, "usb", 3) != 0 || !isdigit((unsigned char)name[3]))
                return false;
        buses->user = find_entry(open_directory(buses->device, name), is_usb_device, NULL);
        return buses->user != NULL;
}

static const char *find_usb_device(int device, Arena *arena)
{
        Buses buses = {.device = device};
        _cleanup_free_ char *bus = find_entry(open_directory(device, "."), bus_has_device, &buses);
        const char *user = bus ? arena_printf(arena, "USB device %s", buses.user) : NULL;

        free(buses.user);
        return user;
}

static bool is_card(_unused_ void *context, const char *name)
{
        return strncmp(name, "card", 4) == 0 && isdigit((unsigned char)name[4]);
}

typedef struct Card {
        const Root *root;
        const char *name;
} Card;

/* Documentation/sound/designs/procfile.rst: a substream's status is "closed", or its state. */
static bool stream_is_open(void *context, const char *name)
{
        const Card *card = context;
        char path[PATH_MAX];
        _cleanup_free_ char *status = NULL;

        if (strncmp(name, "pcm", 3) != 0)
                return false;
        snprintf(path, sizeof(path), "proc/asound/%s/%s/sub0/status", card->name, name);
        return root_read(card->root, path, STATUS_MAX, &status) == 0 &&
               strncmp(status, "closed", 6) != 0;
}

static const char *find_open_sound(const Root *root, int device, Arena *arena)
{
        _cleanup_free_ char *name = find_entry(open_directory(device, "sound"), is_card, NULL);
        _cleanup_free_ char *stream = NULL;
        Card card = {.root = root, .name = name};
        char path[PATH_MAX];

        if (!name)
                return NULL;
        snprintf(path, sizeof(path), "proc/asound/%s", name);
        stream = find_entry(
                root_open_file(root, path, O_RDONLY | O_DIRECTORY), stream_is_open, &card);
        return stream ? arena_printf(arena, "%s of sound %s is open", stream, name) : NULL;
}

const char *scan_user(const Root *root, int device, const Function *f, Arena *arena)
{
        if (!f->binding.driver)
                return NULL;
        switch (function_class(f)) {
        case PCI_CLASS_USB:
                return find_usb_device(device, arena);
        case PCI_CLASS_AUDIO_HDA:
                return find_open_sound(root, device, arena);
        default:
                return NULL;
        }
}
