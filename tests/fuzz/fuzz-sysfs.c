/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the attributes of a function, and /proc/iomem, may say: a line for each of the attributes,
 * and then the text of iomem. */
#include "fuzz.h"

#include <fcntl.h>

#include "base/driver-name.h"
#include "host/scan-function.h"
#include "host/scan-iomem.h"
#include "host/scan-settings.h"
#include "lib/tree.h"

#define DEVICE "sys/bus/pci/devices/0000:01:00.0/"

static const char *const attributes[] = {"vendor", "device", "class", "subsystem_vendor",
        "subsystem_device", "boot_vga", "modalias", "reset_method", "d3cold_allowed"};
static const char *const links[] = {"driver", "iommu_group"};

/* One for all inputs; it is removed at the end. */
static Tree *tree;
static Root root;
static Modules *modules;
static int devices = -EBADF;
static int files[ARRAY_SIZE(attributes)];

static void finish(void)
{
        modules_free(modules);
        root_done(&root);
        tree_free(tree);
}

static void start(void)
{
        tree = tree_new();
        tree_add_function(tree, &(TreeFunction){.address = "0000:01:00.0",
                                        .vendor = 0x10de,
                                        .device = 0x26b1,
                                        .class = 0x030000,
                                        .iommu_group = 1,
                                        .boot_vga = "0",
                                        .reset_method = "flr",
                                        .d3cold = "1"});
        tree_add_module(tree, "nouveau", "pci:v000010DEd*sv*sd*bc03sc*i*");
        tree_add_module(tree, "vfio-pci", "vfio_pci:v*d*sv*sd*bc*sc*i*");
        tree_depmod(tree, "");
        root = tree_root(tree);
        must(modules_open(&root, TREE_RELEASE, &modules) == 0);
        must(root_open_directory(&root, "sys/bus/pci/devices", &devices) == 0);
        for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
                _cleanup_free_ char *path = tree_path(tree, DEVICE);
                char full[128];

                snprintf(full, sizeof(full), "%s%s", path, attributes[i]);
                files[i] = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
                must(files[i] >= 0);
        }
        atexit(finish);
}

static void write_line(int fd, const char *line, size_t length)
{
        must(pwrite(fd, line, length, 0) == (ssize_t)length);
        must(ftruncate(fd, (off_t)length) == 0);
}

/* A link with that target; none for an empty line. */
static void write_link(const char *name, const char *line, size_t length)
{
        char path[128], target[64] = "";
        _cleanup_free_ char *device = tree_path(tree, DEVICE);

        snprintf(path, sizeof(path), "%s%s", device, name);
        (void)unlink(path);
        if (length > 0 && length < sizeof(target)) {
                memcpy(target, line, length);
                if (!memchr(target, '\0', length))
                        (void)symlink(target, path);
        }
}

/* Deals the lines out. Returns what is left of the input. */
static const char *deal(const char *text, const char *end)
{
        for (size_t i = 0; i < ARRAY_SIZE(attributes) + ARRAY_SIZE(links); i++) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                const char *stop = newline ? newline : end;

                if (i < ARRAY_SIZE(attributes))
                        write_line(files[i], text, (size_t)(stop - text));
                else
                        write_link(links[i - ARRAY_SIZE(attributes)], text, (size_t)(stop - text));
                text = newline ? newline + 1 : end;
        }
        return text;
}

static void try_function(const Function *f)
{
        must(f->class <= 0xffffff && f->iommu_group >= -1);
        if (f->unreadable)
                must(*f->unreadable && !strpbrk(f->unreadable, "\n\x1b"));
        else if (f->binding.driver)
                must(driver_name_is_clean(f->binding.driver));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = fuzz_text(data, size);
        Host *host = NULL;
        Function f = {0}, *list[] = {&f};

        if (!tree)
                start();
        must((host = host_new()));

        const char *rest = deal(text, text + size);
        scan_function(&root, devices, modules, (PciAddress){0, 1, 0, 0}, host->arena, &f);
        try_function(&f);
        scan_settings(&root, host, list, 1);
        iomem_mark_framebuffers(rest, &f, 1);
        must(!arena_failed(host->arena));
        host_free(host);
        return 0;
}
