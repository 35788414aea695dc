/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-users.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

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

const char *scan_user(int device, const Function *f, Arena *arena)
{
        if (!f->binding.driver || function_class(f) != PCI_CLASS_USB)
                return NULL;
        return find_usb_device(device, arena);
}
