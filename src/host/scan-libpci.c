/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/scan-libpci.h"

#include <pci/pci.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

struct Libpci {
        struct pci_access *access;
        /* what goes into and comes out of a guarded call */
        char *sysfs_path;
        PciId id;
        char *name;
        char buffer[256];
};

/* libpci's callback is not told whose it is, and must not return: by default it is exit(1). */
static _Thread_local struct {
        jmp_buf jump;
        char message[256];
} fatal;

static __attribute__((noreturn)) _printf_(1, 2) void on_error(char *format, ...)
{
        va_list args;

        va_start(args, format);
        vsnprintf(fatal.message, sizeof(fatal.message), format, args);
        va_end(args);
        longjmp(fatal.jump, 1);
}

static _printf_(1, 2) void on_message(_unused_ char *format, ...)
{
}

/* Calls into libpci; nothing that it may take away lives in this frame. What libpci itself had
 * allocated when it gave up is lost. */
static int guarded(void (*call)(Libpci *libpci), Libpci *libpci)
{
        if (setjmp(fatal.jump) != 0)
                return -EIO;
        call(libpci);
        return 0;
}

const char *libpci_error(void)
{
        return fatal.message;
}

static void call_init(Libpci *libpci)
{
        struct pci_access *access = libpci->access;
        char path_parameter[] = "sysfs.path", no_hwdb[] = "hwdb.disable", yes[] = "1";

        /* never AUTO, which would go on to poke I/O ports */
        access->method = PCI_ACCESS_SYS_BUS_PCI;
        access->error = on_error;
        access->warning = on_message;
        access->debug = on_message;
        pci_set_param(access, path_parameter, libpci->sysfs_path);
        /* pci.ids is enough; not every build of libpci has the other */
        pci_set_param(access, no_hwdb, yes);
        pci_init(access);
}

int libpci_open(const char *sysfs_path, Libpci **ret)
{
        _cleanup_(libpci_freep) Libpci *libpci = calloc(1, sizeof(*libpci));

        if (!libpci)
                return -ENOMEM;
        libpci->sysfs_path = strdup(sysfs_path);
        libpci->access = pci_alloc();
        if (!libpci->sysfs_path || !libpci->access)
                return -ENOMEM;

        int r = guarded(call_init, libpci);

        if (r < 0)
                return r;
        *ret = TAKE_PTR(libpci);
        return 0;
}

static void call_cleanup(Libpci *libpci)
{
        pci_cleanup(libpci->access);
}

void libpci_free(Libpci *libpci)
{
        if (!libpci)
                return;
        if (libpci->access)
                (void)guarded(call_cleanup, libpci);
        free(libpci->sysfs_path);
        free(libpci);
}

static void call_scan(Libpci *libpci)
{
        pci_scan_bus(libpci->access);
}

static int compare_addresses(const void *a, const void *b)
{
        return pci_address_compare(*(const PciAddress *)a, *(const PciAddress *)b);
}

int libpci_list(Libpci *libpci, Arena *arena, PciAddress **ret, size_t *ret_n)
{
        PciAddress *addresses = NULL;
        size_t n = 0;
        int r = guarded(call_scan, libpci);

        if (r < 0)
                return r;
        for (const struct pci_dev *d = libpci->access->devices; d; d = d->next) {
                PciAddress *address = arena_push(arena, &addresses, &n);

                if (!address)
                        return -ENOMEM;
                *address = (PciAddress){(uint32_t)d->domain, d->bus, d->dev, d->func};
        }
        if (n > 0)
                qsort(addresses, n, sizeof(*addresses), compare_addresses);
        *ret = addresses;
        *ret_n = n;
        return 0;
}

static void call_lookup(Libpci *libpci)
{
        libpci->name = pci_lookup_name(libpci->access, libpci->buffer, sizeof(libpci->buffer),
                PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_NUMBERS, libpci->id.vendor, libpci->id.device);
}

const char *libpci_name(Libpci *libpci, PciId id, Arena *arena)
{
        libpci->id = id;
        libpci->name = NULL;
        if (guarded(call_lookup, libpci) < 0 || !libpci->name)
                return NULL;
        return arena_strdup(arena, libpci->name);
}
