/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/ops-kernel.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/driver-name.h"
#include "base/file.h"
#include "host/modules.h"
#include "host/scan.h"

/* Of one model in vfio-pci's ids=; a module's parameter is no longer than that. */
#define IDS_MAX       256
#define ATTRIBUTE_MAX 512

/* Between two tries to bind, the first and the last time: 620 ms in all, of a step's shortest
 * deadline of one second. */
#define BIND_PAUSE_MS     20U
#define BIND_PAUSE_MS_MAX 320U

/* One write(2): each is one order to the kernel. */
static int write_attribute(const Root *root, const char *path, const char *text)
{
        _cleanup_close_ int fd =
                openat(root->fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
        size_t size = strlen(text);

        if (fd < 0)
                return -errno;

        ssize_t n = write(fd, text, size);

        if (n < 0)
                return -errno;
        return (size_t)n == size ? 0 : -EIO;
}

/*
 * The driver's name on the bus, spelled as there; to be freed. vfio-pci and xe-vfio-pci have
 * dashes, nvgrace_gpu_vfio_pci goes by its module's name, and the kernel compares letter by letter.
 * A name that is not there stays as it is.
 */
static char *name_on_bus(const Root *root, const char *driver)
{
        int fd = openat(root->fd, "sys/bus/pci/drivers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
        char *name = NULL;

        if (!directory)
                closep(&fd);
        for (const struct dirent *entry; directory && !name && (entry = readdir(directory));)
                if (driver_name_equal(entry->d_name, driver))
                        name = strdup(entry->d_name);
        if (directory)
                closedir(directory);
        return name ? name : strdup(driver);
}

static int write_driver_attribute(
        const Root *root, const char *driver, const char *attribute, PciAddress address)
{
        _cleanup_free_ char *name = NULL;
        char path[PATH_MAX];

        if (!driver_name_is_clean(driver))
                return -EINVAL;
        name = name_on_bus(root, driver);
        if (!name)
                return -ENOMEM;
        snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s/%s", name, attribute);
        return write_attribute(root, path, PCI_ADDRESS(address));
}

static int write_device_attribute(
        const Root *root, PciAddress address, const char *attribute, const char *text)
{
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", PCI_ADDRESS(address), attribute);
        return write_attribute(root, path, text);
}

static int set_override(void *context, PciAddress address, const char *driver)
{
        static const char attribute[] = "driver_override";
        _cleanup_free_ char *name = NULL;

        /* a write of nothing does nothing */
        if (!driver)
                return write_device_attribute(context, address, attribute, "\n");
        if (!driver_name_is_clean(driver))
                return -EINVAL;
        name = name_on_bus(context, driver);
        if (!name)
                return -ENOMEM;
        return write_device_attribute(context, address, attribute, name);
}

static int load(void *context, const char *module, const char *options)
{
        return modules_load(context, module, options);
}

static int unbind(void *context, PciAddress address, const char *driver)
{
        return write_driver_attribute(context, driver, "unbind", address);
}

/* efifb and its like end cleanly since Linux 6.0: the kernel's own way (drivers/video/aperture.c)
 * ends in the same remove(). */
static int free_framebuffer(void *context, const char *device, const char *driver)
{
        char path[PATH_MAX];

        if (!driver_name_is_clean(driver) || !driver_name_is_clean(device))
                return -EINVAL;
        snprintf(path, sizeof(path), "sys/bus/platform/drivers/%s/unbind", driver);
        return write_attribute(context, path, device);
}

static bool is_bound_to(const Root *root, PciAddress address, const char *driver)
{
        char path[sizeof("sys/bus/pci/devices//driver") + PCI_ADDRESS_SIZE];
        _cleanup_free_ char *name = NULL;

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/driver", PCI_ADDRESS(address));
        return root_link_name(root, path, &name) == 0 && driver_name_equal(name, driver);
}

/* On the bus, and nobody has it. driver_override, which is told more, waits for the device's lock.
 */
static bool is_free(const Root *root, PciAddress address)
{
        char path[sizeof("sys/bus/pci/devices//driver") + PCI_ADDRESS_SIZE];
        _cleanup_free_ char *name = NULL;

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", PCI_ADDRESS(address));
        if (!root_exists(root, path))
                return false;
        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/driver", PCI_ADDRESS(address));
        return root_link_name(root, path, &name) == -ENOENT;
}

/* bind_store() of drivers/base/bus.c: for a device that has this driver already it is EBUSY or
 * ENODEV, depending on the version. */
static int try_to_bind(const Root *root, PciAddress address, const char *driver)
{
        int r = write_driver_attribute(root, driver, "bind", address);

        if ((r == -EBUSY || r == -ENODEV) && is_bound_to(root, address, driver))
                return 0;
        return r;
}

/*
 * A card that is found again is announced by pci_device_add(), and no driver matches it (ENODEV)
 * until pci_bus_add_device() has set match_driver: once the whole bus is scanned and its memory is
 * laid out. A driver whose probe says ENODEV cannot be told from that: pauses that double let it
 * try a few times only.
 */
static int bind(void *context, PciAddress address, const char *driver)
{
        int r = try_to_bind(context, address, driver);

        for (unsigned pause = BIND_PAUSE_MS;
                r == -ENODEV && pause <= BIND_PAUSE_MS_MAX && is_free(context, address);
                pause *= 2) {
                clock_pause_ms(pause);
                r = try_to_bind(context, address, driver);
        }
        return r;
}

/* The kernel may take a value and keep another. */
static int set_device_attribute(
        const Root *root, PciAddress address, const char *attribute, const char *value)
{
        char path[sizeof("sys/bus/pci/devices//d3cold_allowed") + PCI_ADDRESS_SIZE];
        _cleanup_free_ char *kept = NULL;

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", PCI_ADDRESS(address), attribute);
        int r = write_attribute(root, path, value);
        if (r == 0)
                r = root_read(root, path, ATTRIBUTE_MAX, &kept);
        if (r < 0)
                return r;
        return strcmp(kept, value) == 0 ? 0 : -EIO;
}

static int set_reset_method(void *context, PciAddress address, const char *methods)
{
        return set_device_attribute(context, address, "reset_method", methods);
}

static int set_d3cold(void *context, PciAddress address, const char *allowed)
{
        return set_device_attribute(context, address, "d3cold_allowed", allowed);
}

/* As for what the owner may do, the modes stay as they are. */
static int set_file_readable(const Root *root, const char *path, bool readable)
{
        const mode_t bits = S_IRUSR | S_IRGRP | S_IROTH;
        struct stat st = {0};

        if (fstatat(root->fd, path, &st, 0) < 0)
                return -errno;

        mode_t mode = st.st_mode & 0777, wanted = readable ? mode | bits : mode & ~bits;
        return mode != wanted && fchmodat(root->fd, path, wanted, 0) < 0 ? -errno : 0;
}

static int set_readable(void *context, PciAddress address, bool readable)
{
        static const char *const attributes[] = {"uevent", "driver_override", "sriov_numvfs"};
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
                char path[sizeof("sys/bus/pci/devices//driver_override") + PCI_ADDRESS_SIZE];

                snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", PCI_ADDRESS(address),
                        attributes[i]);
                int q = set_file_readable(context, path, readable);
                if (q < 0 && q != -ENOENT)
                        r = q;
        }
        return r;
}

