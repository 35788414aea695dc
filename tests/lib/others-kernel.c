/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/ops.h"
#include "lib/others.h"

/* udevd looks whether modprobe.d has changed at most every three seconds (udev-manager.c). */
#define UDEV_NOTICE_MS 3200

static int write_file(const char *path, const char *text)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static const char *device_path(PciAddress address, const char *attribute, char path[static 96])
{
        snprintf(path, 96, "sys/bus/pci/devices/%s/%s", PCI_ADDRESS(address), attribute);
        return path;
}

static int unplug(_unused_ void *context, PciAddress address)
{
        char path[97] = "/";

        (void)device_path(address, "remove", path + 1);
        return write_file(path, "1");
}

static int rescan(_unused_ void *context)
{
        return write_file("/sys/bus/pci/rescan", "1");
}

static int set_vfs(_unused_ void *context, PciAddress pf, unsigned count)
{
        char path[97] = "/", text[16];

        (void)device_path(pf, "sriov_numvfs", path + 1);
        snprintf(text, sizeof(text), "%u", count);
        return write_file(path, text);
}

static int unload(_unused_ void *context, const char *module)
{
        return syscall(SYS_delete_module, module, O_NONBLOCK) < 0 ? -errno : 0;
}

static int64_t ms_since(const struct timespec *then)
{
        struct timespec now = {0};

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)(now.tv_sec - then->tv_sec) * 1000 +
               (now.tv_nsec - then->tv_nsec) / 1000000;
}

static int udev(_unused_ void *context)
{
        struct stat st = {0};
        int64_t age = stat("/" POLICY_PATH, &st) < 0 ? UDEV_NOTICE_MS : ms_since(&st.st_mtim);

        if (age < UDEV_NOTICE_MS)
                clock_pause_ms((unsigned)(UDEV_NOTICE_MS - age));
        return system("udevadm settle --timeout=20") == 0 ? 0 : -ETIMEDOUT;
}

static int read_override(void *context, PciAddress address, char *text, size_t size)
{
        char path[96];
        _cleanup_free_ char *value = NULL;
        int r = root_read(context, device_path(address, "driver_override", path), size, &value);

        if (r < 0)
                return r;
        snprintf(text, size, "%s", strcmp(value, "(null)") == 0 ? "" : value);
        return 0;
}

/* One at a time has it open. */
static int open_group(const char *path)
{
        int fd = open(path, O_RDWR | O_CLOEXEC);

        for (int i = 0; fd < 0 && errno == EBUSY && i < 50; i++) {
                clock_pause_ms(10);
                fd = open(path, O_RDWR | O_CLOEXEC);
        }
        return fd;
}

static int read_group(void *context, PciAddress address)
{
        char path[96];
        _cleanup_free_ char *group = NULL;
        int r = root_link_name(context, device_path(address, "iommu_group", path), &group);

        if (r < 0)
                return r;
        snprintf(path, sizeof(path), "/dev/vfio/%.32s", group);

        _cleanup_close_ int fd = open_group(path);
        struct vfio_group_status status = {.argsz = sizeof(status)};

        if (fd < 0 || ioctl(fd, VFIO_GROUP_GET_STATUS, &status) < 0)
                return -errno;
        return status.flags & VFIO_GROUP_FLAGS_VIABLE ? 1 : 0;
}

static unsigned long read_number(const Root *root, PciAddress address, const char *attribute)
{
        char path[96];
        _cleanup_free_ char *value = NULL;

        if (root_read(root, device_path(address, attribute, path), 32, &value) < 0)
                return 0;
        return strtoul(value, NULL, 16);
}

static int describe(void *context, Function *function)
{
        char path[96];
        _cleanup_free_ char *group = NULL;
        PciAddress address = function->address;

        function->id = (PciId){.vendor = (uint16_t)read_number(context, address, "vendor"),
                .device = (uint16_t)read_number(context, address, "device")};
        function->class = (uint32_t)read_number(context, address, "class");
        function->iommu_group = -1;
        if (root_link_name(context, device_path(address, "iommu_group", path), &group) == 0)
                function->iommu_group = (int)strtol(group, NULL, 10);
        return function->id.vendor ? 0 : -ENOENT;
}

void others_kernel_init(const Root *root, Others *ret)
{
        *ret = (Others){
                .context = (void *)(uintptr_t)root,
                .unplug = unplug,
                .rescan = rescan,
                .set_vfs = set_vfs,
                .unload = unload,
                .udev = udev,
                .read_override = read_override,
                .read_group = read_group,
                .describe = describe,
        };
}
