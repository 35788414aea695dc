# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What has to be there before a machine boots: tools of the host, for each guest its image with the program
# of this clone in it, and the initramfs images that the scenarios boot or look into. All of it comes out of
# the cache but for what changed.

# Those that boot a scenario which does not say its own, and all there are.
# shellcheck disable=SC2034 # scenario.sh, run and demo offer these
usual_guests=(bookworm trixie)
# shellcheck disable=SC2034
all_guests=("${usual_guests[@]}" "$debian_testing")

host_tools() {
        need_root
        need_tools debootstrap chroot unshare flock mksquashfs cpio tar xz zstd dpkg-deb modprobe depmod make cc timeout git
        mkdir -p "$work_dir/tools" "$work_dir/log"
        make -s -C "$vm_dir/tools" O="$work_dir/tools"
}

# The files of the clone that make the program: what git tracks or would track of them.
source_list() {
        git -C "$repo_dir" -c safe.directory="$repo_dir" ls-files -z --cached --others --exclude-standard -- Makefile src units conf dracut |
                (cd "$repo_dir" && while IFS= read -r -d '' f; do [[ ! -e $f ]] || printf '%s\0' "$f"; done) | sort -zu
}

# copy_listed FOLDER: the files that come in, to a folder of their own, so that an editor that saves meanwhile
# changes nothing
copy_listed() {
        rm -rf "$1"
        mkdir -p "$1"
        tar -C "$repo_dir" --null -T - -cf - | tar -C "$1" -xf -
}

source_copy() {
        source_list | copy_listed "$work_dir/source"
        (cd "$repo_dir" && printf '%s\0' tests/lib/*.[ch] tests/vm/ops-script/*.c) | copy_listed "$work_dir/source-tests"
}

# Content and names, not times: a fresh clone of the same source finds the program made.
hash_folder() {
        (cd "$1" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum) | sha256sum | cut -c1-16
}

# prepare_program VARIABLE GUEST COMPILER-TREE: the folder with what the program installs. VFIO_GPU_VM_PROGRAM
# boots another program instead, for example one that must fail.
prepare_program() {
        local -n ret_program=$1
        local guest=$2 compiler_tree=$3
        if [[ -n ${VFIO_GPU_VM_PROGRAM:-} ]]; then
                ret_program=$VFIO_GPU_VM_PROGRAM
                return
        fi
        cache_get ret_program "program-$guest" program "$compiler_tree" "$(hash_folder "$work_dir/source")"
}

# prepare_image VARIABLE GUEST
prepare_image() {
        local variable=$1 guest=$2 tree compiler made modules
        cache_get tree "guest-$guest" guest "$guest"
        cache_get compiler "compiler-$guest" compiler "$tree"
        cache_get modules "modules-$guest" modules "$compiler" "$(hash_folder "$vm_dir/modules")"
        prepare_program made "$guest" "$compiler"
        cache_get "$variable" "image-$guest" image "$tree" "$made" "$modules" "$(hash_folder "$made")" \
                "$(hash_folder "$vm_dir/guest")" "$(sha256sum "$vm_dir/tools/vfio-open.c" | cut -c1-16)"
}

# prepare_ops_script GUEST/SCENARIO: where it runs operations, the guest's ops-script into "ops_scripts", and the
# host's own, for the simulated kernel
prepare_ops_script() {
        local tree compiler made guest=${1%%/*}
        scenario_machine "${1#*/}"
        [[ -n $machine_operations && -z ${ops_scripts[$guest]:-} ]] || return 0
        make -s -C "$repo_dir" CC=cc DEV=1 build/dev-cc/ops-script
        cache_get tree "guest-$guest" guest "$guest"
        cache_get compiler "compiler-$guest" compiler "$tree"
        cache_get made "ops-script-$guest" ops-script "$compiler" "$(hash_folder "$work_dir/source")" \
                "$(hash_folder "$work_dir/source-tests")"
        ops_scripts[$guest]=$made
}

# initrd_name GUEST VARIANT SCENARIO: what a scenario's initramfs is called; one that a host made for itself
# has that host's config in it, or its files, and is the scenario's own
initrd_name() {
        printf '%s/%s%s\n' "$1" "$2" "$([[ $2 != own && $2 != exported ]] || echo "/$3")"
}

