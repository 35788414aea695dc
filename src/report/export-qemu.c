/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/export-qemu.h"

#include <string.h>

/* QEMU tells root ports apart by their chassis; low numbers are those that people give by hand. */
#define FIRST_CHASSIS 0x40u
#define CHASSIS_MAX   0xffu

/* Where the kernel has nothing else for VFIO, the group interface that QEMU takes by itself leads
 * nowhere. */
static bool wants_iommufd(const Export *e)
{
        const char *backend = e->host->iommu_backend_module;

        return backend && strcmp(backend, "iommufd") == 0;
}

/* A number first: two entries' names may differ by nothing else. */
static const char *port_name(const Export *e, const GuestFunction *guest)
{
        return arena_printf(e->arena, "gpu%u-%s", guest->slot + 1, guest->claim->entry->name);
}

static void add_port(Export *e, const GuestFunction *guest)
{
        text_add(&e->text, "-device pcie-root-port,bus=pcie.0,id=%s,chassis=%u\n",
                port_name(e, guest), FIRST_CHASSIS + guest->slot);
}

static void add_function(Export *e, const GuestFunction *guest)
{
        text_add(&e->text, "-device vfio-pci,host=%s,bus=%s,addr=00.%u%s%s\n",
                PCI_ADDRESS(guest->function->address), port_name(e, guest), guest->number,
                guest->shares_slot && guest->number == 0 ? ",multifunction=on" : "",
                wants_iommufd(e) ? ",iommufd=vfio-gpu" : "");
}

static bool is_first(const GuestFunction *functions, size_t index)
{
        for (size_t i = 0; i < index; i++)
                if (functions[i].slot == functions[index].slot)
                        return false;
        return true;
}

void export_qemu(Export *e)
{
        size_t n = 0;
        const GuestFunction *functions = export_guest_functions(e, &n);

        if (functions && n > 0 && wants_iommufd(e)) {
                text_add(&e->text, "-object iommufd,id=vfio-gpu\n");
                export_warn(e, "this kernel has only iommufd for VFIO: QEMU takes that from "
                               "version 9.0 on");
        }
        for (size_t i = 0; functions && i < n; i++) {
                if (FIRST_CHASSIS + functions[i].slot > CHASSIS_MAX) {
                        export_leave_out(e, "%s is left out: a guest has no more root ports",
                                PCI_ADDRESS(functions[i].function->address));
                        continue;
                }
                if (is_first(functions, i))
                        add_port(e, &functions[i]);
                add_function(e, &functions[i]);
        }
}
