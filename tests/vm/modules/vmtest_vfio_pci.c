// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A VFIO variant driver, for boot tests only: by its "vfio_pci:" alias it is the best driver for
 * one made-up card, as the kernel's variants are for theirs. It does what vfio-pci does; what its
 * parameters say it does first.
 *
 * GPL, unlike the rest of the project: the kernel exports what it uses to no other.
 */

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "vmtest-places.h"

static unsigned int slow_ms;
module_param(slow_ms, uint, 0444);
MODULE_PARM_DESC(slow_ms, "milliseconds that each probe sleeps");

static char *fail;
module_param(fail, charp, 0444);
MODULE_PARM_DESC(fail, "addresses (or all) at which probing fails");

static int fail_errno = EIO;
module_param(fail_errno, int, 0444);
MODULE_PARM_DESC(fail_errno, "with which error (5, EIO)");

static char *hang;
module_param(hang, charp, 0444);
MODULE_PARM_DESC(hang, "addresses (or all) at which probing never ends");

static int vmtest_open_device(struct vfio_device *device)
{
        struct vfio_pci_core_device *core = container_of(device, struct vfio_pci_core_device, vdev);
        int r = vfio_pci_core_enable(core);

        if (r)
                return r;
        vfio_pci_core_finish_enable(core);
        return 0;
}

static const struct vfio_device_ops vmtest_ops = {
        .name = "vmtest-vfio-pci",
        .init = vfio_pci_core_init_dev,
        .release = vfio_pci_core_release_dev,
        .open_device = vmtest_open_device,
        .close_device = vfio_pci_core_close_device,
        .ioctl = vfio_pci_core_ioctl,
        .device_feature = vfio_pci_core_ioctl_feature,
        .read = vfio_pci_core_read,
        .write = vfio_pci_core_write,
        .mmap = vfio_pci_core_mmap,
        .request = vfio_pci_core_request,
        .match = vfio_pci_core_match,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
        .bind_iommufd = vfio_iommufd_physical_bind,
        .unbind_iommufd = vfio_iommufd_physical_unbind,
        .attach_ioas = vfio_iommufd_physical_attach_ioas,
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
        .detach_ioas = vfio_iommufd_physical_detach_ioas,
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
        .match_token_uuid = vfio_pci_core_match_token_uuid,
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
        .get_region_info_caps = vfio_pci_ioctl_get_region_info,
#endif
};

static int misbehave(struct pci_dev *pdev)
{
        if (slow_ms) {
                pci_info(pdev, "probe begins\n");
                msleep(slow_ms);
                pci_info(pdev, "probe ends\n");
        }
        if (vmtest_names(hang, pdev))
                vmtest_never_return(pdev, "probe");
        return vmtest_names(fail, pdev) ? -fail_errno : 0;
}

static int vmtest_vfio_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
        struct vfio_pci_core_device *core;
        int r = misbehave(pdev);

        if (r)
                return r;
        core = vfio_alloc_device(vfio_pci_core_device, vdev, &pdev->dev, &vmtest_ops);
        if (IS_ERR(core))
                return PTR_ERR(core);
        dev_set_drvdata(&pdev->dev, core);
        r = vfio_pci_core_register_device(core);
        if (r)
                vfio_put_device(&core->vdev);
        return r;
}

static void vmtest_vfio_pci_remove(struct pci_dev *pdev)
{
        struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

        vfio_pci_core_unregister_device(core);
        vfio_put_device(&core->vdev);
}

/* The id of a card with processor and GPU in one, for which kernels have a variant driver. */
static const struct pci_device_id vmtest_vfio_pci_ids[] = {
        {PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_NVIDIA, 0x2342)}, {}};
MODULE_DEVICE_TABLE(pci, vmtest_vfio_pci_ids);

static struct pci_driver vmtest_vfio_pci_driver = {
        .name = "vmtest_vfio_pci",
        .id_table = vmtest_vfio_pci_ids,
        .probe = vmtest_vfio_pci_probe,
        .remove = vmtest_vfio_pci_remove,
        .err_handler = &vfio_pci_core_err_handlers,
        .driver_managed_dma = true,
};
module_pci_driver(vmtest_vfio_pci_driver);

MODULE_DESCRIPTION("VFIO variant driver for a made-up card, for boot tests");
MODULE_LICENSE("GPL");
