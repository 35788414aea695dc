/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-framebuffer.h"

#include <string.h>

#include "base/driver-name.h"
#include "host/scan-iomem.h"

#define IOMEM_MAX ((size_t)8 * 1024 * 1024)

/* What drivers/firmware/sysfb.c makes of the firmware's framebuffer; there is one at most. */
static const char *const devices[] = {
        "simple-framebuffer.0",
        "efi-framebuffer.0",
        "vesa-framebuffer.0",
        "platform-framebuffer.0",
};

static void read_holder(const Root *root, Host *host)
{
        for (size_t i = 0; i < ARRAY_SIZE(devices) && !host->framebuffer.device; i++) {
                char path[sizeof("sys/bus/platform/devices//driver") + 32];
                _cleanup_free_ char *driver = NULL;

                snprintf(path, sizeof(path), "sys/bus/platform/devices/%s", devices[i]);
                if (!root_exists(root, path))
                        continue;
                host->framebuffer.device = devices[i];
                strcat(path, "/driver");
                if (root_link_name(root, path, &driver) == 0 && driver_name_is_clean(driver))
                        host->framebuffer.driver = arena_strdup(host->arena, driver);
        }
}

int scan_framebuffer(const Root *root, Host *host)
{
        _cleanup_free_ char *iomem = NULL;

        host->framebuffer = (Framebuffer){0};
        for (size_t i = 0; i < host->n_functions; i++)
                host->functions[i].boot_framebuffer = false;

        int r = root_read(root, "proc/iomem", IOMEM_MAX, &iomem);
        if (r < 0)
                return r;
        iomem_mark_framebuffers(iomem, host->functions, host->n_functions);
        read_holder(root, host);
        return 0;
}
