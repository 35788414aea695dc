# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The words of a scenario's "expect" file. Each looks at the facts of one boot; each can fail, and a fact
# that is not there fails it. A failed check says what was expected and what was seen, and the rest go on.
#
# STAGE is "initrd" or "system" (the real root): the journal holds both, each in its own files.

# shellcheck disable=SC2154 # common.sh says repo_dir
manual_dir=$repo_dir
. "$repo_dir/tests/lib/manual-page"

# checks_begin RUN IMAGE: the boot that the checks look at
checks_begin() {
        run=$1
        facts=$run/facts
        image=$2
        checks_done=0
        checks_failed=()
        [[ ! -d $facts/journal ]] || journal_text
}

# journal_read FILE ARGUMENT...: by the guest's own journalctl, in its tree (another version could not read
# the file), through standard input (so that nothing has to be mounted there)
journal_read() {
        local file=$1
        shift
        chroot "$image/tree" journalctl --file=- --all --quiet --no-pager "$@" <"$file"
}

# The journal as text, the program's records as JSON, and the same with what the catalog says of them, for each
# stage. A stage has its own journal: the real root's is named by the machine-id of its image, the initrd makes
# one up.
journal_text() {
        local file stage
        rm -f "$facts"/{journal,records,explained}.{initrd,system}
        for file in "$facts"/journal/*/*.journal; do
                stage=initrd
                [[ $file != */"$(cat "$image/tree/etc/machine-id")"/* ]] || stage=system
                journal_read "$file" -o short-monotonic >>"$facts/journal.$stage"
                journal_read "$file" -o json -u vfio-gpu.service >>"$facts/records.$stage"
                journal_read "$file" -x -u vfio-gpu.service >>"$facts/explained.$stage"
        done
}

# judge EXPECTED SEEN HOLDS(0 or 1): the check that called it, with its arguments, is what is reported
judge() {
        local expected=$1 seen=$2 holds=$3
        checks_done=$((checks_done + 1))
        [[ $holds -eq 1 ]] || checks_failed+=("$check: expected ${expected:-nothing}, seen ${seen:-nothing}")
}

is() {
        local holds=0
        [[ $2 != "$1" ]] || holds=1
        judge "$1" "$2" "$holds"
}

# content NAME: the file of facts, or nothing when there is none
content() {
        cat -- "$facts/$1" 2>/dev/null || true
}

# matches TEXT CONTENT: a fixed string in it
matches() {
        [[ $2 == *"$1"* ]]
}

shorten() {
        local text=${1//$'\n'/ | }
        printf '%s' "${text:0:600}"
}

has() {
        local holds=0
        ! matches "$1" "$2" || holds=1
        judge "\"$1\"" "$(shorten "$2")" "$holds"
}

# The content has to be there: an empty file lacks everything and proves nothing.
lacks() {
        local holds=0
        [[ -z $2 ]] || matches "$1" "$2" || holds=1
        judge "no \"$1\"" "$(shorten "$(grep -F -- "$1" <<<"$2" || printf '%s' "$2")")" "$holds"
}

# listed NAME FILTER...: what the filter finds in the file, in one line. Where nothing is what is expected,
# a missing file must not look like it.
listed() {
        local name=$1
        shift
        [[ -s $facts/$name || ($name == failed && -e $facts/$name) ]] || { echo "no facts" && return; }
        "$@" <"$facts/$name" | sort -u | paste -s -d ' '
}

pci_field() {
        content pci | awk -v a="$1" -v f="$2" '$1 == a { print $f }'
}

# --- what every boot has to show

facts_came() {
        local check="facts_came" holds=0
        [[ ! -e $facts/whole ]] || holds=1
        judge "facts from inside the guest" "QEMU's exit status $(cat "$run/qemu.exit" 2>/dev/null); last of its console: $(tail -n 5 "$run/console" 2>/dev/null | tr -d '\r\033' | tr '\n' '|')" "$holds"
}

boot_finished() {
        local check="boot_finished"
        is active "$(content multi-user)"
}

mounted() {
        local check="mounted $*"
        has " $1 " "$(content mounts)"
}

# image_has VARIANT PATH, image_lacks VARIANT PATH: what dracut put into an initramfs, of those that the
# machine boots or says looked_into of; PATH is an extended regular expression for the whole of it
image_has() {
        local check="image_has $*" seen=absent
        ! grep -qxE -- "$2" "$run/images/$1" 2>/dev/null || seen=present
        is present "$seen"
}

# An image whose list is empty lacks nothing: it was not looked into.
image_lacks() {
        local check="image_lacks $*" seen=absent
        [[ -s $run/images/$1 ]] || seen="no list"
        ! grep -qxE -- "$2" "$run/images/$1" 2>/dev/null || seen=present
        is absent "$seen"
}

# --- PCI functions

driver_is() {
        local check="driver_is $*"
        is "$2" "$(pci_field "$1" 4)"
}

function_is() {
        local check="function_is $*"
        is "$2" "$(pci_field "$1" 2)"
}

override_is() {
        local check="override_is $*"
        is "$2" "$(pci_field "$1" 6)"
}

has_no_iommu_group() {
        local check="has_no_iommu_group $*"
        is none "$(pci_field "$1" 5)"
}

# same_group ADDRESS ADDRESS: one IOMMU group holds both
same_group() {
        local check="same_group $*" groups=()
        groups=("$(pci_field "$1" 5)" "$(pci_field "$2" 5)")
        [[ ${groups[0]} =~ ^[0-9]+$ ]] || groups[0]="no group"
        is "${groups[0]}" "${groups[1]}"
}

boot_vga_is() {
        local check="boot_vga_is $*"
        is "$1" "$(content pci | awk '$7 == 1 { print $1 }')"
}

# vfio_opens ADDRESS ID: VFIO gives the device away, and through it the id is read
vfio_opens() {
        local check="vfio_opens $*"
        is "ok $2" "$(content vfio-open | awk -v a="$1" '$1 == a { print $2 " " ($2 == "ok" ? substr($4, 4) : $0) }')"
}

# vfio_maps ADDRESS: through VFIO all of its BARs can be mapped, and there is one at least
vfio_maps() {
        local check="vfio_maps $*"
        is map=ok "$(content vfio-open | awk -v a="$1" '$1 == a { print $2 == "ok" ? $5 " " $6 : $0 }' | sed 's/ $//')"
}

# vfio_maps_not ADDRESS ERRNO: one of its BARs cannot be mapped, with that error
vfio_maps_not() {
        local check="vfio_maps_not $*"
        is "map=failed:$2" "$(content vfio-open | awk -v a="$1" '$1 == a { print $2 == "ok" ? $5 : $0 }')"
}

# on_vfio ADDRESS ID...: the two together for each function
on_vfio() {
        while [[ $# -gt 0 ]]; do
                driver_is "$1" vfio-pci
                vfio_opens "$1" "$2"
                shift 2
        done
}

# only_on_vfio ADDRESS...: these and no other function of the machine
only_on_vfio() {
        local check="only_on_vfio $*"
        is "$*" "$(listed pci awk '$4 ~ /vfio/ { print $1 }')"
}

disk_reads() {
        local check="disk_reads $*"
        is read "$(content disks | awk -v n="$1" -v a="$2" '$1 == n && $2 == a { print $3 }')"
}

# --- the card's own side

card_log() {
        cat -- "$run/cards/$1" 2>/dev/null || true
}

# The number of BAR reads of the whole boot, in both stages, or nothing when the card was never there.
card_reads() {
        card_log "$1" | sed -n 's/.* total bar-reads=\([0-9]*\) .*/\1/p' | tail -n 1
}

