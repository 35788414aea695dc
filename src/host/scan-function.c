/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-function.h"

#include <limits.h>
#include <string.h>

#include "base/driver-name.h"
#include "base/quote.h"
#include "host/scan.h"

#define ATTRIBUTE_MAX 512

/* A device's directory, and the first thing in it that could not be read. */
typedef struct Device {
        int fd;
        Arena *arena;
        const char *trouble;
} Device;

static void set_trouble(Device *device, const char *attribute, int error)
{
        if (!device->trouble)
                device->trouble =
                        arena_printf(device->arena, "%s: %s", attribute, strerror(-error));
}

static void set_garbled(Device *device, const char *attribute, const char *text)
{
        if (!device->trouble)
                device->trouble =
                        arena_printf(device->arena, "%s is garbled: %s", attribute, quote(text));
}

/* Returns the attribute's text, to be freed, or NULL: it is not there, or there was trouble. */
static char *read_optional(Device *device, const char *attribute)
{
        char *text = NULL;
        int r = directory_read(device->fd, attribute, ATTRIBUTE_MAX, &text);

        if (r < 0 && r != -ENOENT)
                set_trouble(device, attribute, r);
        return text;
}

static bool parse_hex_attribute(const char *text, unsigned digits, uint32_t *ret)
{
        return strncmp(text, "0x", 2) == 0 && pci_hex_parse(text + 2, digits, ret) == 0;
}

/* An attribute of the form 0x10de. */
static uint32_t read_hex_optional(Device *device, const char *attribute, unsigned digits)
{
        _cleanup_free_ char *text = read_optional(device, attribute);
        uint32_t value = 0;

        if (text && !parse_hex_attribute(text, digits, &value))
                set_garbled(device, attribute, text);
        return value;
}

static uint32_t read_hex(Device *device, const char *attribute, unsigned digits)
{
        _cleanup_free_ char *text = NULL;
        uint32_t value = 0;
        int r = directory_read(device->fd, attribute, ATTRIBUTE_MAX, &text);

        if (r < 0)
                set_trouble(device, attribute, r);
        else if (!parse_hex_attribute(text, digits, &value))
                set_garbled(device, attribute, text);
        return value;
}

/* At most nine digits and nothing else. */
static bool parse_decimal(const char *text, unsigned *ret)
{
        size_t n = strspn(text, "0123456789");
        unsigned value = 0;

        if (n == 0 || n > 9 || text[n])
                return false;
        for (; *text; text++)
                value = value * 10 + (unsigned)(*text - '0');
        *ret = value;
        return true;
}

static unsigned read_decimal_optional(Device *device, const char *attribute)
{
        _cleanup_free_ char *text = read_optional(device, attribute);
        unsigned value = 0;

        if (text && !parse_decimal(text, &value))
                set_garbled(device, attribute, text);
        return value;
}

/* Returns the last component of the link's target, to be freed, or NULL. */
static char *read_link_optional(Device *device, const char *link)
{
        char *name = NULL;
        int r = directory_link_name(device->fd, link, &name);

        if (r < 0 && r != -ENOENT)
                set_trouble(device, link, r);
        return name;
}

static bool has_entry(Device *device, const char *name)
{
        int r = directory_has(device->fd, name);

        if (r < 0 && r != -ENOENT)
                set_trouble(device, name, r);
        return r == 0;
}

static int read_iommu_group(Device *device)
{
        _cleanup_free_ char *name = read_link_optional(device, "iommu_group");
        unsigned group = 0;

        if (!name)
                return -1;
        if (parse_decimal(name, &group))
                return (int)group;
        set_garbled(device, "iommu_group", name);
        return -1;
}

static bool has_cdev(const Device *device, const char *vfio_device)
{
        char path[sizeof("vfio-dev//dev") + NAME_MAX];

        snprintf(path, sizeof(path), "vfio-dev/%s/dev", vfio_device);
        return directory_has(device->fd, path) == 0;
}

/* Documentation/ABI/testing/sysfs-devices-vfio-dev: there from the end of probe to remove(). */
static const char *read_vfio_device(const Device *device)
{
        _cleanup_closedir_ DIR *directory = directory_list(device->fd, "vfio-dev");
        const char *name = NULL;

        for (const struct dirent *entry; directory && !name && (entry = readdir(directory));)
                if (strncmp(entry->d_name, "vfio", 4) == 0)
                        name = arena_strdup(device->arena, entry->d_name);
        return name;
}

static Binding read_binding(Device *device)
{
        _cleanup_free_ char *driver = read_link_optional(device, "driver");
        Binding binding = {0};

        if (!driver)
                return binding;
        if (!driver_name_is_clean(driver))
                set_garbled(device, "driver", driver);
        binding.driver = arena_strdup(device->arena, driver);
        binding.vfio_device = read_vfio_device(device);
        binding.vfio_cdev = binding.vfio_device && has_cdev(device, binding.vfio_device);
        return binding;
}

