/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan.h"

#include <stdarg.h>
#include <string.h>

#include "base/file.h"
#include "base/quote.h"
#include "host/at-work.h"
#include "host/modules.h"
#include "host/ops.h"
#include "host/released.h"
#include "host/scan-crypttab.h"
#include "host/scan-framebuffer.h"
#include "host/scan-function.h"
#include "host/scan-image-files.h"
#include "host/scan-image.h"
#include "host/scan-kernel-line.h"
#include "host/scan-keyboards.h"
#include "host/scan-libpci.h"
#include "host/scan-libvirt.h"
#include "host/scan-recipes.h"
#include "host/scan-rivals.h"
#include "host/scan-slots.h"
#include "host/scan-vfio.h"
#include "host/stuck.h"
#include "host/trace.h"

#define CMDLINE_MAX ((size_t)64 * 1024)
#define POLICY_MAX  ((size_t)64 * 1024)

typedef struct Scan {
        const Root *root;
        Host *host;
        Modules *modules;
        Libpci *libpci;
        int sysfs; /* directory sys/bus/pci */
} Scan;

static void scan_done(Scan *scan)
{
        libpci_free(scan->libpci);
        modules_free(scan->modules);
        host_free(scan->host);
        closep(&scan->sysfs);
}

static int _printf_(3, 4) fail(char **reterr_message, int error, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        *reterr_message = vformat(format, args);
        va_end(args);
        return *reterr_message ? error : -ENOMEM;
}

static const char *text_of(const Scan *scan, const char *path, size_t max)
{
        _cleanup_free_ char *text = NULL;

        return root_read(scan->root, path, max, &text) < 0 ? NULL
                                                           : arena_strdup(scan->host->arena, text);
}

/* To the letter: root_read() takes the newline at the end away. */
static const char *read_policy(const Scan *scan)
{
        const char *text = text_of(scan, POLICY_PATH, POLICY_MAX);

        return text ? arena_printf(scan->host->arena, "%s\n", text) : NULL;
}

static FirmwareIommu read_firmware_iommu(const Root *root)
{
        static const struct {
                const char *path;
                FirmwareIommu type;
        } tables[] = {
                {"sys/firmware/acpi/tables/DMAR", FIRMWARE_IOMMU_INTEL},
                {"sys/firmware/acpi/tables/IVRS", FIRMWARE_IOMMU_AMD},
                {"sys/firmware/acpi/tables/IORT", FIRMWARE_IOMMU_ARM},
        };

        if (!root_exists(root, "sys/firmware/acpi/tables"))
                return FIRMWARE_IOMMU_UNKNOWN;
        for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
                if (root_exists(root, tables[i].path))
                        return tables[i].type;
        return FIRMWARE_IOMMU_NONE;
}

/* The former is systemd's own test; newer dracuts have the latter alone in an image without
 * systemd. */
Stage scan_stage(const Root *root)
{
        bool initrd = root_exists(root, "etc/initrd-release") ||
                      root_exists(root, "usr/lib/initrd-release");

        return initrd ? STAGE_INITRD : STAGE_SYSTEM;
}

/* It goes into messages and names a folder: the letters of a release are nobody's to define, but
 * all of them can be printed. */
static const char *read_release(const Scan *scan)
{
        Arena *arena = scan->host->arena;
        const char *release = text_of(scan, "proc/sys/kernel/osrelease", 256);

        for (const char *c = release; c && *c; c++)
                if (*c <= ' ' || *c > '~') {
                        host_add_warning(scan->host,
                                arena_printf(arena, "proc/sys/kernel/osrelease is garbled: %s",
                                        quote(release)));
                        return NULL;
                }
        return release;
}

/* A captured tree may lack it. Of this machine it must be known: vfio_gpu=0 may stand in it. */
static int read_cmdline(Scan *scan, char **reterr_message)
{
        _cleanup_free_ char *text = NULL;
        int r = root_read(scan->root, "proc/cmdline", CMDLINE_MAX, &text);

        if (r < 0 && (r != -ENOENT || scan->root->real))
                return fail(reterr_message, r,
                        "the kernel command line (proc/cmdline) cannot be read: %s: it may say "
                        "vfio_gpu=0, so nothing is done",
                        strerror(-r));
        scan->host->cmdline = text ? arena_strdup(scan->host->arena, text) : "";
        return 0;
}

static void read_machine(Scan *scan)
{
        const Root *root = scan->root;
        Host *host = scan->host;

        host->stage = scan_stage(root);
        host->crash_kernel = root_exists(root, "proc/vmcore");
        host->release =
                root->release ? arena_strdup(host->arena, root->release) : read_release(scan);
        host->policy = read_policy(scan);
        host->firmware_iommu = read_firmware_iommu(root);
        scan_image(root, host);
        scan_kernel_line(root, host);
        scan_crypttab(root, host);
        scan_keyboards(root, host);
}

static int read_modules(Scan *scan)
{
        Host *host = scan->host;
        int r = modules_open(scan->root, host->release, &scan->modules);

        if (r < 0)
                return r;
        if (!host->release)
                host_add_warning(host, "the kernel's release is not known ("
                                       "proc/sys/kernel/osrelease does not tell; --kernel=RELEASE "
                                       "names it), and so not "
                                       "its modules either");
        else if (modules_broken_index(scan->modules))
                host_add_warning(host,
                        arena_printf(host->arena,
                                "lib/modules/%s/%s is broken, so no index of modules is used: what "
                                "is not loaded counts as missing; make them anew (`depmod -a %s`), "
                                "and the initramfs",
                                host->release, modules_broken_index(scan->modules), host->release));
        else if (!modules_indexed(scan->modules))
                host_add_warning(host,
                        arena_printf(host->arena,
                                "no module indexes in lib/modules/%s: modules that are not loaded "
                                "count as missing",
                                host->release));
        return 0;
}

