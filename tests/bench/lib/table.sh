# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What was recorded, as figures. A line of a record: series, nanoseconds (or the one number that there is),
# microseconds of processor time, KiB of memory.

# median SERIES FIELD: of what was recorded; nothing where there are fewer than were to be taken
median() {
        awk -v series="$1" -v field="$2" -v least="$runs" '
                $1 == series { value[++n] = $field }
                END {
                        if (n < least) exit 1
                        for (i = 2; i <= n; i++)
                                for (k = i; k > 1 && value[k - 1] > value[k]; k--) {
                                        swap = value[k]; value[k] = value[k - 1]; value[k - 1] = swap
                                }
                        printf "%.9g\n", n % 2 ? value[(n + 1) / 2] : (value[n / 2] + value[n / 2 + 1]) / 2
                }' "$bench_dir/raw"
}

calculate() {
        awk "BEGIN { printf \"%.3g\\n\", $1 }"
}

# The ways in which a figure follows from records, as the file "figures" names them.
way_ratio() {
        local a b
        a=$(median "$1" 2) && b=$(median "$2" 2) && calculate "$a / $b"
}

# The same of processor time.
way_processor() {
        local a b
        a=$(median "$1" 3) && b=$(median "$2" 3) && calculate "$a / $b"
}

way_slope() {
        local low middle high
        low=$(median "$1-$2" 3) && middle=$(median "$1-$3" 3) && high=$(median "$1-$4" 3) &&
                calculate "($high - $middle) / ($4 - $3) / (($middle - $low) / ($3 - $2))"
}

# Of what comes out the same each time.
way_single() {
        runs=1 median "$1" 2
}

way_memory() {
        local kilobytes
        kilobytes=$(median "$1" 4) && calculate "$kilobytes / 1024"
}

# is_met VALUE GOAL
is_met() {
        [[ $(awk "BEGIN { print ($1 $2) }") == 1 ]]
}

# for_each_figure COMMAND: with name, text, goal, unit and the way of each
for_each_figure() {
        local name text goal unit way
        while IFS='|' read -r name text goal unit way; do
                "$1" "$name" "$text" "$goal" "$unit" "$way" || return
        done < <(grep -v '^#' "$here/figures")
}

# figure VARIABLE WAY: its value; "" where that was not measured
figure() {
        local -n ret_value=$1
        # shellcheck disable=SC2086 # words
        ret_value=$(way_$2) || ret_value=''
}

print_row() {
        local value='' met=missed
        figure value "$5"
        if [[ ! $value ]]; then
                met='not measured'
        elif is_met "$value" "$3"; then
                met=met
        fi
        printf '| %s | %s | %s | %s |\n' "$2" "$3${4:+ $4}" "${value:-?}${4:+ $4}" "$met"
}

print_table() {
        echo '| figure | goal | measured | |'
        echo '|---|---|---|---|'
        for_each_figure print_row
        printf '\nMeasured on %s: medians of %s runs (growth: one); %s; `plan --root` on %s.\n' "$(date -u +%F)" "$runs" \
                "$(versions)" "$(host_versions)"
}

json_row() {
        local value='' met=null
        figure value "$5"
        if [[ $value ]]; then
                met=false
                ! is_met "$value" "$3" || met=true
        fi
        printf '%s    { "name": "%s", "text": "%s", "goal": "%s", "unit": "%s", "measured": %s, "met": %s }' \
                "$separator" "$1" "$2" "$3" "${4:-ratio}" "${value:-null}" "$met"
        separator=$',\n'
}

# One for each record: the raw figures beside those that follow from them, each run as in the record.
json_series() {
        awk '{ if ($1 in list) list[$1] = list[$1] ", "; else names[++n] = $1
                        list[$1] = list[$1] "[" $2 ", " $3 ", " $4 "]" }
                END { for (i = 1; i <= n; i++) printf "    \"%s\": [ %s ]%s\n", names[i], list[names[i]], i < n ? "," : "" }' \
                "$bench_dir/raw"
}

# What `plan --root` and lspci ran on.
host_versions() {
        printf '%s, Linux %s, lspci %s' "$(sed -n 's/^PRETTY_NAME="\(.*\)"$/\1/p' /etc/os-release)" "$(uname -r)" \
                "$(lspci --version | sed 's/.* //')"
}

print_json() {
        local separator=''
        printf '{\n  "date": "%s",\n  "versions": "%s",\n  "host": "%s",\n  "runs": %s,\n  "figures": [\n' "$(date -u +%F)" "$(versions)" "$(host_versions)" "$runs"
        for_each_figure json_row
        printf '\n  ],\n  "series": {\n'
        json_series
        printf '  }\n}\n'
}
