# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # boot.sh reads what is collected here
#
# The words of a scenario's "machine" file. Each adds to the machine that is being described.
#
# GPUs and disks sit behind PCIe root ports, in the order in which they are named, so that the first is
# 0000:01:00.0, the second 0000:02:00.0, each in an IOMMU group of its own.

machine_reset() {
        machine_devices=()
        machine_cards=()     # specs of the card server
        machine_card_names=()
        machine_words=()     # of the kernel command line
        machine_ports=0
        machine_config=      # vfio-gpu.conf of the real root, and of the initramfs
        machine_initrd_config= # that of the initramfs where it is another
        machine_act=         # what root runs when the boot is over, or nothing
        machine_operations=  # a script for ops-script, or nothing
        machine_typed=       # what is typed at the console, or nothing
        machine_kernel=vmlinux # unpacked, which an emulated processor takes two seconds for
        machine_initrd=any   # a variant of recipes/initrd
        machine_looked_into=()
        machine_modules=()   # modules that both stages have beside the usual ones
        machine_built_in=()  # modules that both stages have in the kernel
        machine_preloads=()  # "MODULE OPTIONS" that the initramfs loads before anything else
        machine_modprobe=()  # lines of modprobe.d, in both stages
        machine_lines=()     # PATH LINE, of files that a stage has more
        machine_limit=240    # seconds: a boot takes 25 on an idle machine, and machines get busy
        machine_carried=     # files of the real root that an earlier boot of the same machine left, or nothing
        machine_processor=()
        machine_iommufd=()   # modules in place of the kernel's own
        machine_second=      # whether there is what a machine of its own takes
        machine_fstab=
        machine_root=/dev/vda
        machine_root_device=(-device 'virtio-blk-pci,drive=root,addr=1e.0')
        machine_firmware=bios
        # caching-mode: QEMU gives no device to vfio without it.
        machine_iommu=(-device 'intel-iommu,caching-mode=on,intremap=on')
}

no_iommu() {
        machine_iommu=()
}

# The machine starts by UEFI, whose framebuffer on a display the kernel takes over (efifb).
uefi() {
        machine_firmware=uefi
        machine_kernel=vmlinuz # which is what such firmware starts
}

kernel_words() {
        machine_words+=("$@")
}

# A disk that /etc/fstab names, by what udev calls it: a unit that waits for local file systems while udev
# waits for the unit never ends.
disk_in_fstab() {
        machine_fstab='/dev/disk/by-id/virtio-data /mnt squashfs ro 0 0'
        machine_devices+=(-drive 'file=DATA,format=raw,if=none,id=data,readonly=on'
                -device 'virtio-blk-pci,drive=data,serial=data,addr=1f.6')
}

# A disk with QEMU and a guest, for a machine within the machine (see recipes/second), and a processor that QEMU
# emulates with its help for virtual machines: KVM within runs a guest at the pace of this machine, where an
# emulator within an emulator takes ten times as long.
second_machine() {
        machine_second=yes
        machine_processor=(-cpu 'qemu64,+svm,+npt')
        machine_devices+=(-drive 'file=SECOND,format=raw,if=none,id=second,readonly=on'
                -device 'virtio-blk-pci,drive=second,serial=second,addr=1f.5')
}

# The initramfs that dracut made for this host alone, config included.
image_of_this_host() {
        machine_initrd=own
}

# The initramfs that has everything but the dracut module of the product.
image_without_module() {
        machine_initrd=without
}

# The initramfs that dracut made for any host where there was no config; the real root has it.
image_without_config() {
        machine_initrd=no-config
}

# The initramfs that dracut made without the product, but with what that exports: the scenario's files in etc,
# which the real root has as well.
image_with_exported_files() {
        machine_initrd=exported
}

# The initramfs in which no systemd runs, but dracut's own scripts.
image_without_systemd() {
        machine_initrd=plain
}

# The initramfs with plymouth, and the display drivers that it wants early.
image_with_splash() {
        machine_initrd=splash
}

# looked_into VARIANT...: images that are made, for checks of what is in them, and not booted
looked_into() {
        machine_looked_into+=("$@")
}

# native_driver [PARAMETER=VALUE]...: both stages have vmtest_native, which takes every NVIDIA display, as
# the vendor's driver would (see modules/vmtest_native.c)
native_driver() {
        machine_modules+=(vmtest_native)
        kernel_words "${@/#/vmtest_native.}"
}

# The kernel's framebuffer is a simple-framebuffer, from before the product runs (see modules/vmtest_simplefb.c).
simple_framebuffer() {
        machine_modules+=(vmtest_simplefb)
        preload vmtest_simplefb
}

# variant_driver [PARAMETER=VALUE]...: how the VFIO variant driver of nvidia_grace behaves (see
# modules/vmtest_vfio_pci.c); it is always there
variant_driver() {
        kernel_words "${@/#/vmtest_vfio_pci.}"
}

