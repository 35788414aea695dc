# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Where things are, and how the rig speaks. Sourced by every script of tests/vm, before anything else.

vm_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
repo_dir=$(cd -- "$vm_dir/../.." && pwd)
work_dir=$repo_dir/build/vm
cache_dir=${VFIO_GPU_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vfio-gpu}/vm

# Tools of administrators are not on every root's PATH (su without a dash), and the rig runs them.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C

say() {
        printf '%s\n' "vm: $*"
}

die() {
        printf '%s\n' "vm: $*" >&2
        exit 1
}

# Tenths of a second since the machine booted: the clock that no time daemon moves.
now() {
        local up
        read -r up _ </proc/uptime
        printf '%s\n' "$((10#${up//./} / 10))"
}

# since START: seconds with one digit, for people
since() {
        local d=$(($(now) - $1))
        printf '%d.%d s' $((d / 10)) $((d % 10))
}

need_root() {
        [[ $EUID -eq 0 ]] || die "this needs root (debootstrap, chroot): run it with sudo"
}

need_tools() {
        local t missing=()
        for t in "$@"; do
                command -v "$t" >/dev/null || missing+=("$t")
        done
        [[ ${#missing[@]} -eq 0 ]] || die "not installed: ${missing[*]} (make deps installs what the boot tests need)"
}
