/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * floor: what claiming the twelve functions of an HGX board costs at least. It makes the writes
 * that vfio-gpu makes, in the same order, and loads the same modules; it knows all beforehand,
 * reads nothing, checks nothing, and tells nobody. Where something fails it stops, with an exit
 * status.
 *
 * FLOOR_MODULES is what is to be inserted, in order, as paths in the folder of this kernel's
 * modules; FLOOR_RELEASE is its name.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const functions[] = {
        "0000:01:00.0",
        "0000:02:00.0",
        "0000:03:00.0",
        "0000:04:00.0",
        "0000:05:00.0",
        "0000:06:00.0",
        "0000:07:00.0",
        "0000:08:00.0",
        "0000:0b:00.0",
        "0000:0c:00.0",
        "0000:0d:00.0",
        "0000:0e:00.0",
};

static const char *const modules[] = {FLOOR_MODULES};

static const char policy[] = "blacklist nouveau\n"
                             "blacklist nova_core\n"
                             "blacklist nova_drm\n"
                             "blacklist nvidiafb\n"
                             "options vfio_pci ids=10de:2330,10de:22a3 disable_denylist=0\n";

static void put(const char *path, const char *text, int flags)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);

        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
                err(1, "%s", path);
        close(fd);
}

static void override(const char *driver)
{
        char path[128];

        for (size_t i = 0; i < COUNT(functions); i++) {
                snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
                        functions[i]);
                put(path, driver, 0);
        }
}

static void insert(const char *module)
{
        char path[256];

        snprintf(path, sizeof(path), "/usr/lib/modules/" FLOOR_RELEASE "/%s", module);

        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
                err(2, "%s", path);
        close(fd);
}

int main(void)
{
        (void)mkdir("/run/modprobe.d", 0755);
        put("/run/modprobe.d/vfio-gpu.conf", policy, O_CREAT | O_TRUNC);
        override("vfio-gpu-hold");
        for (size_t i = 0; i < COUNT(modules); i++)
                insert(modules[i]);
        override("vfio-pci");
        for (size_t i = 0; i < COUNT(functions); i++)
                put("/sys/bus/pci/drivers/vfio-pci/bind", functions[i], 0);
        return 0;
}
