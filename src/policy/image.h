/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Whether the initramfs of this boot fits the config, and how a host gets a new one. Pure. */

#include "host/host.h"
#include "policy/claim.h"

typedef enum ImageState {
        IMAGE_FITS, /* or nothing is known about it */
        IMAGE_OTHER_CONFIG,
        IMAGE_WITHOUT, /* vfio-gpu did not run in it, and cards are listed */
} ImageState;

/*
 * Compares what the initrd of this boot left behind with /etc/vfio-gpu.conf, whose text is `config`
 * and which led to `claims`. What an initramfs says of itself while it runs is IMAGE_FITS.
 */
ImageState image_judge(const Host *host, const char *config, const Claims *claims);

/* A newline more or less at the end is nothing that anybody would see. */
bool image_config_is_same(const char *a, const char *b);

/* The command that makes a new one, to stand in brackets: "`dracut -f`". Every message takes it
 * from here. */
const char *image_command(ImageTool tool);

/* "rebuild the initramfs with vfio-gpu in it (`dracut -f`) and reboot". */
const char *image_rebuild(ImageTool tool, Arena *arena);

/* The same as a command alone, and a remark on it or NULL. */
const char *image_make(ImageTool tool);
const char *image_remark(ImageTool tool);

/* Of the images that the next boots take. */
typedef enum ImageDisk {
        IMAGE_DISK_UNKNOWN, /* nobody has looked */
        IMAGE_DISK_OLD,     /* or missing or unseen, or it did not help this boot */
        IMAGE_DISK_NEW,     /* made in this boot, after the last change to what goes into it */
} ImageDisk;

/* Judges them by their times, and tells which ones in `*ret_why`; NULL where nobody has looked, or
 * memory is out, which the arena remembers. */
ImageDisk image_judge_disk(const Host *host, Arena *arena, const char **ret_why);

/* Why no new image is wanted, though this boot's did not fit: IMAGE_DISK_NEW. NULL: one is. */
const char *image_made_since(const Host *host, Arena *arena);

/* False for what makes an initramfs, and knows nothing of vfio-gpu. */
bool image_tool_may_carry(ImageTool tool);

/* What is wrong with it, as a clause; NULL where it fits. */
const char *image_trouble(ImageState state);
