/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-slots.h"

#include <limits.h>
#include <string.h>

#define SLOTS       "sys/bus/pci/slots"
#define ADDRESS_MAX 64

/* "0000:01:00", or "0000:01" where the slot is all of a bus (drivers/pci/slot.c). */
static bool parse_address(const char *text, Slot *ret)
{
        bool has_function = false;
        char device[ADDRESS_MAX + sizeof(":00")];

        ret->whole_bus = false;
        if (pci_address_parse(text, &ret->address, &has_function) == 0)
                return !has_function && strchr(text, ':') != strrchr(text, ':');
        snprintf(device, sizeof(device), "%s:00", text);
        ret->whole_bus = true;
        return pci_address_parse(device, &ret->address, NULL) == 0;
}

static void read_slot(const Root *root, const char *name, Host *host)
{
        _cleanup_free_ char *text = NULL;
        char path[sizeof(SLOTS "//address") + NAME_MAX];
        Slot slot = {0};

        snprintf(path, sizeof(path), SLOTS "/%s/address", name);
        if (root_read(root, path, ADDRESS_MAX, &text) < 0 || !parse_address(text, &slot))
                return;
        slot.name = arena_strdup(host->arena, name);

        Slot *item = arena_push(host->arena, &host->slots, &host->n_slots);
        if (item)
                *item = slot;
}

static int compare_slots(const void *a, const void *b)
{
        return strcmp(((const Slot *)a)->name, ((const Slot *)b)->name);
}

void scan_slots(const Root *root, Host *host)
{
        _cleanup_closedir_ DIR *directory = root_list(root, SLOTS);

        for (const struct dirent *entry; directory && (entry = readdir(directory));)
                if (*entry->d_name != '.')
                        read_slot(root, entry->d_name, host);
        if (host->n_slots > 0 && !arena_failed(host->arena))
                qsort(host->slots, host->n_slots, sizeof(*host->slots), compare_slots);
}
