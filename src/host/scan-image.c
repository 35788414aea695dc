/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-image.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "host/conf-file.h"
#include "host/run-dir.h"
#include "host/scan-install-conf.h"

#define UNIT_MAX ((size_t)64 * 1024)

/* A folder that the package of a kernel has left behind has no indexes any more. */
static bool has_indexes(int directory, const char *name)
{
        char path[NAME_MAX + sizeof("/modules.dep")];

        if (*name == '.')
                return false;
        snprintf(path, sizeof(path), "%s/modules.dep", name);
        return directory_has(directory, path) == 0;
}

static unsigned count_kernels(const Root *root)
{
        _cleanup_closedir_ DIR *directory = root_list(root, "lib/modules");
        unsigned n = 0;

        for (const struct dirent *entry; directory && (entry = readdir(directory));)
                n += has_indexes(dirfd(directory), entry->d_name);
        return n;
}

static ImageTool read_tool(const Root *root)
{
        if (root_exists(root, "run/ostree-booted"))
                return root_exists(root, "usr/bin/rpm-ostree") ? IMAGE_TOOL_RPM_OSTREE
                                                               : IMAGE_TOOL_UNKNOWN;
        if (scan_install_conf_is_uki(root))
                return IMAGE_TOOL_KERNEL_INSTALL;
        if (root_exists(root, "usr/lib/dracut/dracut-functions.sh"))
                return count_kernels(root) > 1 ? IMAGE_TOOL_DRACUT_ALL : IMAGE_TOOL_DRACUT;
        if (root_exists(root, "usr/share/initramfs-tools/hook-functions"))
                return IMAGE_TOOL_INITRAMFS_TOOLS;
        if (root_exists(root, "usr/bin/mkinitcpio"))
                return IMAGE_TOOL_MKINITCPIO;
        return IMAGE_TOOL_UNKNOWN;
}

/* Both dracut and initramfs-tools make that folder; the files are those of verb-apply.c. */
static Initrd read_initrd(const Root *root, Arena *arena)
{
        _cleanup_free_ char *config = NULL;
        Initrd initrd = {
                .existed = root_exists(root, "run/initramfs"),
                .ran = root_exists(root, RUN_DIR "/initrd.json"),
        };

        if (root_read(root, RUN_DIR "/initrd.conf", CONF_FILE_MAX, &config) == 0)
                initrd.config = arena_strdup(arena, config);
        return initrd;
}

/* Where the link leads does not matter: another machine's tree may show no more than /etc. */
static bool is_wanted_below(const Root *root, const char *units)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/sysinit.target.wants/vfio-gpu.service", units);

        _cleanup_close_ int fd = root_open_file(root, path, O_PATH | O_NOFOLLOW);
        return fd >= 0;
}

/* By the administrator, until the next reboot, or by whoever made the image of this host. */
static bool is_enabled(const Root *root)
{
        static const char *const folders[] = {
                "etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system"};

        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (is_wanted_below(root, folders[i]))
                        return true;
        return false;
}

/* From anywhere; in a tree that was captured links are relative. */
static bool is_null(const char *target)
{
        while (strncmp(target, "../", 3) == 0)
                target += 3;
        return strcmp(target + (*target == '/'), "dev/null") == 0;
}

/* systemd.unit(5): an empty file does it, too. */
static bool is_mask(const Root *root, const char *path)
{
        _cleanup_free_ char *target = NULL, *text = NULL;

        if (root_link_target(root, path, &target) == 0)
                return is_null(target);
        return root_read(root, path, UNIT_MAX, &text) == 0 && !*text;
}

/* A unit file in the first folder has the right of way before one in the second. */
static const char *find_mask(const Root *root)
{
        static const char *const paths[] = {
                "/etc/systemd/system/vfio-gpu.service", "/run/systemd/system/vfio-gpu.service"};

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                _cleanup_close_ int fd = root_open_file(root, paths[i] + 1, O_PATH | O_NOFOLLOW);

                if (fd >= 0)
                        return is_mask(root, paths[i] + 1) ? paths[i] : NULL;
        }
        return NULL;
}

void scan_image(const Root *root, Host *host)
{
        host->image_tool = read_tool(root);
        host->initrd = read_initrd(root, host->arena);
        host->enabled = is_enabled(root);
        host->masked = find_mask(root);
}
