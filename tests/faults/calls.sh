# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Has calls of the program fail (fail.c). Whoever sources this has set program, the folder of the
# one that is run; work, every, and place: the options that say where the machine is.

passed=0
failed=0

# Puts the machine back as it was; what else is wrong once a verb has run there.
reset() { :; }
afterwards() { :; }

# Runs a verb on the machine with the call number $2 of the kind $1 failing; what comes of it is in out, err.
with_fault() {
    local kind=$1 at=$2 preload=$work/fail.so
    shift 2
    [[ -z ${SANITIZERS:-} || $kind == memory ]] || preload=$SANITIZERS:$preload
    status=0
    reset
    timeout 5 env -i FAIL_KIND="$kind" FAIL_AT="$at" FAIL_COUNT="$work/count" LD_PRELOAD="$preload" \
        ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99 \
        "$program/vfio-gpu" "${place[@]}" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

# What a card is called is no more than a help to the reader.
without_names() {
    sed -E 's/^([0-9a-f:]+\.[0-7]) .* (\[[0-9a-f:]{9}\])$/\1 \2/' "$1"
}

# Which cards are ready, or would be; those that are with all that is said of them.
claims_ready() {
    grep -E ' is ready: |picked by entry' "$1"
    sed -nE 's/^(.*\)) (is|would be) ready: .*/\1 would be ready/p' "$1"
}

# No card is, or would be, that is not without a fault.
is_true() {
    ! claims_ready "$work/out" | grep -vqxF -f <(claims_ready "$work/right")
}

# What was said tells what went wrong.
explains() {
    grep -q '^vfio-gpu: ' "$work/err" ||
        grep -qE 'could not be read|not known|is not there|not yet known|is left out|is broken|could not write /run/modprobe\.d/|\(bind-failed\): could not |\(no-driver\): ' "$work/out"
}

# As the manual has it: what could not be done; a card that is not ready, which was told; the config.
ends_right() {
    case $status in
    4 | "$right") ;;
    1) grep -qE ' is (absent|failed|refused)' "$work/out" ;;
    3) grep -qF 'vfio-gpu.conf: cannot be ' "$work/err" ;;
    *) false ;;
    esac
}

is_fine() {
    if grep -qE 'Sanitizer|runtime error: ' "$work/err"; then
        echo "has a fault of its own"
    elif ! ends_right; then
        echo "ended with $status, not $right"
    elif ! is_true; then
        echo "calls ready what is not"
    elif cmp -s <(without_names "$work/out") <(without_names "$work/right"); then
        [[ $status -eq $right || -s $work/err ]] || echo "says what is right, and ends with $status"
    elif ! explains; then
        echo "says something else, and not why"
    fi
}

try() {
    local kind=$1 wrong n=0 bad=0 at total step=$every
    shift
    with_fault "$kind" 0 "$@"
    cp "$work/out" "$work/right"
    rm -f "$work/right.again"
    afterwards "$@"
    cp "$work/again" "$work/right.again" 2>/dev/null || true
    right=$status
    total=$(<"$work/count")
    # where not every one is tried, some 40 do
    [[ $every -eq 1 || $((total / every)) -le 40 ]] || step=$((total / 40))
    for ((at = 1; at <= total; at += step)); do
        with_fault "$kind" "$at" "$@"
        n=$((n + 1))
        wrong=$(is_fine)
        [[ -n $wrong ]] || wrong=$(afterwards "$@")
        [[ -n $wrong ]] || continue
        bad=$((bad + 1))
        [[ $bad -gt 3 ]] || { echo "$*, $kind $at: $wrong" && head -n 4 "$work/err" "$work/out"; }
    done
    if [[ $n -gt 10 && $bad -eq 0 ]]; then
        passed=$((passed + 1))
        echo "ok $* with each $kind failing ($n of $total)"
    else
        failed=$((failed + 1))
        echo "FAIL $* with each $kind failing ($bad of $n)"
    fi
}
