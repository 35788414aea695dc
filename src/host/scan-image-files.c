/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-image-files.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NAME_SIZE 256

static int64_t nanoseconds(struct timespec time)
{
        return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int look_at(const Root *root, const char *path, int flags, struct stat *ret)
{
        _cleanup_close_ int fd = root_open_file(root, path, O_PATH | flags);

        if (fd < 0)
                return fd;
        return fstat(fd, ret) < 0 ? -errno : 0;
}

static const char *when(int64_t time, Arena *arena)
{
        const time_t seconds = (time_t)(time / 1000000000);
        struct tm tm = {0};
        char text[32] = "";

        if (!localtime_r(&seconds, &tm) || strftime(text, sizeof(text), "%F %T", &tm) == 0)
                return NULL;
        return arena_strdup(arena, text);
}

/* Its status change, not its modification: a config that was written elsewhere, and moved to its
 * place after the image was made, keeps the time of the latter. */
static void note_source(const Root *root, const char *path, int flags, Host *host)
{
        ImageFile *newest = &host->images.newest_source;
        struct stat st = {0};

        if (look_at(root, path, flags, &st) < 0 || nanoseconds(st.st_ctim) <= newest->time)
                return;
        newest->time = nanoseconds(st.st_ctim);
        newest->path = arena_printf(host->arena, "/%s", path);
}

/* What is taken out of a folder changes the folder. */
static void note_folder(const Root *root, const char *folder, Host *host)
{
        _cleanup_closedir_ DIR *directory = root_list(root, folder);

        note_source(root, folder, 0, host);
        for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                char path[PATH_MAX];

                if (*entry->d_name == '.')
                        continue;
                snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
                note_source(root, path, 0, host);
        }
}

static void find_newest_source(const Root *root, Host *host)
{
        static const char *const links[] = {
                "etc/systemd/system/sysinit.target.wants/vfio-gpu.service",
                "usr/lib/systemd/system/sysinit.target.wants/vfio-gpu.service",
        };
        static const char *const files[] = {"etc/vfio-gpu.conf", "usr/bin/vfio-gpu",
                "usr/local/bin/vfio-gpu", "usr/lib/systemd/system/vfio-gpu.service",
                "usr/lib/systemd/system-generators/vfio-gpu-generator",
                "usr/lib/dracut/modules.d/50vfio-gpu/module-setup.sh",
                "usr/lib/dracut/modules.d/50vfio-gpu/vfio-gpu-hook.sh", "etc/dracut.conf"};
        static const char *const folders[] = {"etc/dracut.conf.d", "usr/lib/dracut/dracut.conf.d",
                "etc/modprobe.d", "usr/lib/modprobe.d"};

        for (size_t i = 0; i < ARRAY_SIZE(links); i++)
                note_source(root, links[i], O_NOFOLLOW, host);
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                note_source(root, files[i], 0, host);
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                note_folder(root, folders[i], host);
        host->images.newest_source.when = when(host->images.newest_source.time, host->arena);
}

/* Where there are several for one kernel, nobody knows which one is booted: the oldest counts. */
static void take_image(const Root *root, const char *path, Host *host, ImageFile *image)
{
        struct stat st = {0};
        int r = look_at(root, path, 0, &st);

        image->hidden |= r == -EACCES;
        if (r < 0 || !S_ISREG(st.st_mode) ||
                (image->path && nanoseconds(st.st_mtim) >= image->time))
                return;
        image->time = nanoseconds(st.st_mtim);
        image->when = when(image->time, host->arena);
        image->path = arena_printf(host->arena, "/%s", path);
}

/* A driver that was built since is not in it. */
static void take_modules(const Root *root, const char *path, Host *host, ImageFile *image)
{
        struct stat st = {0};

        if (look_at(root, path, 0, &st) < 0)
                return;
        image->modules_time = nanoseconds(st.st_ctim);
        image->modules_when = when(image->modules_time, host->arena);
}

/* A file that is one word; "" when it is not there. */
static void read_word(const Root *root, const char *path, char ret[static NAME_SIZE])
{
        _cleanup_free_ char *text = NULL;

        *ret = '\0';
        if (root_read(root, path, NAME_SIZE - 1, &text) == 0 && !strchr(text, '/'))
                snprintf(ret, NAME_SIZE, "%s", text);
}

/* Where dracut puts the image of a kernel, on whatever distribution. Arch's boot menu knows them by
 * the name of the package. */
static void find_image(const Root *root, Host *host, ImageFile *image)
{
        static const char *const by_kernel[] = {"boot/initramfs-%s.img", "boot/initrd.img-%s",
                "boot/initrd-%s", "lib/modules/%s/initrd"};
        static const char *const by_machine[] = {"boot", "boot/efi", "efi"};
        char path[PATH_MAX], package[NAME_SIZE] = "", machine[NAME_SIZE] = "";

        for (size_t i = 0; i < ARRAY_SIZE(by_kernel); i++) {
                const char *format = by_kernel[i], *place = strstr(format, "%s");

                snprintf(path, sizeof(path), "%.*s%s%s", (int)(place - format), format,
                        image->kernel, place + 2);
                take_image(root, path, host, image);
        }
        snprintf(path, sizeof(path), "lib/modules/%s/pkgbase", image->kernel);
        read_word(root, path, package);
        snprintf(path, sizeof(path), "boot/initramfs-%s.img", package);
        if (*package)
                take_image(root, path, host, image);
        read_word(root, "etc/machine-id", machine);
        for (size_t i = 0; *machine && i < ARRAY_SIZE(by_machine); i++) {
                snprintf(path, sizeof(path), "%s/%s/%s/initrd", by_machine[i], machine,
                        image->kernel);
                take_image(root, path, host, image);
        }
}

static int compare_kernels(const void *a, const void *b)
{
        return strcmp(((const ImageFile *)a)->kernel, ((const ImageFile *)b)->kernel);
}

static void find_images(const Root *root, Host *host)
{
        _cleanup_closedir_ DIR *directory = root_list(root, "lib/modules");
        Images *images = &host->images;

        for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "lib/modules/%s/modules.dep", entry->d_name);
                if (*entry->d_name == '.' || !root_exists(root, path))
                        continue;

                ImageFile *image = arena_push(host->arena, &images->items, &images->n_items);
                if (!image || !(image->kernel = arena_strdup(host->arena, entry->d_name)))
                        return;
                take_modules(root, path, host, image);
                find_image(root, host, image);
        }
        if (images->n_items > 0)
                qsort(images->items, images->n_items, sizeof(*images->items), compare_kernels);
}

static int64_t boot_time(void)
{
        struct timespec now = {0}, up = {0};

        if (clock_gettime(CLOCK_REALTIME, &now) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
                return INT64_MAX; /* then nothing is newer */
        return nanoseconds(now) - nanoseconds(up);
}

void scan_image_files(const Root *root, Host *host)
{
        if (!root->real || (host->image_tool != IMAGE_TOOL_DRACUT &&
                                   host->image_tool != IMAGE_TOOL_DRACUT_ALL))
                return;
        find_newest_source(root, host);
        find_images(root, host);
        host->images.boot_time = boot_time();
}
