# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# One boot: the machine that machine.sh's words described, until it ends by itself.
# Everything that it leaves is in its run folder:
#
#   console      the guest's serial console
#   qemu.log     what QEMU said
#   cards/NAME   what drivers did to that made-up card, from the card's own side
#   facts/       what guest/report found inside; facts/journal/ are the journal's files, of both stages
#
# VFIO_GPU_VM_DELAYS, PROBE:CARD:SEED: each probe of the test driver takes PROBE ms (where the scenario does not
# say how long), each access to card number N, from 0, up to CARD us by the random numbers of SEED + N.

# What an emulated processor need not do: page-table isolation alone is a quarter of a boot.
boot_words='mitigations=off init_on_alloc=0 nokaslr audit=0 random.trust_cpu=on 8250.nr_uarts=1 cryptomgr.notests'
boot_words+=' initcall_blacklist=crypto_kdf108_init,jent_mod_init,init_encrypted' # self-tests, 2 s
# The kernel counts ten ticks of the timer against the processor's clock, and panics when a busy host was late.
boot_words+=' no_timer_check'

# What a scenario has of its own is laid over the real root and the initramfs: folders RUN/root.d and
# RUN/initrd.d, made anew for each boot.

# boot_config RUN: for the initramfs that stands for "edit the config, run dracut -f", and saves the seconds
# of the second
boot_config() {
        local run=$1
        [[ -n $machine_config ]] || return 0
        install -D -m 0644 "$machine_config" "$run/root.d/etc/vfio-gpu.conf"
        case $machine_initrd in
        own | without | no-config) ;;
        exported) cp -rT "${machine_config%/*}/etc" "$run/root.d/etc" ;;
        *) install -D -m 0644 "${machine_initrd_config:-$machine_config}" "$run/initrd.d/etc/vfio-gpu.conf" ;;
        esac
}

