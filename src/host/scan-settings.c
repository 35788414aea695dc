/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-settings.h"

#include <string.h>

#define ATTRIBUTE_MAX 512

/* What cannot be read is as good as not there. */
static char *read_attribute(const Root *root, PciAddress address, const char *attribute)
{
        char path[sizeof("sys/bus/pci/devices//d3cold_allowed") + PCI_ADDRESS_SIZE];
        char *text = NULL;

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", PCI_ADDRESS(address), attribute);
        return root_read(root, path, ATTRIBUTE_MAX, &text) < 0 ? NULL : text;
}

/* Another's tree may hold anything; the kernel writes names of these letters. */
static bool is_sane(const char *methods)
{
        return !methods[strspn(methods, "abcdefghijklmnopqrstuvwxyz0123456789_ ")];
}

void scan_settings(const Root *root, Host *host, Function *const *functions, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                Function *f = functions[i];
                _cleanup_free_ char *methods = read_attribute(root, f->address, "reset_method");
                _cleanup_free_ char *d3cold = read_attribute(root, f->address, "d3cold_allowed");

                f->settings = (Settings){.known = true, .d3cold = -1};
                if (methods && is_sane(methods))
                        f->settings.reset_method = arena_strdup(host->arena, methods);
                if (d3cold && (strcmp(d3cold, "0") == 0 || strcmp(d3cold, "1") == 0))
                        f->settings.d3cold = *d3cold == '1';
        }
}
