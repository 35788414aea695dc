/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/released.h"

#include <fcntl.h>
#include <string.h>

#include "base/text.h"

#define RELEASED_FILE "released"
#define RELEASED_MAX  ((size_t)64 * 1024)

static void mark(Host *host, PciAddress address)
{
        for (size_t i = 0; i < host->n_functions; i++)
                if (pci_address_compare(host->functions[i].address, address) == 0)
                        host->functions[i].released = true;
}

void released_mark(const Root *root, Host *host)
{
        _cleanup_free_ char *text = NULL;

        if (root_read(root, RUN_DIR "/" RELEASED_FILE, RELEASED_MAX, &text) < 0)
                return;
        for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
                PciAddress address = {0};
                bool function = false;

                if (pci_address_parse(line, &address, &function) == 0 && function)
                        mark(host, address);
        }
}

int released_write(const RunDir *dir, const Host *host)
{
        _cleanup_(arena_freep) Arena *arena = arena_new();
        Text text = TEXT_IN(arena);

        if (!arena)
                return -ENOMEM;
        for (size_t i = 0; i < host->n_functions; i++)
                if (host->functions[i].released)
                        text_add(&text, "%s\n", PCI_ADDRESS(host->functions[i].address));
        if (arena_failed(arena))
                return -ENOMEM;
        if (text_is_empty(&text))
                return released_forget(dir);
        return run_dir_write(dir, RELEASED_FILE, text.string);
}

int released_forget(const RunDir *dir)
{
        return unlinkat(dir->fd, RELEASED_FILE, 0) < 0 && errno != ENOENT ? -errno : 0;
}