static int open_libpci(Scan *scan, char **reterr_message)
{
        char path[FILE_FD_PATH_SIZE];
        int r = root_open_directory(scan->root, "sys/bus/pci", &scan->sysfs);

        if (r < 0)
                return fail(reterr_message, r, "%s has no PCI devices to read: sys/bus/pci: %s",
                        scan->root->path, strerror(-r));
        trace_note(scan->sysfs, "devices", TRACE_LIST, true); /* libpci does */
        r = libpci_open(file_fd_path(scan->sysfs, path), &scan->libpci);
        if (r == -EIO)
                return fail(reterr_message, r, "libpci cannot be used: %s", libpci_error());
        return r;
}

/* libpci takes what it likes from a name; only addresses that exist are asked for. */
static bool address_is_sane(PciAddress address)
{
        return address.device < 32 && address.function < 8;
}

static void warn_of_address(Host *host, PciAddress a)
{
        host_add_warning(host, arena_printf(host->arena,
                                       "%04x:%02x:%02x.%x is left out: no device has this address",
                                       a.domain, a.bus, a.device, a.function));
}

/* Only addresses that libpci has found; what cannot be read of them is told in the function. */
static int read_each(Scan *scan, int devices, const PciAddress *addresses, size_t n)
{
        Host *host = scan->host;

        for (size_t i = 0; i < n; i++) {
                Function *f = NULL;

                if (!address_is_sane(addresses[i])) {
                        warn_of_address(host, addresses[i]);
                        continue;
                }
                f = arena_push(host->arena, &host->functions, &host->n_functions);
                if (!f)
                        return -ENOMEM;
                scan_function(scan->root, devices, scan->modules, addresses[i], host->arena, f);
                if (f->unreadable)
                        host_leave_out(host, f, f->unreadable);
        }
        return 0;
}

static int read_functions(Scan *scan, char **reterr_message)
{
        _cleanup_close_ int devices = -EBADF;
        PciAddress *addresses = NULL;
        size_t n = 0;
        int r = libpci_list(scan->libpci, scan->host->arena, &addresses, &n);

        if (r == -EIO)
                return fail(reterr_message, r, "the PCI devices of %s cannot be listed: %s",
                        scan->root->path, libpci_error());
        if (r == 0)
                r = root_open_directory(scan->root, "sys/bus/pci/devices", &devices);
        return r < 0 ? r : read_each(scan, devices, addresses, n);
}

static void read_framebuffers(Scan *scan)
{
        Host *host = scan->host;
        int r = scan_framebuffer(scan->root, host);

        if (r < 0)
                host_add_warning(host,
                        arena_printf(host->arena,
                                "proc/iomem: %s: which card holds the firmware's framebuffer is "
                                "not known",
                                strerror(-r)));
}

static void read_names(Scan *scan)
{
        Host *host = scan->host;

        for (size_t i = 0; i < host->n_functions; i++) {
                Function *f = &host->functions[i];

                if (function_is_gpu(f))
                        f->name = libpci_name(scan->libpci, f->id, host->arena);
        }
}

/* Of the initramfs's own leftovers, the real root tells with the places to mend. */
static void read_rivals(Scan *scan, unsigned flags)
{
        if (scan->host->stage != STAGE_SYSTEM)
                return;
        if (flags & SCAN_RIVALS)
                scan_rivals(scan->root, scan->host, flags);
        if (flags & SCAN_RECIPES)
                scan_recipes(scan->root, scan->host, flags);
        if ((flags & SCAN_RECIPES) && !(flags & SCAN_DISCREET))
                scan_libvirt(scan->root, scan->host);
        if (flags & SCAN_IMAGES)
                scan_image_files(scan->root, scan->host);
}

static int read_all(Scan *scan, unsigned flags, char **reterr_message)
{
        int r = open_libpci(scan, reterr_message);

        if (r == 0)
                r = read_cmdline(scan, reterr_message);
        if (r < 0)
                return r;
        read_machine(scan);
        r = read_modules(scan);
        if (r < 0)
                return r;
        r = read_functions(scan, reterr_message);
        if (r < 0)
                return r;
        r = scan_vfio(scan->root, scan->modules, scan->host);
        if (r < 0)
                return r;
        read_framebuffers(scan);
        scan_slots(scan->root, scan->host);
        at_work_mark(scan->root, scan->host);
        stuck_mark(scan->root, scan->host); /* which knows more */
        if (flags & SCAN_RELEASED)
                released_mark(scan->root, scan->host);
        if (flags & SCAN_NAMES)
                read_names(scan);
        read_rivals(scan, flags);
        return arena_failed(scan->host->arena) ? -ENOMEM : 0;
}

int scan_host(const Root *root, unsigned flags, Host **ret, char **reterr_message)
{
        _cleanup_(scan_done) Scan scan = {.root = root, .host = host_new(), .sysfs = -EBADF};
        int r = scan.host ? read_all(&scan, flags, reterr_message) : -ENOMEM;

        if (r < 0)
                return r;
        *ret = TAKE_PTR(scan.host);
        return 0;
}
