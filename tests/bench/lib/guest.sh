# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What is measured in machines of the boot tests: folders of machines/, each as a scenario of tests/vm, in this
# guest.

guest=trixie
# Debian has driverctl in both releases; as a script it runs in either.
driverctl_of=(bookworm trixie)

# counted_instructions: the machine's time is a nanosecond an instruction, whatever its host has to do beside
counted_instructions() {
        machine_devices+=(-icount shift=0)
}

# The modules that claiming loads, in order, as strings of C.
floor_modules() {
        local tree=$1 release module
        release=$(ls "$tree/usr/lib/modules")
        for module in vfio_pci vfio_iommu_type1; do
                modprobe -d "$tree" -S "$release" --show-depends "$module" | sed -n "s|^insmod .*/$release/\([^ ]*\).*|\"\1\"|p"
        done | awk '!seen[$0]++' | paste -sd ,
}

# build_floor IMAGE OUT
build_floor() {
        cc -O2 -Wall -Wextra -Werror -static -D_GNU_SOURCE -o "$2" "$here/floor.c" \
                "-DFLOOR_MODULES=$(floor_modules "$1/tree")" "-DFLOOR_RELEASE=\"$(ls "$1/tree/usr/lib/modules")\""
}

# What each of the machines has in its real root.
guest_files() {
        local image=$1 to=$bench_dir/carried suite path
        rm -rf "$to"
        # in folders that are there: see boot_root()
        mkdir -p "$to/usr/libexec" "$to/etc"
        install -m 0755 "$here"/guest/bench-* "$to/usr/libexec"
        install -m 0755 "$bench_dir/measure" "$to/usr/libexec/bench-measure"
        install -m 0644 "$here"/machines/claim/bench-*.conf "$to/etc"
        build_floor "$image" "$to/usr/libexec/bench-floor"
        echo "$runs" >"$to/etc/bench-runs"
        for suite in "${driverctl_of[@]}"; do
                cache_get path "driverctl-$suite" driverctl "$(guest_tree "$suite")"
                install -m 0755 "$path"/driverctl-* "$to/usr/libexec"
        done
}

# guest_tree SUITE: where the distribution's own tree is
guest_tree() {
        local tree
        cache_get tree "guest-$1" guest "$1" >&2
        echo "$tree"
}

# guest_measure MACHINE: boots it; what it has measured goes to the raw figures
guest_measure() {
        local machine=$1 run=$work_dir/run/bench-$1
        scenario_machine "$machine"
        machine_carried=$bench_dir/carried
        # shellcheck disable=SC2154 # prepare fills both
        boot "$run" "${images[$guest]}" "${initrds[$(initrd_name "$guest" "$machine_initrd" "$machine")]}"
        [[ $(cat "$run/facts/act.exit" 2>/dev/null) == 0 ]] ||
                { tail -n 20 "$run/facts/act" "$run/console" >&2 && die "$machine: nothing could be measured; see $run"; }
        grep -E '^[a-z]+\.[a-z0-9.-]+ [0-9]+ [0-9]+ [0-9]+$' "$run/facts/act" >>"$bench_dir/raw"
}
