# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The kernel of a guest's tree, packed and unpacked.

# packed_kernel TREE: newer Debians have it among its modules
packed_kernel() {
        find "$1/boot" "$1/lib/modules/" -name 'vmlinuz*' -print -quit
}

# unpacked_kernel FILE: the kernel within a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset,
# payload_length; behind the compressed data is its size)
unpacked_kernel() {
        local sectors offset length part
        sectors=$(od -An -tu1 -j 497 -N 1 "$1")
        read -r offset length < <(od -An -tu4 -j 584 -N 8 "$1")
        offset=$(((sectors + 1) * 512 + offset))
        part=(dd "if=$1" bs=1M "iflag=skip_bytes,count_bytes" "skip=$offset" "count=$((length - 4))" status=none)
        case $(od -An -tx1 -j "$offset" -N 4 "$1" | tr -d ' ') in
        fd377a58) "${part[@]}" | xz -dc ;;
        28b52ffd) "${part[@]}" | zstd -dc ;;
        *) die "$1: compressed in a way that is not known here" ;;
        esac
}
