/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vfio-open ADDRESS...: opens each PCI function through VFIO as a virtual machine monitor does, and
 * reads its ids through the descriptor. One line a function:
 *
 *   0000:01:00.0 ok group=13 id=10de:1eb8
 *   0000:01:00.0 failed step=viable: Device or resource busy
 *
 * All functions of one IOMMU group have to be on VFIO drivers for the group to be viable: this is
 * the proof that a card can be given away, which no link in sysfs is. Exit status 0 when all
 * opened. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct attempt {
        const char *address;
        const char *step; /* the one being tried */
        int container;
        int group;
        int device;
        char group_name[32];
        uint16_t ids[2];
};

static int find_group(struct attempt *a)
{
        char path[PATH_MAX], target[PATH_MAX], *name;
        ssize_t n;

        a->step = "group";
        snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/iommu_group", a->address);
        n = readlink(path, target, sizeof target - 1);
        if (n < 0)
                return -errno;
        target[n] = '\0';
        name = strrchr(target, '/');
        name = name ? name + 1 : target;
        if (strlen(name) >= sizeof a->group_name)
                return -ENAMETOOLONG;
        strcpy(a->group_name, name);
        return 0;
}

static int open_group(struct attempt *a)
{
        struct vfio_group_status status = {.argsz = sizeof status};
        char path[64];

        a->step = "container";
        a->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
        if (a->container < 0)
                return -errno;
        a->step = "open";
        snprintf(path, sizeof path, "/dev/vfio/%s", a->group_name);
        a->group = open(path, O_RDWR | O_CLOEXEC);
        if (a->group < 0)
                return -errno;
        a->step = "viable";
        if (ioctl(a->group, VFIO_GROUP_GET_STATUS, &status) < 0)
                return -errno;
        return status.flags & VFIO_GROUP_FLAGS_VIABLE ? 0 : -EBUSY;
}

static int open_device(struct attempt *a)
{
        a->step = "set-container";
        if (ioctl(a->group, VFIO_GROUP_SET_CONTAINER, &a->container) < 0)
                return -errno;
        a->step = "set-iommu";
        if (ioctl(a->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
                return -errno;
        a->step = "device";
        a->device = ioctl(a->group, VFIO_GROUP_GET_DEVICE_FD, a->address);
        return a->device < 0 ? -errno : 0;
}

static int read_ids(struct attempt *a)
{
        struct vfio_region_info info = {
                .argsz = sizeof info, .index = VFIO_PCI_CONFIG_REGION_INDEX};
        ssize_t n;

        a->step = "region";
        if (ioctl(a->device, VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
                return -errno;
        a->step = "read";
        n = pread(a->device, a->ids, sizeof a->ids, (off_t)info.offset);
        if (n < 0)
                return -errno;
        return (size_t)n == sizeof a->ids ? 0 : -EIO;
}

static void close_all(struct attempt *a)
{
        if (a->device >= 0)
                close(a->device);
        if (a->group >= 0)
                close(a->group);
        if (a->container >= 0)
                close(a->container);
}

static int try(const char *address)
{
        struct attempt a = {.address = address, .container = -1, .group = -1, .device = -1};
        int r = find_group(&a);

        if (r == 0)
                r = open_group(&a);
        if (r == 0)
                r = open_device(&a);
        if (r == 0)
                r = read_ids(&a);
        close_all(&a);
        if (r < 0)
                printf("%s failed step=%s: %s\n", address, a.step, strerror(-r));
        else
                printf("%s ok group=%s id=%04x:%04x\n", address, a.group_name, a.ids[0], a.ids[1]);
        return r;
}

int main(int argc, char **argv)
{
        int failed = argc < 2;

        for (int i = 1; i < argc; i++)
                failed |= try(argv[i]) < 0;
        return failed;
}
