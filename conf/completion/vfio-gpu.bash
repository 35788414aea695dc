# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion of vfio-gpu(8) for bash: the program itself tells what may follow.

_vfio_gpu() {
    local line=${COMP_LINE:0:COMP_POINT} breaks='' current before='' candidate
    local -a words
    # as they were typed: bash takes them apart where an address has colons, and an option its equals sign
    read -ra words <<<"$line"
    [[ $line != *[[:blank:]] ]] || words+=('')
    current=${words[-1]}

    # of what it took apart it wants the last part alone
    [[ $COMP_WORDBREAKS != *:* ]] || breaks+=:
    [[ $COMP_WORDBREAKS != *=* ]] || breaks+='='
    [[ -z $breaks ]] || before=${current%"${current##*["$breaks"]}"}

    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        case $candidate in
        :FILE)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "${current#--*=}")
            ;;
        *) COMPREPLY+=("${candidate#"$before"}") ;;
        esac
    done < <("$1" complete -- "${words[@]:1}" 2>/dev/null)

    # an option that wants a value is no whole word yet
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

complete -F _vfio_gpu vfio-gpu