# built_in MODULE...: with what they need, they are in the kernel already when the initramfs starts: no module
# of theirs can be found, the index of what is built in names them. They are inserted before anything else.
built_in() {
        machine_built_in+=("$@")
}

# The kernel's VFIO has iommufd, and that alone (see recipes/iommufd).
iommufd_alone() {
        machine_iommufd=(iommufd vfio vfio-pci-core vfio-pci)
}

# preload MODULE [OPTION]...: the initramfs loads it before the product runs
preload() {
        machine_preloads+=("$*")
}

# added_lines initrd|root PATH LINE...: a file that the stage has more, or has in another way
added_lines() {
        local path=$1.d$2 line
        shift 2
        for line; do
                machine_lines+=("$path" "$line")
        done
}

# Nobody but a script of operations does anything to the cards.
operations_alone() {
        local stage driver
        native_driver
        kernel_words vfio_gpu=0
        for driver in vmtest_native igb igbvf; do
                modprobe_d "blacklist $driver"
        done
        for stage in initrd root; do
                added_lines $stage /etc/modprobe.d/nouveau.conf 'blacklist nouveau'
                # journald looks up the device that a line of the kernel's is about: on Linux 6.1 it would hang
                # with its driver.
                added_lines $stage /etc/systemd/journald.conf.d/kmsg.conf '[Journal]' ReadKMsg=no
        done
        # And udev does, for which nobody has to wait after the script.
        kernel_words vm.unsettled
        takes_up_to 480
}

# readme_steps STEP...: what the README has a user type there is /usr/libexec/way-STEP of the real root
readme_steps() {
        local step
        for step; do
                added_lines root "/usr/libexec/way-$step" "$(readme_way "$step")"
        done
}

# takes_up_to SECONDS: a boot in which much is done
takes_up_to() {
        machine_limit=$1
}

# modprobe_d LINE: somebody's configuration of modprobe, in both stages
modprobe_d() {
        machine_modprobe+=("$*")
}

next_port() {
        machine_ports=$((machine_ports + 1))
        machine_devices+=(-device "pcie-root-port,id=port$machine_ports,bus=pcie.0,chassis=$machine_ports,slot=$machine_ports,addr=$(printf '%x' $((machine_ports + 1))).0")
}

# add_card NAME SPEC BUS ADDRESS MULTIFUNCTION(true or false)
add_card() {
        machine_card_names+=("$1")
        machine_cards+=("$2")
        machine_devices+=(-device "{\"driver\":\"vfio-user-pci\",\"bus\":\"$3\",\"addr\":\"$4\",\"multifunction\":$5,\"socket\":{\"type\":\"unix\",\"path\":\"SOCKETS/$1\"}}")
}

