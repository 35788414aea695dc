#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Puts vfio-gpu into the initramfs: the program, its config, its unit, and the VFIO modules. Nothing is
# taken from the hardware of the host that builds the image: it may boot on another.

# A crash kernel has other worries and little memory. mkdumprd of Fedora and its kin exports IN_KDUMP; all
# name their dracut module, kdumpbase or, in openSUSE, kdump.
vfio_gpu_is_kdump() {
    [[ ${IN_KDUMP-} == 1 || " ${add_dracutmodules-} ${dracutmodules-} " =~ \ kdump(base)?\  ]]
}

# Enabled on the host: in every image, hostonly or not. Otherwise only when asked for.
check() {
    vfio_gpu_is_kdump && return 1
    require_binaries /usr/bin/vfio-gpu || return 1
    # a link, whose target need not exist from here: the root may be another's
    [[ -L ${dracutsysrootdir-}/etc/systemd/system/sysinit.target.wants/vfio-gpu.service ]] && return 0
    return 255
}

depends() {
    return 0
}

# In a hostonly image instmods leaves out what the building host has no device for: VFIO's modules
# never have one. A module that this kernel does not know, or has built in, is no error.
installkernel() {
    hostonly='' instmods vfio vfio_pci_core vfio_pci vfio_iommu_type1 vfio_iommu_spapr_tce iommufd
}

install() {
    inst_binary /usr/bin/vfio-gpu
    inst_simple /etc/vfio-gpu.conf
    if dracut_module_included "systemd"; then
        inst_simple "${systemdsystemunitdir-/usr/lib/systemd/system}/vfio-gpu.service"
        $SYSTEMCTL -q --root "${initdir-}" add-wants sysinit.target vfio-gpu.service
    else
        # before 01-parse-kernel.sh, which loads what rd.driver.pre= names
        inst_hook cmdline 00 "${moddir-}/vfio-gpu-hook.sh"
    fi
}
