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
    local units
    for units in /etc/systemd/system /usr/lib/systemd/system; do
        # a link, whose target need not exist from here: the root may be another's
        [[ -L ${dracutsysrootdir-}$units/sysinit.target.wants/vfio-gpu.service ]] && return 0
    done
    return 255
}

depends() {
    return 0
}

# The VFIO drivers that the kernel of the image has for particular cards, e.g. nvgrace_gpu_vfio_pci: they
# name them by aliases that load nothing by themselves, and `driver = "auto"` looks for these. Not those that
# need a PCI driver of the host (mlx5_vfio_pci, xe_vfio_pci): they serve the virtual functions of a card that
# stays with the host, and would bring its driver into the image.
vfio_gpu_variants() {
    awk '
        function name(path) {
            sub(/:$/, "", path); sub(/.*\//, "", path); sub(/\.ko.*/, "", path); gsub(/-/, "_", path)
            return path
        }
        $1 == "alias" {
            if (index($2, "vfio_pci:") == 1) variant[$3]
            if (index($2, "pci:") == 1) native[$3]
        }
        $1 ~ /:$/ && name($1) in variant {
            for (i = 2; i <= NF; i++)
                if (name($i) in native) delete variant[name($1)]
        }
        END {
            delete variant["vfio_pci"]
            for (module in variant) print module
        }
    ' "${srcmods-}"/modules.{alias,dep} 2> /dev/null | sort
}

# In a hostonly image instmods leaves out what the building host has no device for: VFIO's modules
# never have one. A module that this kernel does not know, or has built in, is no error.
installkernel() {
    local -a variants
    mapfile -t variants < <(vfio_gpu_variants)
    hostonly='' instmods vfio vfio_pci_core vfio_pci vfio_iommu_type1 vfio_iommu_spapr_tce iommufd "${variants[@]}"
}

install() {
    inst_binary /usr/bin/vfio-gpu
    inst_simple /etc/vfio-gpu.conf
    if dracut_module_included "systemd"; then
        inst_simple "${systemdsystemunitdir-/usr/lib/systemd/system}/vfio-gpu.service"
        inst_script "${systemdutildir-/usr/lib/systemd}/system-generators/vfio-gpu-generator"
        $SYSTEMCTL -q --root "${initdir-}" add-wants sysinit.target vfio-gpu.service
    else
        # before 01-parse-kernel.sh, which loads what rd.driver.pre= names
        inst_hook cmdline 00 "${moddir-}/vfio-gpu-hook.sh"
    fi
}
