// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stand-in for the driver of NVIDIA cards, for boot tests only: it binds each display function of
 * the vendor by modalias, as nvidia.ko does, and reads a register, so that the card's own log shows
 * it. nouveau cannot stand in: on a made-up card, which has no video BIOS, its probe fails.
 *
 * GPL, unlike the rest of the project: the kernel exports what it uses to no other.
 */

#include <linux/module.h>
#include <linux/pci.h>

#include "vmtest-places.h"

static char *stuck_remove;
module_param(stuck_remove, charp, 0444);
MODULE_PARM_DESC(stuck_remove, "addresses (or all) from which this driver never goes");

static char *stuck_probe;
module_param(stuck_probe, charp, 0444);
MODULE_PARM_DESC(stuck_probe, "addresses (or all) at which probing never ends");

static int vmtest_native_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
        void __iomem *registers;
        int r;

        if (vmtest_names(stuck_probe, pdev))
                vmtest_never_return(pdev, "probe");
        r = pcim_enable_device(pdev);
        if (r)
                return r;
        registers = pci_iomap(pdev, 0, 4096);
        if (!registers)
                return -ENOMEM;
        pci_info(pdev, "taken, register 0 is %08x\n", ioread32(registers));
        pci_iounmap(pdev, registers);
        return 0;
}

static void vmtest_native_remove(struct pci_dev *pdev)
{
        if (vmtest_names(stuck_remove, pdev))
                vmtest_never_return(pdev, "remove");
        pci_info(pdev, "given back\n");
}

static const struct pci_device_id vmtest_native_ids[] = {
        {PCI_DEVICE(PCI_VENDOR_ID_NVIDIA, PCI_ANY_ID), .class = PCI_CLASS_DISPLAY_VGA << 8,
                .class_mask = ~0},
        {PCI_DEVICE(PCI_VENDOR_ID_NVIDIA, PCI_ANY_ID), .class = PCI_CLASS_DISPLAY_3D << 8,
                .class_mask = ~0},
        {}};
MODULE_DEVICE_TABLE(pci, vmtest_native_ids);

static struct pci_driver vmtest_native_driver = {
        .name = "vmtest_native",
        .id_table = vmtest_native_ids,
        .probe = vmtest_native_probe,
        .remove = vmtest_native_remove,
};
module_pci_driver(vmtest_native_driver);

MODULE_DESCRIPTION("Stand-in for a display driver, for boot tests");
MODULE_LICENSE("GPL");