# boot_first RUN: a unit of the initramfs that runs boot_commands before anything of the product does
boot_first() {
        local units=$1/initrd.d/usr/lib/systemd/system
        [[ ${#boot_commands[@]} -gt 0 ]] || return 0
        mkdir -p "$units/sysinit.target.wants"
        printf '%s\n' '[Unit]' DefaultDependencies=no 'Before=vfio-gpu.service systemd-udevd.service' \
                '[Service]' Type=oneshot RemainAfterExit=yes "${boot_commands[@]/#/ExecStart=}" >"$units/vm-first.service"
        ln -s ../vm-first.service "$units/sysinit.target.wants/vm-first.service"
}

# boot_lines RUN: what machine.sh calls added_lines
boot_lines() {
        local i file
        for ((i = 0; i < ${#machine_lines[@]}; i += 2)); do
                file=$1/${machine_lines[i]}
                mkdir -p "${file%/*}"
                printf '%s\n' "${machine_lines[i + 1]}" >>"$file"
        done
}

# boot_modprobe RUN: what machine.sh calls modprobe_d
boot_modprobe() {
        local part
        [[ ${#machine_modprobe[@]} -gt 0 ]] || return 0
        for part in root.d initrd.d; do
                mkdir -p "$1/$part/etc/modprobe.d"
                printf '%s\n' "${machine_modprobe[@]}" >"$1/$part/etc/modprobe.d/scenario.conf"
        done
}

# boot_operations RUN: the program that runs scripts of operations, and the scenario's script
boot_operations() {
        [[ -n $machine_operations ]] || return 0
        # shellcheck disable=SC2154 # scenario_boot says it
        install -D -m 0755 "$ops_script/ops-script" "$1/root.d/usr/libexec/ops-script"
        install -D -m 0644 "$machine_operations" "$1/root.d/usr/share/operations"
}

# boot_files RUN IMAGE INITRD
boot_files() {
        local run=$1 image=$2 initrd=$3 boot_commands=()
        mkdir -p "$run/root.d/etc"
        boot_config "$run"
        echo "$machine_fstab" >"$run/root.d/etc/fstab"
        [[ -z $machine_act ]] || install -D -m 0755 "$machine_act" "$run/root.d/usr/libexec/vm-act"
        boot_operations "$run"
        boot_modprobe "$run"
        boot_lines "$run"
        [[ -z $machine_carried ]] || cp -a "$machine_carried/." "$run/root.d/"
        boot_modules "$run" "$image" "$initrd"
        boot_commands+=("${machine_preloads[@]/#/modprobe }")
        boot_first "$run"
}

# boot_root RUN IMAGE: the real root; mksquashfs makes no folder by itself for a file that is added
boot_root() {
        local run=$1 image=$2 mode file added=() replaced=()
        while read -r mode file; do
                [[ -d $image/tree/$file ]] || added+=(-p "/$file d $mode 0 0")
        done < <(find "$run/root.d" -mindepth 1 -type d -printf '%m %P\n')
        while read -r mode file; do
                added+=(-p "/$file f $mode 0 0 cat $run/root.d/$file")
                replaced+=("$file")
        done < <(find "$run/root.d" -type f -printf '%m %P\n')
        rm -f "$run/root" "$run/data"
        mksquashfs "$vm_dir/guest" "$run/data" -no-progress -quiet -all-root >"$run/mksquashfs.log" 2>&1
        mksquashfs "$image/tree" "$run/root" -comp lz4 -noappend -no-progress -quiet -no-xattrs "${added[@]}" \
                -wildcards -e "${replaced[@]}" boot etc/apt var/lib/apt var/cache var/lib/dpkg usr/share/doc \
                usr/share/man usr/share/locale usr/share/info usr/share/i18n usr/share/zoneinfo 'usr/share/perl*' \
                usr/share/lintian usr/share/keyrings usr/share/common-licenses usr/include \
                'usr/lib/x86_64-linux-gnu/perl*' usr/lib/x86_64-linux-gnu/gconv >>"$run/mksquashfs.log" 2>&1
}

# boot_initrd RUN INITRD: the image as dracut made it, and the scenario's files as an archive behind it, which
# replace those of the first (Documentation/driver-api/early-userspace/buffer-format.rst)
boot_initrd() {
        local run=$1 initrd=$2
        {
                zstd -dcq "$initrd/initrd.zst"
                [[ ! -d $run/initrd.d ]] ||
                        (cd "$run/initrd.d" && find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0)
        } >"$run/initrd"
}

# boot_delay PLACE: one of the numbers of VFIO_GPU_VM_DELAYS, from 0
boot_delay() {
        local numbers
        IFS=: read -ra numbers <<<"$VFIO_GPU_VM_DELAYS"
        echo "${numbers[$1]}"
}

# Starts the card server. Socket paths have to be short: they are in a folder of their own, which goes
# with the boot.
boot_cards() {
        local run=$1 sockets=$2 i specs=() delay=''
        [[ ${#machine_cards[@]} -gt 0 ]] || return 0
        for i in "${!machine_cards[@]}"; do
                [[ -z ${VFIO_GPU_VM_DELAYS:-} ]] || delay=,delay=$(boot_delay 1):$(($(boot_delay 2) + i))
                specs+=("socket=$sockets/${machine_card_names[i]},log=$run/cards/${machine_card_names[i]},${machine_cards[i]}$delay")
        done
        mkfifo "$sockets/ready"
        "$work_dir/tools/card-server" "${specs[@]}" >"$sockets/ready" &
        read -r _ <"$sockets/ready" || die "the card server did not start"
}

# boot_typing RUN SOCKETS: types what the scenario says at the serial console; a text is waited for in what
# comes after the last line that was typed
boot_typing() {
        local console=$1/console word text from=0
        while read -r word text; do
                case $word in
                wait)
                        until tail -c "+$((from + 1))" "$console" 2>/dev/null | grep -aqF -- "$text"; do
                                sleep 0.3
                        done
                        ;;
                type)
                        from=$(stat -c %s "$console")
                        printf '%s\n' "$text" >"$2/typed"
                        ;;
                esac
        done <"$machine_typed"
}

# Becomes the machine: it is run in the background, and what is signalled there must be it.
boot_qemu() {
        local run=$1 image=$2 sockets=$3 devices firmware=() words=${VFIO_GPU_VM_WORDS:-} console="file,id=console,path=$1/console"
        [[ -z $machine_typed ]] || console+=",input-path=$sockets/typed"
        # shellcheck disable=SC2154 # qemu_find says where it is
        [[ -z ${VFIO_GPU_VM_DELAYS:-} ]] || words+=" vmtest_vfio_pci.slow_ms=$(boot_delay 0)"
        [[ $machine_firmware != uefi ]] || firmware=(-bios "$uefi_firmware")
        devices=("${machine_devices[@]//SOCKETS/$sockets}")
        devices=("${devices[@]//DATA/$run/data}")
        devices=("${devices[@]//SECOND/${machine_second_disk:-}}")
        exec timeout --kill-after=5 "${VFIO_GPU_VM_LIMIT:-$machine_limit}" "${qemu[@]}" \
                -machine q35,kernel-irqchip=split -accel tcg "${machine_processor[@]}" -smp "${VFIO_GPU_VM_SMP:-1}" -m 1024 \
                -nodefaults -no-user-config -display none -no-reboot \
                -chardev "$console" -serial chardev:console \
                -kernel "$image/$machine_kernel" -initrd "$run/initrd" \
                -append "console=ttyS0 quiet panic=-1 $boot_words $words root=$machine_root rootfstype=squashfs ro systemd.volatile=overlay ${machine_words[*]}" \
                -drive "file=$run/root,format=raw,if=none,id=root,readonly=on" \
                -device virtio-serial-pci,addr=1f.7 -chardev "file,id=facts,path=$run/facts.tar" \
                -device virtserialport,chardev=facts,name=vm.facts \
                "${firmware[@]}" "${machine_iommu[@]}" "${devices[@]}" "${machine_root_device[@]}" >"$run/qemu.log" 2>&1 </dev/null
}

boot_unpack() {
        local run=$1
        mkdir -p "$run/facts"
        tar -C "$run/facts" -xf "$run/facts.tar" 2>>"$run/qemu.log" || true
        rm -rf "$run"/{facts.tar,root,data,initrd,root.d,initrd.d}
}

# Ends what this shell started: the card server, and the machine when the boot is interrupted.
boot_stop() {
        local pid
        for pid in $(jobs -pr); do
                kill "$pid" 2>/dev/null || true
        done
}

# boot RUN IMAGE INITRD: never fails; whether facts came is the first thing that is checked
boot() {
        local run=$1 image=$2 initrd=$3 sockets typed='' rc=0
        rm -rf "$run"
        mkdir -p "$run/cards"
        sockets=$(mktemp -d "${TMPDIR:-/tmp}/vm.XXXXXX")
        boot_files "$run" "$image" "$initrd"
        boot_root "$run" "$image"
        boot_initrd "$run" "$initrd"
        boot_cards "$run" "$sockets"
        if [[ -n $machine_typed ]]; then
                mkfifo "$sockets/typed"
                exec {typed}<>"$sockets/typed" # while there is a writer, it has no end
                boot_typing "$run" "$sockets" &
        fi
        # In the background, so that a signal ends the wait at once (see boot_stop).
        boot_qemu "$run" "$image" "$sockets" &
        wait $! || rc=$?
        echo "$rc" >"$run/qemu.exit"
        boot_stop
        wait
        [[ -z $typed ]] || exec {typed}>&-
        rm -rf "$sockets"
        boot_unpack "$run"
}
