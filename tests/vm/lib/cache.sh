# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The cache of made things (trees, programs, images), outside of the clone so that a fresh one is
# quick. A thing is a folder NAME-KEY, made by the script recipes/RECIPE; its key is the hash of that
# script and of its arguments (which hold the keys of what it is made of), so that a changed recipe
# never meets an old thing.

cache_key() {
        local recipe=$1
        shift
        { cat -- "$vm_dir/recipes/$recipe" && printf '%s\0' "$@"; } | sha256sum | cut -c1-16
}

# How many older things of a name are kept: another clone's run may be using one.
cache_keep=${VFIO_GPU_CACHE_KEEP:-4}

# Older things of the same name, but for the last few.
cache_prune() {
        local name=$1 keep=$2 old
        find "$cache_dir" -maxdepth 1 -name "$name-????????????????" ! -path "$keep" -printf '%T@ %p\n' |
                sort -rn | tail -n +$((cache_keep + 1)) | cut -d' ' -f2- |
                while read -r old; do rm -rf --one-file-system -- "$old"; done
}

# cache_make NAME RECIPE OUT ARGUMENT...: in a folder beside, renamed when whole
cache_make() {
        local name=$1 recipe=$2 out=$3 tmp start log
        shift 3
        tmp=$(mktemp -d "$cache_dir/.$name.XXXXXX")
        chmod 0755 "$tmp"
        log=$work_dir/log/$name.log
        start=$(now)
        say "$name: being made ($(sed -n 's/^# says: //p' "$vm_dir/recipes/$recipe"))"
        if ! "$vm_dir/recipes/$recipe" "$tmp" "$@" >"$log" 2>&1 </dev/null; then
                rm -rf --one-file-system -- "$tmp"
                tail -n 25 "$log" >&2
                die "$name: could not be made; the whole log is $log"
        fi
        mv -T "$tmp" "$out"
        say "$name: made in $(since "$start")"
        cache_prune "$name" "$out"
}

# cache_get VARIABLE NAME RECIPE ARGUMENT...: the folder's path into the variable, made if need be
cache_get() {
        local -n ret=$1
        local name=$2 recipe=$3 lock
        shift 3
        mkdir -p "$cache_dir" "$work_dir/log"
        ret=$cache_dir/$name-$(cache_key "$recipe" "$@")
        # The second of two runs waits here and then finds the thing made. The lock is open close-on-exec
        # in no child: a recipe's children must not keep it.
        exec {lock}>"$cache_dir/$name.lock"
        flock -w 1 "$lock" || { say "$name: waiting for another run that makes it" && flock "$lock"; }
        if [[ -d $ret ]]; then
                touch "$ret"
        else
                cache_make "$name" "$recipe" "$ret" "$@"
        fi
        exec {lock}>&-
}
