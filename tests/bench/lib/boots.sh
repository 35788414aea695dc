# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The initramfs with the program, and with the plain C program in its place: short boots that end when udev has
# started there.

# boots_prepare SIDE: what its machine boots from
boots_prepare() {
        local side=$1 run=$work_dir/run/bench-boot-$1 units
        scenario_machine boot
        rm -rf "$run"
        mkdir -p "$run/cards"
        # shellcheck disable=SC2154 # prepare fills both
        boot_files "$run" "${images[$guest]}" "${initrds[$guest/any]}"
        units=$run/initrd.d/usr/lib/systemd/system
        install -D -m 0755 "$here/initrd/bench-report" "$run/initrd.d/usr/libexec/bench-report"
        install -D -m 0644 "$here/initrd/bench-report.service" "$units/bench-report.service"
        mkdir -p "$units/sysinit.target.wants"
        ln -s ../bench-report.service "$units/sysinit.target.wants/bench-report.service"
        [[ $side == us ]] || install -D -m 0755 "$bench_dir/carried/usr/libexec/bench-floor" "$run/initrd.d/usr/bin/vfio-gpu"
        boot_initrd "$run" "${initrds[$guest/any]}"
        truncate -s 1M "$run/root" # which is never looked at
}

# boots_once SIDE: a line of the record
boots_once() {
        local side=$1 run=$work_dir/run/bench-boot-$1 sockets started begin end udevd result
        scenario_machine boot
        sockets=$(mktemp -d "${TMPDIR:-/tmp}/vm.XXXXXX")
        : >"$run/console"
        boot_cards "$run" "$sockets"
        boot_qemu "$run" "${images[$guest]}" "$sockets" &
        wait $! || true
        boot_stop
        wait
        rm -rf "$sockets"
        read -r started begin end udevd result < <(sed -n 's/.*bench: //p' "$run/console" | tr -d '\r') || true
        [[ ${result:-} == 'success 0 yes' ]] ||
                { tail -n 20 "$run/console" >&2 && die "boot: the initramfs said \"${result:-nothing}\" of vfio-gpu.service; see $run"; }
        # the second is what the program has of that time, with all that runs beside it
        printf '%s %s 0 0\n' "boot.$side" $(((udevd - started) * 1000)) "boot.$side-itself" $(((end - begin) * 1000)) >>"$bench_dir/raw"
}

boots_measure() {
        local i
        boots_prepare us
        boots_prepare floor
        for ((i = 0; i < runs; i++)); do
                boots_once us
                boots_once floor
        done
        rm -f "$work_dir"/run/bench-boot-*/{root,initrd}
}
