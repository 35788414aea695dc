/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/image.h"

#include <string.h>

const char *image_command(ImageTool tool)
{
        static const char *const commands[_IMAGE_TOOL_MAX] = {
                [IMAGE_TOOL_UNKNOWN] = "`dracut -f`, or what this host has in its place",
                [IMAGE_TOOL_DRACUT] = "`dracut -f`",
                [IMAGE_TOOL_DRACUT_ALL] = "`dracut -f --regenerate-all`",
                /* add-all came with systemd 255; what it reads of each kernel is that file */
                [IMAGE_TOOL_KERNEL_INSTALL] =
                        ("`kernel-install add-all`; before systemd 255, for each kernel, "
                         "`kernel-install add VERSION /lib/modules/VERSION/vmlinuz`"),
                /* a file that is tracked already counts as no change without --force-sync */
                [IMAGE_TOOL_RPM_OSTREE] =
                        "`rpm-ostree initramfs-etc --force-sync --track=/etc/vfio-gpu.conf`",
                [IMAGE_TOOL_INITRAMFS_TOOLS] =
                        "initramfs-tools cannot: `apt install dracut`, which takes its place",
                [IMAGE_TOOL_MKINITCPIO] = "mkinitcpio cannot: `pacman -S dracut`, and have it make "
                                          "the image that the boot menu names",
        };

        return commands[tool];
}

const char *image_rebuild(ImageTool tool, Arena *arena)
{
        return arena_printf(arena, "rebuild the initramfs with vfio-gpu in it (%s) and reboot",
                image_command(tool));
}

const char *image_make(ImageTool tool)
{
        static const char *const commands[_IMAGE_TOOL_MAX] = {
                [IMAGE_TOOL_UNKNOWN] = "dracut -f",
                [IMAGE_TOOL_DRACUT] = "dracut -f",
                [IMAGE_TOOL_DRACUT_ALL] = "dracut -f --regenerate-all",
                [IMAGE_TOOL_KERNEL_INSTALL] = "kernel-install add-all",
                [IMAGE_TOOL_RPM_OSTREE] =
                        "rpm-ostree initramfs-etc --force-sync --track=/etc/vfio-gpu.conf",
                [IMAGE_TOOL_INITRAMFS_TOOLS] = "apt install dracut",
                [IMAGE_TOOL_MKINITCPIO] = "pacman -S dracut",
        };

        return commands[tool];
}

const char *image_remark(ImageTool tool)
{
        switch (tool) {
        case IMAGE_TOOL_UNKNOWN:
                return "or what this host has in its place";
        case IMAGE_TOOL_KERNEL_INSTALL:
                return "before systemd 255, for each kernel, "
                       "`kernel-install add VERSION /lib/modules/VERSION/vmlinuz`";
        case IMAGE_TOOL_INITRAMFS_TOOLS:
                return "in place of initramfs-tools, which cannot carry vfio-gpu";
        case IMAGE_TOOL_MKINITCPIO:
                return "in place of mkinitcpio, which cannot carry vfio-gpu; then have it make the "
                       "image that the boot menu names";
        default:
                return NULL;
        }
}

static size_t length_of(const char *text)
{
        size_t n = strlen(text);

        return n > 0 && text[n - 1] == '\n' ? n - 1 : n;
}

bool image_config_is_same(const char *a, const char *b)
{
        size_t n = length_of(a);

        return n == length_of(b) && strncmp(a, b, n) == 0;
}

static bool lists_any(const Claims *claims)
{
        for (size_t i = 0; i < claims->n_items; i++)
                if (!claims->items[i].skipped)
                        return true;
        return false;
}

ImageState image_judge(const Host *host, const char *config, const Claims *claims)
{
        const Initrd *initrd = &host->initrd;

        if (host->stage == STAGE_INITRD)
                return IMAGE_FITS;
        if (initrd->config)
                return image_config_is_same(initrd->config, config) ? IMAGE_FITS
                                                                    : IMAGE_OTHER_CONFIG;
        if (initrd->existed && !initrd->ran && host->enabled && lists_any(claims))
                return IMAGE_WITHOUT;
        return IMAGE_FITS;
}

const char *image_trouble(ImageState state)
{
        static const char *const troubles[] = {
                [IMAGE_FITS] = NULL,
                [IMAGE_OTHER_CONFIG] = "the initramfs of this boot holds another config",
                [IMAGE_WITHOUT] = "vfio-gpu did not run in the initramfs of this boot",
        };

        return troubles[state];
}

bool image_tool_may_carry(ImageTool tool)
{
        return tool != IMAGE_TOOL_INITRAMFS_TOOLS && tool != IMAGE_TOOL_MKINITCPIO;
}

static bool is_running(const Host *host, const ImageFile *image)
{
        return host->release && strcmp(image->kernel, host->release) == 0;
}

/* Why the image of that kernel is none to boot from; NULL: it is one. This boot had its own before
 * it began: what is older than that, and fits, is not what it had, or has no vfio-gpu. */
static const char *why_old(const Host *host, const ImageFile *image, Arena *arena)
{
        const Images *images = &host->images;

        if (!image->path && image->hidden)
                return arena_printf(arena,
                        "the image of kernel %s may be where only root may look: ask again as root",
                        image->kernel);
        if (!image->path)
                return arena_printf(
                        arena, "no image of kernel %s was found in /boot", image->kernel);
        if (image->time <= images->newest_source.time)
                return arena_printf(arena, "%s of %s is older than %s of %s", image->path,
                        image->when, images->newest_source.path, images->newest_source.when);
        if (image->time <= image->modules_time)
                return arena_printf(arena, "%s of %s is older than the modules of kernel %s, of %s",
                        image->path, image->when, image->kernel, image->modules_when);
        if (is_running(host, image) && image->time <= images->boot_time)
                return arena_printf(arena,
                        "%s of %s is older than this boot: either the boot menu names another, or "
                        "it was made without vfio-gpu (`lsinitrd %s | grep vfio-gpu`)",
                        image->path, image->when, image->path);
        return NULL;
}

ImageDisk image_judge_disk(const Host *host, Arena *arena, const char **ret_why)
{
        const Images *images = &host->images;
        const ImageFile *running = NULL;

        *ret_why = NULL;
        for (size_t i = 0; i < images->n_items && !*ret_why; i++) {
                const ImageFile *image = &images->items[i];

                if (is_running(host, image))
                        running = image;
                *ret_why = why_old(host, image, arena);
        }
        if (*ret_why)
                return IMAGE_DISK_OLD;
        if (!running || !images->newest_source.path)
                return IMAGE_DISK_UNKNOWN;
        *ret_why = arena_printf(arena, "%s of %s is newer than %s of %s", running->path,
                running->when, images->newest_source.path, images->newest_source.when);
        return IMAGE_DISK_NEW;
}

const char *image_made_since(const Host *host, Arena *arena)
{
        const char *why = NULL;

        return image_judge_disk(host, arena, &why) == IMAGE_DISK_NEW ? why : NULL;
}