card_untouched() {
        local check="card_untouched $*"
        is "0 reads 0 writes of BARs" "$(card_log "$1" | sed -n 's/.* total bar-reads=\([0-9]*\) bar-writes=\([0-9]*\)$/\1 reads \2 writes of BARs/p' | tail -n 1)"
}

card_probed() {
        local check="card_probed $*" n holds=0
        n=$(card_reads "$1")
        [[ ${n:-0} -eq 0 ]] || holds=1
        judge "BAR reads by a driver" "$n" "$holds"
}

# It stopped answering, as its specification says.
card_died() {
        local check="card_died $*"
        has " dead" "$(card_log "$1")"
}

# A virtual machine's monitor resets the card that it opens.
card_reset() {
        local check="card_reset $*"
        has "reset flr" "$(card_log "$1")"
}

# card_resets_are NAME N: in the whole boot; each opening of the card through VFIO makes two, at its begin and
# its end, and the report's look at it is one
card_resets_are() {
        local check="card_resets_are $*"
        is "$2 resets" "$(card_log "$1" | grep -c 'reset flr') resets"
}

# --- scripts of operations

kernel_version() {
        content answers | sed -n '1s/^Linux //p'
}

# differing FILE FILE: their first lines that differ, or nothing; no difference is allowed for
differing() {
        diff --text "$@" 2>&1 | sed '/^[0-9][0-9,]*[acd][0-9]/d; /^---$/d' | head -n 8
}

