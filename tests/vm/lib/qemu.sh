# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Which QEMU boots the machines: the host's own when it has vfio-user-pci (10.1) and a UEFI firmware lies
# beside it, else one of the cache.

# shellcheck disable=SC2034 # boot.sh runs it
qemu_find() {
        local tree
        uefi_firmware=/usr/share/ovmf/OVMF.fd
        if [[ -e $uefi_firmware ]] && qemu-system-x86_64 -device vfio-user-pci,help >/dev/null 2>&1; then
                qemu=(qemu-system-x86_64)
                return
        fi
        cache_get tree qemu qemu
        uefi_firmware=$tree/usr/share/ovmf/OVMF.fd
        local lib=$tree/usr/lib/x86_64-linux-gnu
        # By its own loader: it needs newer libraries than the host's, and no chroot, so that it can
        # reach sockets and images wherever they are.
        qemu=("$tree/lib64/ld-linux-x86-64.so.2" --library-path "$lib:$lib/pulseaudio" "$tree/usr/bin/qemu-system-x86_64"
                -L "$tree/usr/share/qemu" -L "$tree/usr/share/seabios" -L "$tree/usr/lib/ipxe/qemu")
}
