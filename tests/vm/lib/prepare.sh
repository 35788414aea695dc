# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What has to be there before a machine boots: tools of the host, and for each guest its image with the
# program of this clone in it. All of it comes out of the cache but for what changed.

# shellcheck disable=SC2034 # run and demo offer these
all_guests=(bookworm trixie)

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

# Copies the source to a folder of its own, so that an editor that saves meanwhile changes nothing.
source_copy() {
        rm -rf "$work_dir/source"
        mkdir -p "$work_dir/source"
        source_list | tar -C "$repo_dir" --null -T - -cf - | tar -C "$work_dir/source" -xf -
}

# Content and names, not times: a fresh clone of the same source finds the program made.
hash_folder() {
        (cd "$1" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum) | sha256sum | cut -c1-16
}

# prepare_program VARIABLE SUITE GUEST-TREE: the folder with what the program installs. VFIO_GPU_VM_PROGRAM
# boots another program instead, for example one that must fail.
prepare_program() {
        local -n ret_program=$1
        local suite=$2 guest_tree=$3 compiler_tree
        if [[ -n ${VFIO_GPU_VM_PROGRAM:-} ]]; then
                ret_program=$VFIO_GPU_VM_PROGRAM
                return
        fi
        cache_get compiler_tree "compiler-$suite" compiler "$guest_tree"
        cache_get ret_program "program-$suite" program "$compiler_tree" "$(hash_folder "$work_dir/source")"
}

# The scenario whose machine boots an image that dracut made with the config in it.
own_config=scenarios/01-one-card/vfio-gpu.conf

# prepare_image VARIABLE SUITE
prepare_image() {
        local variable=$1 suite=$2 tree made
        cache_get tree "guest-$suite" guest "$suite"
        prepare_program made "$suite" "$tree"
        cache_get "$variable" "image-$suite" image "$tree" "$made" "$own_config" "$(hash_folder "$made")" \
                "$(sha256sum "$vm_dir/$own_config" | cut -c1-16)" \
                "$(hash_folder "$vm_dir/guest")" "$(sha256sum "$vm_dir/tools/vfio-open.c" | cut -c1-16)"
}

# Makes what the cache lacks, side by side: the network and the disk wait for each other less.
prepare_all_at_once() {
        local suite pid pids=() unused
        (qemu_find) &
        pids+=($!)
        for suite in "$@"; do
                # shellcheck disable=SC2034
                (prepare_image unused "$suite") &
                pids+=($!)
        done
        for pid in "${pids[@]}"; do
                wait "$pid" || die "not all could be made"
        done
}

# prepare GUEST...: fills the arrays "qemu" and "images", a folder for each guest
prepare() {
        local suite path
        declare -gA images=()
        host_tools
        source_copy
        export VFIO_GPU_SOURCE=$work_dir/source
        prepare_all_at_once "$@"
        qemu_find
        for suite in "$@"; do
                prepare_image path "$suite"
                images[$suite]=$path
                # Where a developer looks for it.
                mkdir -p "$work_dir/image"
                ln -sfnT "$path" "$work_dir/image/$suite"
        done
}
