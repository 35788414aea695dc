# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Kernel modules that only some scenarios have, or have in another way: the index of the modules is made anew,
# and laid over what the initramfs and the real root have, as if it had been so when depmod ran.

# The modules of a stage, as paths in the image's tree: all for the real root, those of dracut's choice for an
# initramfs. A kernel whose VFIO has iommufd alone has none of what that replaces.
stage_modules() {
        local stage=$1 image=$2 initrd=$3 folder without='^$'
        folder=usr/lib/modules/$(ls "$image/tree/usr/lib/modules")
        [[ ${#machine_iommufd[@]} -eq 0 ]] || without='/(vfio|vfio[-_]pci|vfio[-_]pci[-_]core|vfio_iommu_type1)\.ko$'
        case $stage in
        root) (cd "$image/tree" && find "$folder" -name '*.ko') ;;
        initrd) grep "^$folder/.*\.ko$" "$initrd/list" ;;
        esac | grep -vE "$without"
}

# built_in_files IMAGE: the modules that machine.sh calls built in, and what they need, in the order in which
# they are inserted, as paths below the folder of the modules
built_in_files() {
        local release module
        release=$(ls "$1/tree/usr/lib/modules")
        for module in "${machine_built_in[@]}"; do
                modprobe -d "$1/tree" -S "$release" --show-depends "$module" | sed -n "s|^insmod .*/$release/\([^ ]*\).*|\1|p"
        done | awk '!seen[$0]++'
}

# Names and aliases of what is built in, as a kernel's build leaves them for depmod.
index_built_in() {
        local tree=$1 folder=$2 file name
        shift 2
        printf '%s\n' "$@" >>"$folder/modules.builtin"
        for file; do
                name=${file##*/}
                name=${name%.ko}
                modinfo -F alias "$tree/$file" | sed "s/^/${name//-/_}.alias=/" | tr '\n' '\0' >>"$folder/modules.builtin.modinfo"
        done
}

# stage_index STAGE RUN IMAGE INITRD [BUILT-IN-FILE...]: the index of one stage, and the modules that it has more
stage_index() {
        local stage=$1 run=$2 image=$3 initrd=$4 release folder module
        shift 4
        release=$(ls "$image/tree/usr/lib/modules")
        folder=usr/lib/modules/$release
        mkdir -p "$run/modules" "$run/$stage.d/$folder"
        stage_modules "$stage" "$image" "$initrd" | { grep -vxFf <(printf "$folder/%s\n" "$@") || true; } >"$run/modules.list"
        tar -C "$image/tree" -cf - -T "$run/modules.list" "$folder"/modules.{order,builtin,builtin.modinfo} |
                tar -C "$run/modules" -xf -
        for module in "${machine_modules[@]/#/$image/modules/}" "${machine_iommufd[@]/#/${machine_iommufd_modules:-}/}"; do
                install -D -m 0644 -t "$run/$stage.d/$folder/updates" "$module.ko"
                install -D -m 0644 -t "$run/modules/$folder/updates" "$module.ko"
        done
        [[ $# -eq 0 ]] || index_built_in "$image/tree/$folder" "$run/modules/$folder" "$@"
        ln -s usr/lib "$run/modules/lib"
        depmod -b "$run/modules" "$release"
        cp "$run/modules/$folder"/modules.* "$run/$stage.d/$folder/"
        rm -r "$run/modules" "$run/modules.list"
}

# boot_modules RUN IMAGE INITRD: nothing, where the machine has what every machine has
boot_modules() {
        local files=() folder
        [[ ${#machine_modules[@]} -gt 0 || ${#machine_built_in[@]} -gt 0 || ${#machine_iommufd[@]} -gt 0 ]] || return 0
        mapfile -t files < <(built_in_files "$2")
        stage_index root "$@" "${files[@]}"
        stage_index initrd "$@" "${files[@]}"
        # Where no index names them any more they can only be inserted by path.
        folder=/usr/lib/modules/$(ls "$2/tree/usr/lib/modules")
        boot_commands+=("${files[@]/#/insmod "$folder/"}")
}
