/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pci-path.h"

#include <string.h>

#include "base/text.h"

/* Long enough for an address and a NUL. */
#define HOP_MAX PCI_ADDRESS_SIZE

/* Cuts what stands before the next `/` off `*text`; false when it is too long for a hop. */
static bool next_hop(const char **text, char ret[static HOP_MAX])
{
        size_t length = strcspn(*text, "/");

        if (length >= HOP_MAX)
                return false;
        memcpy(ret, *text, length);
        ret[length] = '\0';
        *text += length;
        return true;
}

/* `dd.f`: an address without its bus. */
static int parse_hop(const char *text, PciAddress *ret)
{
        char address[sizeof("00:") + HOP_MAX];
        bool has_function = false;

        snprintf(address, sizeof(address), "00:%s", text);
        if (strchr(text, ':') || pci_address_parse(address, ret, &has_function) < 0)
                return -EINVAL;
        return has_function ? 0 : -EINVAL;
}

int pci_path_parse(const char *text, PciPath *ret)
{
        PciPath path = {0};
        char hop[HOP_MAX];
        bool has_function = false;

        if (!next_hop(&text, hop) || pci_address_parse(hop, &path.first, &has_function) < 0 ||
                !has_function)
                return -EINVAL;
        while (*text) {
                PciAddress address = {0};

                text++;
                if (!next_hop(&text, hop) || parse_hop(hop, &address) < 0 ||
                        !pci_path_append(&path, address))
                        return -EINVAL;
        }
        *ret = path;
        return 0;
}

static unsigned hop_device(uint8_t hop)
{
        return hop >> 3;
}

static unsigned hop_function(uint8_t hop)
{
        return hop & 0x7;
}

const char *pci_path_format(const PciPath *path, Arena *arena)
{
        Text text = TEXT_IN(arena);

        text_add(&text, "%s", PCI_ADDRESS(path->first));
        for (size_t i = 0; i < path->n_hops; i++)
                text_add(&text, "/%02x.%x", hop_device(path->hops[i]), hop_function(path->hops[i]));
        return arena_failed(arena) ? NULL : text.string;
}

bool pci_path_append(PciPath *path, PciAddress address)
{
        if (path->n_hops == PCI_PATH_HOPS_MAX)
                return false;
        path->hops[path->n_hops++] = (uint8_t)(address.device << 3 | (address.function & 0x7));
        return true;
}

bool pci_path_same_slot(const PciPath *a, const PciPath *b)
{
        size_t last = a->n_hops - 1;

        if (a->n_hops != b->n_hops)
                return false;
        if (a->n_hops == 0)
                return pci_address_same_slot(a->first, b->first);
        return pci_address_compare(a->first, b->first) == 0 &&
               memcmp(a->hops, b->hops, last) == 0 &&
               hop_device(a->hops[last]) == hop_device(b->hops[last]);
}

unsigned pci_path_function(const PciPath *path)
{
        return path->n_hops ? hop_function(path->hops[path->n_hops - 1]) : path->first.function;
}
