# Sourced by Benchmarks/model: measures ours and theirs in turn, prints lines of the table, and writes each with all its
# values to $results as a line of JSON. Wants $ours, $model, $threads, $rounds, $pattern, $work and $results.

# row NAME UNIT PEER OURS... -- THEIRS...: each command prints rates, one a line, and notes to standard error.
row() {
    local name=$1 unit=$2 peer=$3 mine=() theirs=()
    shift 3
    measured=
    [[ $name =~ $pattern ]] || return 0
    while [ "$1" != -- ]; do mine+=("$1"); shift; done
    shift
    theirs=("$@")
    rm -f "$work"/{mine,theirs}{,.notes}
    for _ in $(seq "$rounds"); do
        take "$name" mine "$ours" "${mine[0]}" "$model" threads="$threads" "${mine[@]:1}" || return 0
        take "$name" theirs "${theirs[@]}" || return 0
    done
    measured=$name
    line "$name" "$unit" "$peer" "$work/mine" "$work/theirs" mine/theirs
}

# Lines that the notes of the row before hold, if it was measured: the largest resident set, less of which is better,
# and the arithmetic beside that of matrix products alone, both in this program's process.
memory() {
    [ -n "$measured" ] || return 0
    for side in mine theirs; do sed -n 's/^peak memory \(.*\) MiB$/\1/p' "$work/$side.notes" >"$work/$side.noted"; done
    line "$measured, memory" MiB "$1" "$work/mine.noted" "$work/theirs.noted" theirs/mine
}
arithmetic() {
    [ -n "$measured" ] || return 0
    sed -n 's|^arithmetic \(.*\) of .* GFLOP/s$|\1|p' "$work/mine.notes" >"$work/mine.noted"
    sed -n 's|^arithmetic .* of \(.*\) GFLOP/s$|\1|p' "$work/mine.notes" >"$work/theirs.noted"
    line "$measured, share" GFLOP/s "$1" "$work/mine.noted" "$work/theirs.noted" mine/theirs
}

# The first line of a file that is no number; fails where there is none.
no_rate() { grep -vE -m1 '^[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$' "$1"; }

# take NAME SIDE COMMAND...: a failure is shown, and costs its line of the table alone. So does what is no rate: it would
# be sorted among the rates.
take() {
    local name=$1 side=$2
    shift 2
    if "$@" >>"$work/$side" 2>>"$work/$side.notes" && ! no_rate "$work/$side" >>"$work/$side.notes"; then return 0; fi
    printf '%-38s %s\n' "$name" "failed: '$(basename "$1")' in $side"
    tail -n 5 "$work/$side.notes" >&2
    failures=$((failures + 1))
    return 1
}

line() {
    local name=$1 unit=$2 peer=$3 mine=$4 theirs=$5 ratio
    ratio=$(awk -v mine="$(median "$mine")" -v theirs="$(median "$theirs")" "BEGIN { printf \"%.2f\", $6 }")
    printf '%-38s %-8s %-25s %-25s %-24s %6s\n' \
        "$name" "$unit" "$(summary "$mine")" "$(summary "$theirs")" "$peer" "$ratio"
    printf '{"workload": "%s", "unit": "%s", "peer": "%s", "ours": [%s], "theirs": [%s], "ratio": %s}\n' \
        "$name" "$unit" "$peer" "$(paste -sd, "$mine")" "$(paste -sd, "$theirs")" "$ratio" >>"$results"
}

summary() { sort -g "$1" | awk '{ v[NR] = $1 } END { printf "%8.1f [%.1f %.1f]", v[int((NR + 1) / 2)], v[1], v[NR] }'; }
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