# made_up_card NAME SPEC [NAME SPEC]...: a slot of the card server, function 0 and up; the names are for
# checks of what drivers did to each
made_up_card() {
        local n several=false
        [[ $# -le 2 ]] || several=true
        next_port
        for ((n = 0; $# > 0; n++)); do
                add_card "$1" "$2" "port$machine_ports" "0.$n" "$several"
                shift 2
        done
}

# An NVIDIA Tesla T4: class 0302, and an id that nouveau's aliases match. nouveau loads for it, reads BAR 0,
# finds no chip that it knows and leaves: the card's log shows the visit.
nvidia_t4() {
        made_up_card "$1" 'vendor=10de,device=1eb8,class=030200,subsystem=10de:12a2,revision=a1,bars=32:16M/64p:256M/64p:32M,flr,msi,pin'
}

# A network card that is an SR-IOV PF, with a driver for it (igb) and one for its VFs (igbvf).
card_with_vfs() {
        next_port
        machine_devices+=(-device "igb,bus=port$machine_ports,addr=0.0,romfile=")
}

# Slots are the ports' own, "1", "2" and so on, and not those of the firmware, which calls them all "0".
slots_of_ports() {
        machine_devices+=(-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off)
}

# Another NVIDIA card, a Tesla V100, on which nouveau looks in just as well.
nvidia_v100() {
        made_up_card "$1" 'vendor=10de,device=1db6,class=030200,subsystem=10de:124a,revision=a1,bars=32:16M/64p:256M/64p:32M,flr,msi,pin'
}

# nvidia_t4_with_serial NAME NUMBER
nvidia_t4_with_serial() {
        made_up_card "$1" "vendor=10de,device=1eb8,class=030200,subsystem=10de:12a2,revision=a1,bars=32:16M/64p:256M/64p:32M,flr,msi,pin,dsn=$2"
}

# A card for whose id the tests' own VFIO variant driver has an alias.
nvidia_grace() {
        made_up_card "$1" 'vendor=10de,device=2342,class=030200,subsystem=10de:16eb,revision=a1,bars=64p:16M/64p:256M/64p:32M,flr,msi,pin'
}

# A T4 that falls off the bus when the kernel has found it: from then on all that is read is ones. A real
# one does that when its power or its firmware fails.
nvidia_t4_that_dies() {
        made_up_card "$1" 'vendor=10de,device=1eb8,class=030200,subsystem=10de:12a2,revision=a1,bars=32:16M/64p:256M/64p:32M,flr,msi,pin,dies'
}

# One that has no memory: every BAR is of size 0.
nvidia_t4_without_bars() {
        made_up_card "$1" 'vendor=10de,device=1eb8,class=030200,subsystem=10de:12a2,revision=a1,flr,msi,pin'
}

# A slot as of a consumer card: display, audio and USB-C controller; each has a real driver (radeon,
# snd_hda_intel, xhci_hcd). radeon's frame buffer set-up never ends on this emulated chip.
radeon_slot() {
        next_port
        machine_devices+=(
                -device "ati-vga,model=rv100,bus=port$machine_ports,addr=0.0,multifunction=on"
                -device "ich9-intel-hda,bus=port$machine_ports,addr=0.1"
                -device "qemu-xhci,bus=port$machine_ports,addr=0.2")
        kernel_words drm_kms_helper.fbdev_emulation=0
        machine_kernel=vmlinuz # its own start asks the BIOS about the text console
}

# A slot as NVIDIA's consumer cards have it: display, audio, USB-C controller and its UCSI. NAME is the
# display function; the others are NAME-audio, NAME-usb, NAME-ucsi.
nvidia_four_functions() {
        made_up_card \
                "$1" 'vendor=10de,device=1e87,class=030000,subsystem=1458:37a8,revision=a1,bars=32:16M/64p:256M/64p:32M/io:128,msi,pin' \
                "$1-audio" 'vendor=10de,device=10f8,class=040300,subsystem=1458:37a8,revision=a1,bars=32:16K,msi,pin' \
                "$1-usb" 'vendor=10de,device=1ad8,class=0c0330,subsystem=1458:37a8,revision=a1,bars=64p:256K/64p:64K,msi,pin' \
                "$1-ucsi" 'vendor=10de,device=1ad9,class=0c8000,subsystem=1458:37a8,revision=a1,bars=32:4K,msi,pin'
}

# A slot of display, audio and UCSI, for whose audio function the tests' own VFIO variant driver has an alias.
nvidia_whose_audio_is_special() {
        made_up_card \
                "$1" 'vendor=10de,device=1e87,class=030200,subsystem=1458:37a8,revision=a1,bars=32:16M/64p:256M/64p:32M/io:128,msi,pin' \
                "$1-audio" 'vendor=10de,device=2342,class=040300,subsystem=1458:37a8,revision=a1,bars=32:16K,msi,pin' \
                "$1-ucsi" 'vendor=10de,device=1ad9,class=0c8000,subsystem=1458:37a8,revision=a1,bars=32:4K,msi,pin'
}

# nvswitches NAME...: behind a PCIe switch
nvswitches() {
        local name n=0
        next_port
        machine_devices+=(-device "x3130-upstream,id=up,bus=port$machine_ports")
        for name in "$@"; do
                machine_devices+=(-device "xio3130-downstream,id=down$n,bus=up,chassis=$((64 + n)),slot=$((64 + n))")
                add_card "$name" 'vendor=10de,device=22a3,class=068000,subsystem=10de:1796,revision=a1,bars=64p:32M,flr,msi,pin' "down$n" 0.0 false
                n=$((n + 1))
        done
}

# An HGX board: GPUs h0 to h7 on ports of their own, NVSwitches s0 to s3 behind a PCIe switch.
hgx_board() {
        local i
        for i in {0..7}; do
                made_up_card "h$i" 'vendor=10de,device=2330,class=030200,subsystem=10de:16c1,revision=a1,bars=64p:16M/64p:64M/64p:32M,flr,msi,pin'
        done
        nvswitches s{0..3}
}

bochs_display() {
        next_port
        machine_devices+=(-device "bochs-display,bus=port$machine_ports,addr=0.0")
}

# A display and a sound device behind one bridge from PCI Express to PCI: one IOMMU group, since nothing
# behind such a bridge can be told apart. The bridge is 0000:N:00.0, they are 0000:N+1:01.0 and :02.0.
bochs_display_in_shared_group() {
        next_port
        machine_devices+=(
                -device "pcie-pci-bridge,id=bridge,bus=port$machine_ports,addr=0.0"
                -device "bochs-display,bus=bridge,addr=1.0"
                -device "ich9-intel-hda,bus=bridge,addr=2.0")
}

# bridge_of_cards NAME SPEC...: cards behind one bridge from PCI Express to PCI, in one group, as above
bridge_of_cards() {
        local n=1
        next_port
        machine_devices+=(-device "pcie-pci-bridge,id=bridge,bus=port$machine_ports,addr=0.0")
        for ((; $# > 0; n++)); do
                add_card "$1" "$2" bridge "$n.0" false
                shift 2
        done
}

# The disk that the real root is on sits on an NVMe controller, behind a port as a GPU would.
root_on_nvme() {
        next_port
        machine_root=/dev/nvme0n1
        machine_root_device=(-device "nvme,drive=root,serial=root,bus=port$machine_ports,addr=0.0")
}
