/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-libvirt.h"

#include <string.h>

#include "base/driver-name.h"
#include "policy/driver.h"

/* Where functions of one card are put in the guest: libvirt adds the root ports up to that bus.
 * Devices without an address, which it places itself, come on the lower ones. */
#define FIRST_BUS 0x10u
#define BUS_MAX   0xffu

/* XML has no -- in a comment. */
static const char *entry_name(const GuestFunction *guest)
{
        const char *name = guest->claim->entry->name;

        return strstr(name, "--") ? "" : name;
}

static void add_guest_address(Export *e, const GuestFunction *guest, unsigned bus)
{
        text_add(&e->text,
                "  <address type='pci' domain='0x0000' bus='0x%02x' slot='0x00' function='0x%x'%s"
                "/>\n",
                bus, guest->number, guest->number == 0 ? " multifunction='on'" : "");
}

/* No <driver>: managed='no' takes the VFIO driver that has the function, whatever its name. */
static void add_hostdev(Export *e, const GuestFunction *guest, unsigned bus)
{
        const Function *f = guest->function;
        const char *name = entry_name(guest);

        text_add(&e->text,
                "<!-- %s%s%s (%04x:%04x) -->\n"
                "<hostdev mode='subsystem' type='pci' managed='no'>\n"
                "  <source>\n"
                "    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
                "  </source>\n",
                name, *name ? ": " : "", PCI_ADDRESS(f->address), f->id.vendor, f->id.device,
                f->address.domain, f->address.bus, f->address.device, f->address.function);
        if (guest->shares_slot)
                add_guest_address(e, guest, bus);
        text_add(&e->text, "</hostdev>\n");
}

/* Each card that has several functions gets a bus of its own. */
static unsigned bus_of(const GuestFunction *functions, size_t n, const GuestFunction *guest)
{
        unsigned bus = FIRST_BUS;

        for (size_t i = 0; i < n; i++)
                bus += functions[i].shares_slot && functions[i].number == 0 &&
                       functions[i].slot < guest->slot;
        return bus;
}

static void warn_of_variant(Export *e, const GuestFunction *guest)
{
        if (!driver_name_equal(guest->driver, DRIVER_VFIO_PCI))
                export_warn(e, "%s gets %s: libvirt before 10.0 takes only what is on vfio-pci",
                        PCI_ADDRESS(guest->function->address), guest->driver);
}

void export_libvirt(Export *e)
{
        size_t n = 0;
        const GuestFunction *functions = export_guest_functions(e, &n);

        for (size_t i = 0; functions && i < n; i++) {
                unsigned bus = bus_of(functions, n, &functions[i]);

                if (bus > BUS_MAX) {
                        export_leave_out(e, "%s is left out: a guest has no more buses",
                                PCI_ADDRESS(functions[i].function->address));
                        continue;
                }
                add_hostdev(e, &functions[i], bus);
                warn_of_variant(e, &functions[i]);
        }
}