# simulation_answers_alike: the simulated kernel of tests/lib answers each operation as this guest's did
simulation_answers_alike() {
        local check="simulation_answers_alike" version
        version=$(kernel_version)
        "$repo_dir/build/dev-cc/ops-script" --simulated="${version:-none}" --speed=3 "$scenarios_dir/$scenario/operations" \
                >"$run/simulated" 2>>"$run/check.log" || true
        is "" "$([[ -s $facts/answers && -s $run/simulated ]] || echo "no answers"; differing "$facts/answers" "$run/simulated")"
}

# bent_simulation_differs RULE STEP: a simulated kernel in which one rule of SimRule does not hold is seen by that
# comparison, at the first step that shows it
bent_simulation_differs() {
        local check="bent_simulation_differs $*"
        sed '/^# --- What takes time/,$d' "$scenarios_dir/$scenario/operations" >"$run/operations.bent"
        "$repo_dir/build/dev-cc/ops-script" --simulated="$(kernel_version)" --bent="$1" "$run/operations.bent" \
                >"$run/bent" 2>>"$run/check.log" || true
        has "< $2" "$([[ ! -s $facts/answers ]] || differing "$facts/answers" "$run/bent" | head -n 1)"
}

# answers_are_kept: unit tests hold the simulated kernel against what this guest's kernel says
answers_are_kept() {
        local check="answers_are_kept" kept
        kept=$scenarios_dir/$scenario/answers.$(kernel_version)
        is "" "$([[ -s $facts/answers && -s $kept ]] || echo "no answers"; differing "$kept" "$facts/answers")"
}

# --- modules and the kernel

module_loaded() {
        local check="module_loaded $*"
        is "$1" "$(content modules | awk -v m="$1" '$1 == m { print m }')"
}

module_not_loaded() {
        local check="module_not_loaded $*"
        is "" "$(listed modules awk -v m="$1" '$1 == m { print m }')"
}

kernel_says() {
        local check="kernel_says $*"
        has "$1" "$(content dmesg)"
}

kernel_never_says() {
        local check="kernel_never_says $*"
        lacks "$1" "$(content dmesg)"
}

