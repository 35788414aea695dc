# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A scenario: a folder with
#   vfio-gpu.conf  the config, in the initramfs and in the real root
#   initrd.conf    the config in the initramfs, where that is another: a stale one
#   etc            files of dracut and modprobe, where the machine has image_with_exported_files
#   machine        what is built into the machine, in machine.sh's words
#   expect         what has to be seen, in checks.sh's words
#   guests         on which guests it is booted, where these are not the usual ones
#   act            bash that root runs in the guest when the boot is over, before facts are collected; each
#                  command is shown before it runs, one that fails does not end it
#   act.before     the same for a boot before that one: files in /run/facts/carried are in the real root of the
#                  other, but for an initramfs "initrd", which it boots. Without vfio-gpu.conf, the config is
#                  what the program installs, then what was carried.
#   operations     a script that act may run by /usr/libexec/ops-script (see tests/lib/ops-script.h)
#   answers.LINUX  what came out of it on the kernel of that version, for unit tests
#   typed          what is typed at the serial console: lines "wait TEXT" and "type LINE"
#   control        where "expect" says must_fail_checks_of: those checks, one a line; control.NAME where
#                  it says that of several scenarios

scenarios_dir=$vm_dir/scenarios

scenario_names() {
        local d
        for d in "$scenarios_dir"/*/; do
                basename "$d"
        done
}

# The guests that a scenario is booted on.
scenario_guests() {
        local file=$scenarios_dir/$1/guests
        if [[ -e $file ]]; then
                grep -v '^#' "$file"
        else
                printf '%s\n' "${usual_guests[@]}"
        fi
}

# Describes the scenario's machine.
scenario_machine() {
        local dir=$scenarios_dir/$1
        machine_reset
        [[ ! -e $dir/vfio-gpu.conf ]] || machine_config=$dir/vfio-gpu.conf
        [[ ! -e $dir/initrd.conf ]] || machine_initrd_config=$dir/initrd.conf
        [[ ! -e $dir/act ]] || machine_act=$dir/act
        [[ ! -e $dir/operations ]] || machine_operations=$dir/operations
        [[ ! -e $dir/typed ]] || machine_typed=$dir/typed
        # shellcheck disable=SC1091
        . "$dir/machine"
}

# scenario_initrds GUEST/NAME: the initramfs images that it boots or looks into, by initrd_name
scenario_initrds() {
        local guest=${1%%/*} name=${1#*/} variant
        scenario_machine "$name"
        for variant in "$machine_initrd" "${machine_looked_into[@]}"; do
                initrd_name "$guest" "$variant" "$name"
        done
}

# scenario_before SCENARIO RUN IMAGE INITRD: the boot before, if there is one; what "initrd" then has to be is in
# RUN.before
scenario_before() {
        local act=$scenarios_dir/$1/act.before before=$2.before carried=$2.before/facts/carried
        [[ -e $act ]] || return 0
        machine_act=$act boot "$before" "$3" "$4"
        [[ -e $carried/initrd ]] || return 0
        zstd -q -1 --rm "$carried/initrd" -o "$before/initrd.zst"
        machine_carried=$carried
        initrd=$before
}

# scenario_boot NAME GUEST RUN IMAGE: boots it; the lists of its images come to lie beside its facts
scenario_boot() {
        local scenario=$1 guest=$2 run=$3 image=$4 variant initrd ops_script
        scenario_machine "$scenario"
        # shellcheck disable=SC2154 # prepare fills these
        machine_second_disk=${second_disks[$guest]:-} machine_iommufd_modules=${iommufd_modules[$guest]:-}
        initrd=${initrds[$(initrd_name "$guest" "$machine_initrd" "$scenario")]}
        # shellcheck disable=SC2034,SC2154 # boot_files copies it; prepare fills ops_scripts
        ops_script=${ops_scripts[$guest]:-}
        scenario_before "$scenario" "$run" "$image" "$initrd"
        boot "$run" "$image" "$initrd"
        mkdir -p "$run/images"
        for variant in "$machine_initrd" "${machine_looked_into[@]}"; do
                cp "${initrds[$(initrd_name "$guest" "$variant" "$scenario")]}/list" "$run/images/$variant"
        done
}

