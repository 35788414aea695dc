/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-nodes.h"

#include <string.h>
#include <sys/sysmacros.h>

/* A USB hub behind a hub behind a hub has more floors than anything else. */
#define DEPTH_MAX 40

/* kernel-open/common/inc/nv-chardev-numbers.h of nvidia's open modules */
#define NVIDIA_MAJOR 195

#define NVIDIA_TEXT_MAX ((size_t)16 * 1024)

static void add(Nodes *nodes, unsigned major_number, unsigned minor_number, size_t owner)
{
        Node *node = arena_push(nodes->arena, &nodes->items, &nodes->n_items);

        if (node)
                *node = (Node){.number = makedev(major_number, minor_number), .owner = owner};
}

/* "226:0" */
static void add_text(Nodes *nodes, const char *text, size_t owner)
{
        unsigned major_number = 0, minor_number = 0;

        if (sscanf(text, "%u:%u", &major_number, &minor_number) == 2)
                add(nodes, major_number, minor_number, owner);
}

/* Closes `directory`, which may be NULL. Links are not followed: they lead to other devices. */
static void add_below(Nodes *nodes, DIR *directory, size_t owner, unsigned depth)
{
        for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                _cleanup_free_ char *text = NULL;

                if (strcmp(entry->d_name, "dev") == 0 &&
                        directory_read(dirfd(directory), "dev", 32, &text) == 0)
                        add_text(nodes, text, owner);
                else if (entry->d_type == DT_DIR && *entry->d_name != '.' && depth < DEPTH_MAX)
                        add_below(nodes, directory_list(dirfd(directory), entry->d_name), owner,
                                depth + 1);
        }
        closedirp(&directory);
}

static void add_device(const Root *root, PciAddress address, size_t owner, Nodes *nodes)
{
        char path[sizeof("sys/bus/pci/devices/") + PCI_ADDRESS_SIZE];

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", PCI_ADDRESS(address));
        add_below(nodes, root_list(root, path), owner, 0);
}

/* /dev/vfio/13 is a device of its own, that belongs to no function. */
static void add_vfio_group(const Root *root, int group, size_t owner, Nodes *nodes)
{
        char path[sizeof("sys/class/vfio/-2147483648/dev")];
        _cleanup_free_ char *text = NULL;

        snprintf(path, sizeof(path), "sys/class/vfio/%d/dev", group);
        if (root_read(root, path, 32, &text) == 0)
                add_text(nodes, text, owner);
}

/* /dev/nvidia0 is unknown to sysfs; the driver tells its minor. */
static void add_nvidia(const Root *root, PciAddress address, size_t owner, Nodes *nodes)
{
        static const char key[] = "Device Minor:";
        char path[sizeof("proc/driver/nvidia/gpus//information") + PCI_ADDRESS_SIZE];
        _cleanup_free_ char *text = NULL;
        unsigned minor_number = 0;

        snprintf(
                path, sizeof(path), "proc/driver/nvidia/gpus/%s/information", PCI_ADDRESS(address));
        if (root_read(root, path, NVIDIA_TEXT_MAX, &text) < 0)
                return;

        const char *line = strstr(text, key);
        if (line && sscanf(line + sizeof(key) - 1, "%u", &minor_number) == 1)
                add(nodes, NVIDIA_MAJOR, minor_number, owner);
}

void scan_nodes(const Root *root, const Function *f, size_t owner, Nodes *nodes)
{
        add_device(root, f->address, owner, nodes);
        if (f->binding.vfio_device && f->iommu_group >= 0)
                add_vfio_group(root, f->iommu_group, owner, nodes);
        if (f->binding.driver && strcmp(f->binding.driver, "nvidia") == 0)
                add_nvidia(root, f->address, owner, nodes);
}