/* remove_id_store() of drivers/pci/pci-driver.c takes one away, and a model may be there several
 * times, for boards of several makers. */
static int forget_id(void *context, PciId id)
{
        char text[sizeof("ffff ffff")];
        int r = 0;

        snprintf(text, sizeof(text), "%04x %04x", id.vendor, id.device);
        for (int i = 0; r == 0 && i < IDS_MAX; i++)
                r = write_attribute(context, "sys/bus/pci/drivers/vfio-pci/remove_id", text);
        return r == -ENODEV || r == -ENOENT ? 0 : r;
}

static int probe(void *context, PciAddress address)
{
        return write_attribute(context, "sys/bus/pci/drivers_probe", PCI_ADDRESS(address));
}

/* driver_attach() of drivers/base/dd.c is done with all devices before the driver gets its files.
 */
static bool is_attached(const Root *root, const char *driver)
{
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s/uevent", driver);
        return root_exists(root, path);
}

/*
 * drivers_probe waits for nobody: it looks whether there is a driver before it takes the device's
 * lock. The driver's own `bind` takes it, waits for who is at work, and then finds that the device
 * has a driver; where the probe has failed, the driver tries once more. A driver whose module is
 * being loaded has no such file yet.
 */
static int settle(void *context, PciAddress address)
{
        char path[sizeof("sys/bus/pci/devices//driver") + PCI_ADDRESS_SIZE];

        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/driver", PCI_ADDRESS(address));
        for (;;) {
                _cleanup_free_ char *driver = NULL;

                if (root_link_name(context, path, &driver) < 0)
                        return probe(context, address);
                if (is_attached(context, driver)) {
                        (void)write_driver_attribute(context, driver, "bind", address);
                        return 0;
                }
                clock_pause_ms(BIND_PAUSE_MS);
        }
}

static int announce(void *context, PciAddress address)
{
        return write_device_attribute(context, address, "uevent", "add");
}

static int read_binding(void *context, PciAddress address, Arena *arena, Binding *ret)
{
        return scan_binding(context, address, arena, ret);
}

static int write_policy(void *context, const char *text)
{
        const Root *root = context;
        _cleanup_close_ int directory = file_open_own_folder(root->fd, POLICY_DIRECTORY);

        return directory < 0 ? directory : file_replace_at(directory, POLICY_FILE, text, 0644);
}

int ops_kernel_init(const Root *root, Ops *ret)
{
        if (!root->real)
                return -EROFS;
        *ret = (Ops){
                .context = (void *)(uintptr_t)root,
                .write_policy = write_policy,
                .set_override = set_override,
                .load = load,
                .free_framebuffer = free_framebuffer,
                .unbind = unbind,
                .set_reset_method = set_reset_method,
                .set_d3cold = set_d3cold,
                .bind = bind,
                .set_readable = set_readable,
                .forget_id = forget_id,
                .probe = probe,
                .settle = settle,
                .announce = announce,
                .read_binding = read_binding,
        };
        return 0;
}
