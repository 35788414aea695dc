# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Kernel modules that only some scenarios have: they and the index that names them are laid over what the
# initramfs and the real root have, as if they had been there when depmod ran.

# The modules of a stage, as paths in the image's tree: all for the real root, those of dracut's choice for an
# initramfs.
stage_modules() {
        local stage=$1 image=$2 initrd=$3 folder
        folder=usr/lib/modules/$(ls "$image/tree/usr/lib/modules")
        case $stage in
        root) (cd "$image/tree" && find "$folder" -name '*.ko') ;;
        initrd) grep "^$folder/.*\.ko$" "$initrd/list" ;;
        esac
}

# boot_modules RUN IMAGE INITRD
boot_modules() {
        local run=$1 image=$2 initrd=$3 stage release folder module
        [[ ${#machine_modules[@]} -gt 0 ]] || return 0
        release=$(ls "$image/tree/usr/lib/modules")
        folder=usr/lib/modules/$release
        for stage in root initrd; do
                mkdir -p "$run/modules"
                stage_modules "$stage" "$image" "$initrd" >"$run/modules.list"
                tar -C "$image/tree" -cf - -T "$run/modules.list" "$folder"/modules.{order,builtin,builtin.modinfo} |
                        tar -C "$run/modules" -xf -
                for module in "${machine_modules[@]}"; do
                        install -D -m 0644 -t "$run/$stage.d/$folder/updates" "$image/modules/$module.ko"
                        install -D -m 0644 -t "$run/modules/$folder/updates" "$image/modules/$module.ko"
                done
                ln -s usr/lib "$run/modules/lib"
                depmod -b "$run/modules" "$release"
                cp "$run/modules/$folder"/modules.* "$run/$stage.d/$folder/"
                rm -r "$run/modules" "$run/modules.list"
        done
}