# The negative control: another scenario's checks on this boot's facts. Those of the file "control" have
# to be among the failed ones, and the list of what failed is kept beside the facts.
must_fail_checks_of() {
        local check="must_fail_checks_of $*" line failed holds control=$scenarios_dir/$scenario/control
        [[ ! -e $control.$1 ]] || control+=.$1
        failed=$(checks_failed=()
                # shellcheck disable=SC1090
                . "$scenarios_dir/$1/expect"
                printf '%s\n' "${checks_failed[@]}")
        printf '%s\n' "$failed" >>"$run/control.txt"
        while IFS= read -r line; do
                [[ -n $line && $line != '#'* ]] || continue
                holds=0
                ! grep -qF -- "$line: expected " <<<"$failed" || holds=1
                judge "\"$line\" to fail" "that it holds" "$holds"
        done <"$control"
}

# A check that holds where nothing was seen proves nothing anywhere: on the facts of a boot that left
# none, every check of every scenario has to fail.
checks_fail_on_nothing() {
        local name scenario run=$work_dir/run/nothing holding=0
        rm -rf "$run"
        mkdir -p "$run/facts" "$run/cards"
        date >"$run/facts/whole"
        for name in $(scenario_names); do
                scenario=$name
                (
                        set +e +o pipefail
                        must_fail_checks_of() { :; }
                        checks_begin "$run" /nonexistent
                        boot_finished
                        # shellcheck disable=SC1090
                        . "$scenarios_dir/$name/expect"
                        [[ ${#checks_failed[@]} -eq $checks_done && $checks_done -gt 1 ]] ||
                                { echo "    $name: $((checks_done - ${#checks_failed[@]})) of $checks_done checks hold where there are no facts" && exit 1; }
                ) || holding=1
        done
        [[ $holding -eq 0 ]] && echo "ok checks fail where there are no facts" && return
        echo "FAILED checks fail where there are no facts"
        return 1
}

# scenario_check NAME RUN IMAGE: writes RUN/failures; fails when a check did, or when none was done.
# Without -e: a check that finds nothing is a failed check, not the end of the checks.
scenario_check() {
        local scenario=$1 run=$2 image=$3
        (
                set +e +o pipefail
                checks_begin "$run" "$image"
                rm -f "$run/control.txt"
                facts_came
                if [[ ${#checks_failed[@]} -eq 0 ]]; then
                        boot_finished
                        # shellcheck disable=SC1090
                        . "$scenarios_dir/$scenario/expect"
                fi
                [[ ${#checks_failed[@]} -eq 0 ]] || printf '%s\n' "${checks_failed[@]}" >"$run/failures"
                echo "$checks_done" >"$run/checks"
                [[ ${#checks_failed[@]} -eq 0 && $checks_done -gt 2 ]]
        )
}

# scenario_run NAME GUEST IMAGE: boots, checks, says one line (and what failed) in one write
scenario_run() {
        local name=$1 guest=$2 image=$3 run=$work_dir/run/$1-$2 start took word=ok
        trap 'boot_stop; exit 143' INT TERM
        start=$(now)
        scenario_boot "$name" "$guest" "$run" "$image"
        took=$(since "$start")
        scenario_check "$name" "$run" "$image" 2>"$run/check.log" || word=FAILED
        {
                printf '%s %s %s %s (%s checks)\n' "$word" "$name" "$guest" "$took" "$(cat "$run/checks" 2>/dev/null || echo 0)"
                [[ -z ${VFIO_GPU_VM_DELAYS:-} || $word == ok ]] || printf '    again: VFIO_GPU_VM_DELAYS=%s tests/vm/run --guest %s %s\n' "$VFIO_GPU_VM_DELAYS" "$guest" "$name"
                [[ ! -e $run/failures ]] || sed 's/^/    /' "$run/failures"
                [[ ! -e $run/control.txt ]] || printf '    control: %s checks of another scenario fail here, as they have to\n' "$(wc -l <"$run/control.txt")"
                [[ $word == ok ]] || printf '    facts, console and card logs: %s\n' "$run"
        } >"$run/result"
        cat "$run/result"
        [[ $word == ok ]]
}
