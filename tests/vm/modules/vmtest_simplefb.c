// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes of the firmware's framebuffer what a kernel with CONFIG_SYSFB_SIMPLEFB makes of it, for
 * boot tests only: no kernel of Debian has that, others do. Where the kernel's own device for it
 * is, which sysfb_init makes, there comes to be a "simple-framebuffer" with a busy reservation of
 * its own, as in drivers/firmware/sysfb_simplefb.c. Where there is none, nothing.
 *
 * GPL, unlike the rest of the project: the kernel exports what it uses to no other.
 */

#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/platform_data/simplefb.h>
#include <linux/platform_device.h>
#include <linux/screen_info.h>

static struct platform_device *simple;

static int register_simple(const struct screen_info *si)
{
        u64 start = si->lfb_base | (u64)si->ext_lfb_base << 32;
        struct simplefb_platform_data mode = {
                .width = si->lfb_width,
                .height = si->lfb_height,
                .stride = si->lfb_linelength,
                .format = "x8r8g8b8",
        };
        struct resource memory = {
                .start = start,
                .end = start + PAGE_ALIGN((u64)mode.height * mode.stride) - 1,
                .flags = IORESOURCE_MEM | IORESOURCE_BUSY,
                .name = "BOOTFB",
        };

        simple = platform_device_register_resndata(
                NULL, "simple-framebuffer", 0, &memory, 1, &mode, sizeof(mode));
        return PTR_ERR_OR_ZERO(simple);
}

static int __init vmtest_simplefb_init(void)
{
        struct device *made =
                bus_find_device_by_name(&platform_bus_type, NULL, "efi-framebuffer.0");
        int r;

        if (!made)
                return 0;
        device_release_driver(made);
        r = made->platform_data ? register_simple(made->platform_data) : -EINVAL;
        put_device(made);
        return r;
}
module_init(vmtest_simplefb_init);

static void __exit vmtest_simplefb_exit(void)
{
        platform_device_unregister(simple);
}
module_exit(vmtest_simplefb_exit);

MODULE_DESCRIPTION("The firmware's framebuffer as another kernel has it, for boot tests");
MODULE_LICENSE("GPL");