/* Header types 1 and 2. The kernel gives them, and only them, the bus numbers as attributes; the
 * type itself stands in the configuration space alone. */
static bool read_bridge(Device *device, const Function *f)
{
        switch (function_class(f)) {
        case PCI_CLASS_PCI_BRIDGE:
        case PCI_CLASS_CARDBUS_BRIDGE:
        case PCI_CLASS_SEMI_TRANSPARENT_BRIDGE:
                return true;
        default:
                return has_entry(device, "secondary_bus_number");
        }
}

/* "../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0": what stands before the function itself
 * is the bridge that it lies behind, or the host bridge, which is no PCI function. Whoever copied
 * the tree may have left the links out. */
static void read_parent(int devices, Function *f)
{
        _cleanup_free_ char *target = NULL;
        bool has_function = false;
        int r = directory_link_target(devices, PCI_ADDRESS(f->address), &target);
        char *own = r < 0 ? NULL : strrchr(target, '/');

        if (!own || strcmp(own + 1, PCI_ADDRESS(f->address)) != 0)
                return;
        *own = '\0';

        const char *parent = strrchr(target, '/');
        f->has_parent = parent && pci_address_parse(parent + 1, &f->parent, &has_function) == 0 &&
                        has_function;
}

static void read_modules(Device *device, const Modules *modules, Function *f)
{
        _cleanup_free_ char *modalias = read_optional(device, "modalias");

        if (!modalias)
                return;

        int r = modules_for_alias(modules, modalias, device->arena, &f->modules, &f->n_modules);

        if (r < 0)
                set_trouble(device, "modalias", r);
}

/* Not `sriov_numvfs`: the kernel takes the device's lock to show it (drivers/pci/iov.c), and a
 * driver that hangs holds that for ever. */
static unsigned count_vfs(Device *device)
{
        char name[sizeof("virtfn") + 10];

        for (unsigned n = 0;; n++) {
                snprintf(name, sizeof(name), "virtfn%u", n);
                if (!has_entry(device, name))
                        return n;
        }
}

static void read_gpu(Device *device, Function *f)
{
        f->subsystem.vendor = (uint16_t)read_hex_optional(device, "subsystem_vendor", 4);
        f->subsystem.device = (uint16_t)read_hex_optional(device, "subsystem_device", 4);
        f->boot_vga = read_decimal_optional(device, "boot_vga") != 0;
        f->enabled_vfs = count_vfs(device);
}

/* An accelerator is no GPU, but amdgpu takes both. */
static bool may_need_gpu_driver(const Function *f)
{
        return function_is_gpu(f) || function_base_class(f) == PCI_CLASS_BASE_ACCELERATOR;
}

static void read_function(Device *device, const Modules *modules, Function *f)
{
        f->iommu_group = read_iommu_group(device);
        f->binding = read_binding(device);
        f->id.vendor = (uint16_t)read_hex(device, "vendor", 4);
        f->id.device = (uint16_t)read_hex(device, "device", 4);
        f->class = read_hex(device, "class", 6);
        f->bridge = read_bridge(device, f);
        f->virtual_function = has_entry(device, "physfn");
        if (function_is_gpu(f))
                read_gpu(device, f);
        if (may_need_gpu_driver(f))
                read_modules(device, modules, f);
}

#define DEVICE_PATH_SIZE (sizeof("sys/bus/pci/devices/") + PCI_ADDRESS_SIZE)

static const char *device_path(PciAddress address, char buffer[static DEVICE_PATH_SIZE])
{
        snprintf(buffer, DEVICE_PATH_SIZE, "sys/bus/pci/devices/%s", PCI_ADDRESS(address));
        return buffer;
}

void scan_function(const Root *root, int devices, const Modules *modules, PciAddress address,
        Arena *arena, Function *ret)
{
        _cleanup_close_ int fd = -EBADF;
        char path[DEVICE_PATH_SIZE];
        Function f = {.address = address, .iommu_group = -1};
        int r = root_open_directory(root, device_path(address, path), &fd);
        Device device = {.fd = fd, .arena = arena};

        if (r < 0)
                set_trouble(&device, "its directory in sysfs", r);
        else
                read_function(&device, modules, &f);
        read_parent(devices, &f);
        f.unreadable = device.trouble;
        *ret = f;
}

int scan_binding(const Root *root, PciAddress address, Arena *arena, Binding *ret)
{
        _cleanup_close_ int fd = -EBADF;
        char path[DEVICE_PATH_SIZE];
        int r = root_open_directory(root, device_path(address, path), &fd);

        if (r < 0)
                return r;

        Device device = {.fd = fd, .arena = arena};
        Binding binding = read_binding(&device);

        if (arena_failed(arena))
                return -ENOMEM;
        *ret = binding;
        return 0;
}
