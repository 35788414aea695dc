/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vfio-open [--hold SECONDS | --hold-until FILE] ADDRESS...: opens each PCI function through VFIO
 * as a virtual machine monitor does, reads its ids through the descriptor, and maps each of its
 * BARs that the kernel says can be mapped. One line a function:
 *
 *   0000:01:00.0 ok group=13 id=10de:1eb8 map=ok
 *   0000:01:00.0 ok group=13 id=10de:1eb8 map=failed:EBUSY bar=0
 *   0000:01:00.0 ok group=13 id=10de:1eb8 map=none
 *   0000:01:00.0 failed step=viable: Device or resource busy
 *
 * All functions of one IOMMU group have to be on VFIO drivers for the group to be viable: this is
 * the proof that a card can be given away, which no link in sysfs is. A BAR that somebody else
 * holds (the boot's framebuffer) shows in the map alone.
 *
 * With --hold the functions stay open after the lines are out, all of them at once, for as long as
 * said, or until the file is there: as a virtual machine keeps them. At the end each that was
 * opened is read once more through what has been open all the time:
 *
 *   0000:01:00.0 held id=10de:1eb8
 *
 * Exit status 0 when all opened, and those that were held can be read still.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct attempt {
        const char *address;
        const char *step; /* the one being tried */
        int container;
        int group;
        int device;
        char group_name[32];
        uint16_t ids[2];
        int bars_mapped;
        int bar_failed;
        int map_error; /* 0, or the errno of bar_failed */
};

/* How long the functions stay open. */
struct hold {
        long seconds;
        const char *until;
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

/* Mapped, not read: the card's log stays clean. */
static int map_bar(struct attempt *a, unsigned index)
{
        struct vfio_region_info info = {.argsz = sizeof info, .index = index};
        void *bar;

        if (ioctl(a->device, VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
                return -errno;
        if (info.size == 0 || !(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
                return 0;
        bar = mmap(NULL, info.size, PROT_READ, MAP_SHARED, a->device, (off_t)info.offset);
        if (bar == MAP_FAILED)
                return -errno;
        munmap(bar, info.size);
        a->bars_mapped++;
        return 0;
}

static void map_bars(struct attempt *a)
{
        for (unsigned i = VFIO_PCI_BAR0_REGION_INDEX; i <= VFIO_PCI_BAR5_REGION_INDEX; i++) {
                int r = map_bar(a, i);

                if (r < 0 && a->map_error == 0) {
                        a->map_error = -r;
                        a->bar_failed = (int)i;
                }
        }
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

static void report(const struct attempt *a, int r)
{
        if (r < 0) {
                printf("%s failed step=%s: %s\n", a->address, a->step, strerror(-r));
                return;
        }
        printf("%s ok group=%s id=%04x:%04x map=", a->address, a->group_name, a->ids[0], a->ids[1]);
        if (a->map_error)
                printf("failed:%s bar=%d\n", strerrorname_np(a->map_error), a->bar_failed);
        else
                printf("%s\n", a->bars_mapped ? "ok" : "none");
}

static int try(struct attempt *a)
{
        int r = find_group(a);

        if (r == 0)
                r = open_group(a);
        if (r == 0)
                r = open_device(a);
        if (r == 0)
                r = read_ids(a);
        if (r == 0)
                map_bars(a);
        report(a, r);
        fflush(stdout);
        return r;
}

static int read_again(struct attempt *a)
{
        int r = read_ids(a);

        if (r < 0)
                printf("%s lost step=%s: %s\n", a->address, a->step, strerror(-r));
        else
                printf("%s held id=%04x:%04x\n", a->address, a->ids[0], a->ids[1]);
        return r;
}

static void wait_for(const struct hold *hold)
{
        if (hold->until)
                while (access(hold->until, F_OK) < 0)
                        usleep(100000);
        else
                sleep((unsigned)hold->seconds);
}

/* Held at once, two functions of one group cannot both be opened: each opens the group anew, and
 * the kernel gives a group to one opener. */
static int open_each(char **addresses, int n, const struct hold *hold)
{
        struct attempt *attempts = calloc((size_t)n, sizeof *attempts);
        bool keep = hold->until || hold->seconds > 0;
        int failed = 0;

        if (!attempts)
                return 1;
        for (int i = 0; i < n; i++) {
                attempts[i] = (struct attempt){
                        .address = addresses[i], .container = -1, .group = -1, .device = -1};
                failed |= try(&attempts[i]) < 0;
                if (!keep)
                        close_all(&attempts[i]);
        }
        if (keep)
                wait_for(hold);
        for (int i = 0; keep && i < n; i++)
                if (attempts[i].device >= 0)
                        failed |= read_again(&attempts[i]) < 0;
        free(attempts);
        return failed;
}

static int usage(void)
{
        fputs("vfio-open [--hold SECONDS | --hold-until FILE] ADDRESS...\n", stderr);
        return 2;
}

int main(int argc, char **argv)
{
        struct hold hold = {0};
        int first = 1;

        if (argc > 1 && argv[1][0] == '-') {
                if (argc > 3 && strcmp(argv[1], "--hold") == 0)
                        hold.seconds = strtol(argv[2], NULL, 10);
                else if (argc > 3 && strcmp(argv[1], "--hold-until") == 0)
                        hold.until = argv[2];
                if (!hold.until && hold.seconds <= 0)
                        return usage();
                first = 3;
        }
        return first < argc ? open_each(argv + first, argc - first, &hold) : usage();
}