# slow_probes_took N SECONDS: the first N probes of the slow variant driver, from the first one's begin to the
# last one's end
slow_probes_took() {
        local check="slow_probes_took $*" seen holds=0
        seen=$(content dmesg | sed -n 's/^\[ *\([0-9.]*\)\] vmtest_vfio_pci .*: probe \(begins\|ends\)$/\1 \2/p' |
                awk -v n="$1" '$2 == "begins" && !begun++ { first = $1 } $2 == "ends" && ++ends == n { last = $1 }
                        END { if (last) printf "%.3f\n", last - first }')
        ! awk -v s="$2" '{ exit !($1 > 0 && $1 <= s) }' <<<"$seen" || holds=1
        judge "$1 probes in at most $2 s" "${seen:+$seen s}" "$holds"
}

# vfio_pci_ids_are [ID...]: the ids with which vfio-pci was loaded, sorted, in the kernel's own words
# ("vfio_pci: add [10de:1eb8[ffffffff:ffffffff]] ..."); its parameter cannot be read back.
vfio_pci_ids_are() {
        local check="vfio_pci_ids_are $*"
        is "$*" "$(listed dmesg sed -n 's/.*vfio_pci: add \[\([0-9a-f]*:[0-9a-f]*\)\[.*/\1/p')"
}

# console_is_on NAME: the one framebuffer is that driver's (in the words of /proc/fb), and the kernel's
# console is on it
console_is_on() {
        local check="console_is_on $*"
        is "$1, frame buffer device" "$(content framebuffers | cut -d' ' -f2-), $(content consoles | sed -n 's/^vtcon[0-9]* 1 ([MS]) //p')"
}

console_is_nowhere() {
        local check="console_is_nowhere $*"
        is "dummy device" "$(content consoles | sed -n 's/^vtcon[0-9]* 1 ([MS]) //p')"
}

# serial_says TEXT: on the serial console
serial_says() {
        local check="serial_says $*"
        has "$1" "$(tr -d '\r\0' 2>/dev/null <"$run/console" | tail -n 200)"
}

# --- the unit

unit_property() {
        content unit-show | sed -n "s/^$1=//p"
}

unit_state() {
        local check="unit_state $*"
        is "$1" "$(unit_property ActiveState)"
}

unit_exit_status() {
        local check="unit_exit_status $*"
        is "$1" "$(unit_property ExecMainStatus)"
}

status_text_has() {
        local check="status_text_has $*"
        has "$1" "$(unit_property StatusText)"
}

status_text_lacks() {
        local check="status_text_lacks $*"
        lacks "$1" "$(unit_property StatusText)"
}

# failed_units_are UNIT...: the guest's list of failed units is exactly this
failed_units_are() {
        local check="failed_units_are $*"
        is "$*" "$(listed failed cut -d' ' -f1)"
}

# --- the journal

journal_has() {
        local check="journal_has $*"
        has "$2" "$(grep -F 'vfio-gpu' "$facts/journal.$1" 2>/dev/null || true)"
}

journal_lacks() {
        local check="journal_lacks $*"
        lacks "$2" "$(content "journal.$1")"
}

# stage_says STAGE TEXT: whoever says it, the kernel too
stage_says() {
        local check="stage_says $*"
        has "$2" "$(grep -F -- "$2" "$facts/journal.$1" 2>/dev/null || echo "$(grep -c . "$facts/journal.$1" 2>/dev/null) lines without it")"
}

# journal_explains STAGE TEXT: a line of `journalctl -x`, of the catalog
journal_explains() {
        local check="journal_explains $*"
        has "$2" "$(grep -E '^(--|░░) ' "$facts/explained.$1" 2>/dev/null || true)"
}

# journal_record STAGE FIELD=VALUE...: one record of the program has all these fields
journal_record() {
        local check="journal_record $*" stage=$1 pair records
        shift
        records=$(content "records.$stage")
        for pair in "$@"; do
                records=$(grep -F -- "\"${pair%%=*}\":\"${pair#*=}\"" <<<"$records")
        done
        has '"MESSAGE":' "$records"
}

# soon_after SECONDS STAGE TEXT TEXT: the second line follows the first in the stage's journal, no later
soon_after() {
        local check="soon_after $*" times holds=0
        times=$(awk -F'[][]' -v a="$3" -v b="$4" '
                index($0, a) && !first { first = $2 + 0 }
                index($0, b) && first && !second { second = $2 + 0 }
                END { print first + 0, second + 0 }' "$facts/journal.$2" 2>/dev/null || echo 0 0)
        awk -v n="$1" '{ exit !($1 > 0 && $2 >= $1 && $2 - $1 <= n) }' <<<"$times" && holds=1
        judge "at most $1 s between them" "${times% *} s and ${times#* } s" "$holds"
}

# When the unit's start ended in the stage, and when udevd's began; from PID 1's own lines.
unit_before_udevd() {
        local check="unit_before_udevd $*" times holds=0
        times=$(awk -F'[][]' '
                /systemd\[1\]: (Finished|Failed to start) vfio-gpu.service/ { ours = $2 + 0 }
                /systemd\[1\]: Starting systemd-udevd.service/ && !udevd { udevd = $2 + 0 }
                END { print ours + 0, udevd + 0 }' "$facts/journal.$1" 2>/dev/null || echo 0 0)
        awk '{ exit !($1 > 0 && $2 > 0 && $1 <= $2) }' <<<"$times" && holds=1
        judge "the unit's end before udevd's start" "${times% *} s and ${times#* } s" "$holds"
}

# An ordering cycle makes systemd leave a unit out, at its own choice.
no_ordering_cycle() {
        local check="no_ordering_cycle"
        lacks "ordering cycle" "$(content journal.initrd)$(content journal.system)"
}

# --- what the program says

status_json() {
        content status.json | tr -d '\n' | sed 's/" *: */":/g; s/, *"/,"/g'
}

status_exit_status() {
        local check="status_exit_status $*"
        is "$1" "$(content status.exit)"
}

# status_result ok|degraded|failed|disabled
status_result() {
        local check="status_result $*"
        is "$1" "$(status_json | sed -n 's/.*"stage":"[a-z]*","result":"\([a-z]*\)".*/\1/p')"
}

# status_stale true|false: the initramfs holds another config
status_stale() {
        local check="status_stale $*"
        has "\"stale_initrd\":$1" "$(status_json)"
}

# status_gpu NAME ADDRESS|null RESULT REASON|null, in the order of the contract
status_gpu() {
        local check="status_gpu $*" address=$2 reason=$4
        [[ $address == null ]] || address="\"$address\""
        [[ $reason == null ]] || reason="\"$reason\""
        has "\"name\":\"$1\",\"address\":$address,\"result\":\"$3\",\"reason\":$reason" "$(status_json)"
}

status_says() {
        local check="status_says $*"
        has "$1" "$(content status)"
}

# manual_shows SCENARIO FACT: what the manual pages and the README show of it, line by line, but for times and commands
manual_shows() {
        local check="manual_shows $*" page missing='' shown=0 line
        # shellcheck disable=SC2154 # manual-page says pages_that_show
        for page in "${pages_that_show[@]}"; do
                manual_blocks "$page" "a boot of $1: $2" "$run/manual"
                while IFS= read -r line; do
                        shown=$((shown + 1))
                        content "$2" | without_times | grep -qxF -- "$line" || missing+="$line | "
                done < <(cat -- "$run"/manual/* 2>/dev/null | grep -v '^\$ ' | without_times)
        done
        [[ $shown -gt 0 ]] || missing='such an example in the manual'
        is "" "$missing"
}

without_times() { sed -E 's/since .* ago$/since TIME/'; }

# file_has NAME TEXT, file_lacks NAME TEXT: below /run of the guest
file_has() {
        local check="file_has $*"
        has "$2" "$(content "run-$1")"
}

file_lacks() {
        local check="file_lacks $*"
        lacks "$2" "$(content "run-$1")"
}

no_file() {
        local check="no_file $*" seen=absent
        [[ -s $facts/pci ]] || seen="no facts"
        [[ ! -e $facts/run-$1 ]] || seen=present
        is absent "$seen"
}

# --- what others poll

# fact_has NAME TEXT
fact_has() {
        local check="fact_has $*"
        has "$2" "$(content "$1")"
}

# metrics_checked FILTER...: what Prometheus' own checker says of what the filter makes of standard input
metrics_checked() {
        local tool guest lib=$image/tree/usr/lib/x86_64-linux-gnu
        guest=$(basename "$run") && guest=${guest##*-}
        cache_get guest "guest-$guest" guest "$guest" >&2
        cache_get tool promtool promtool "$guest" >&2
        "$@" | "$image/tree/lib64/ld-linux-x86-64.so.2" --library-path "$lib" "$tool/promtool" check metrics 2>&1
}

# metrics_pass NAME: the facts of that name, without a remark; and the control, a remark without their help
metrics_pass() {
        local check="metrics_pass $*" said
        [[ -s $facts/$1 ]] || { judge "metrics" "no facts" 0 && return; }
        said=$(metrics_checked cat <"$facts/$1") && said+=.
        is "." "$said"
        said=$(metrics_checked grep -v HELP <"$facts/$1")
        has "vfio_gpu_ready no help text" "$said"
}

# --- what was done in the guest (the scenario's file "act")

# act_says TEXT, act_lacks TEXT: the commands of the file, each behind a "+ ", and what they said
act_says() {
        local check="act_says $*"
        has "$1" "$(content act)"
}

act_lacks() {
        local check="act_lacks $*"
        lacks "$1" "$(content act)"
}

# before_says TEXT: the same of the boot before (the file "act.before")
before_says() {
        local check="before_says $*"
        has "$1" "$(cat -- "$run.before/facts/act" 2>/dev/null)"
}

# act_exit N: of the whole file
act_exit() {
        local check="act_exit $*"
        is "$1" "$(content act.exit)"
}