# prepare_initrd VARIABLE NAME
prepare_initrd() {
        local variable=$1 guest variant scenario config='' hash=''
        IFS=/ read -r guest variant scenario <<<"$2"
        if [[ -n $scenario ]]; then
                config=scenarios/$scenario/vfio-gpu.conf
                [[ $variant != exported ]] || config=scenarios/$scenario/etc
                hash=$(cd "$vm_dir" && find "$config" -type f -exec sha256sum {} + | sort | sha256sum | cut -c1-16)
        fi
        cache_get "$variable" "initrd-$variant-$guest" initrd "${images[$guest]}" "$variant" "$config" "$hash"
}

# prepare_second GUEST/SCENARIO: where its machine has a second one in it, the disk for that into "second_disks"
prepare_second() {
        local qemu_tree guest_tree made guest=${1%%/*}
        scenario_machine "${1#*/}"
        [[ -n $machine_second ]] || return 0
        cache_get qemu_tree qemu qemu
        cache_get guest_tree "guest-$guest" guest "$guest"
        cache_get made "second-$guest" second "$qemu_tree" "$guest_tree" \
                "$(cat "$vm_dir"/{lib/kernel.sh,tools/{second,guest-init.c,guest-kmod.c,guest-kmod.map}} | sha256sum | cut -c1-16)"
        second_disks[$guest]=$made/disk
}

# prepare_iommufd GUEST/SCENARIO: the same of the modules of a kernel with iommufd, into "iommufd_modules"
prepare_iommufd() {
        local tree compiler made guest=${1%%/*}
        scenario_machine "${1#*/}"
        [[ ${#machine_iommufd[@]} -gt 0 ]] || return 0
        cache_get tree "guest-$guest" guest "$guest"
        cache_get compiler "compiler-$guest" compiler "$tree"
        cache_get made "iommufd-$guest" iommufd "$compiler" "$(hash_folder "$vm_dir/iommufd")"
        iommufd_modules[$guest]=$made
}

make_image() {
        local unused
        prepare_image unused "$1"
}

make_initrd() {
        local unused
        prepare_initrd unused "$1"
}

make_qemu() {
        qemu_find
}

# side_by_side "COMMAND ARGUMENT"...: each in a shell of its own, as many at a time as there are processors
side_by_side() {
        local command running=0 failed=0
        for command; do
                if [[ $running -ge $(nproc) ]]; then
                        wait -n || failed=1
                        running=$((running - 1))
                fi
                # shellcheck disable=SC2086 # words without blanks
                ($command) &
                running=$((running + 1))
        done
        for ((; running > 0; running--)); do
                wait -n || failed=1
        done
        [[ $failed -eq 0 ]] || die "not all could be made"
}

# prepare GUEST/SCENARIO...: makes what they need, and fills the arrays "qemu", "images" (a folder for each
# guest), "initrds" (a folder for each initrd_name), "ops_scripts", and for each guest whose machines want that
# "second_disks" and "iommufd_modules"
prepare() {
        local guest name path guests names
        declare -gA images=() initrds=() ops_scripts=() second_disks=() iommufd_modules=()
        mapfile -t guests < <(printf '%s\n' "${@%%/*}" | sort -u)
        host_tools
        source_copy
        export VFIO_GPU_SOURCE=$work_dir/source VFIO_GPU_TESTS=$work_dir/source-tests
        side_by_side make_qemu "${guests[@]/#/make_image }"
        qemu_find
        for guest in "${guests[@]}"; do
                prepare_image path "$guest"
                images[$guest]=$path
                # Where a developer looks for it.
                mkdir -p "$work_dir/image"
                ln -sfnT "$path" "$work_dir/image/$guest"
        done
        for name; do
                prepare_second "$name"
                prepare_ops_script "$name"
                prepare_iommufd "$name"
        done
        names=$(for name; do scenario_initrds "$name"; done | sort -u)
        mapfile -t names <<<"$names"
        side_by_side "${names[@]/#/make_initrd }"
        for name in "${names[@]}"; do
                prepare_initrd path "$name"
                initrds[$name]=$path
        done
}
