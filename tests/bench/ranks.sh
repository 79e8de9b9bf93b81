#!/usr/bin/env bash
# Tokens a second of training with one rank and with two, one thread each.
# Usage: tests/bench/ranks.sh MODEL [STEPS] [KEY=VALUE...]    (from the root; the build is build/release, or $BUILD)
# A step's rate is tokens over seconds of steps 2 and later: the first also measures kernels and touches pages.
set -euo pipefail
model=${1:?usage: tests/bench/ranks.sh MODEL [STEPS] [KEY=VALUE...]}
steps=${2:-4}
shift $(($# > 1 ? 2 : 1))
cli=${BUILD:-build/release}/app/precedent-cli
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
line=(--model "$model" --preset cada --steps "$steps" --seed 1 --threads 1 --quiet --json --set evaluate_before_after=false
    --set save_steps=1000 --set prompts_per_step=4 --set num_generations=4 --set max_completion_length=64)
for setting in "$@"; do line+=(--set "$setting"); done

# run RANKS: makes a casebase and trains on it; its metrics are on stdout.
run() {
    local casebase=$folder/$1.casebase port=$((20000 + RANDOM % 20000)) rank pids=()
    "$cli" casebase new "$casebase" --sample --quiet > /dev/null
    if [ "$1" = 1 ]; then
        "$cli" train --casebase "$casebase" "${line[@]}" > /dev/null
    else
        for ((rank = 0; rank < $1; ++rank)); do
            RANK=$rank WORLD_SIZE=$1 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port "$cli" train --casebase "$casebase" "${line[@]}" > /dev/null &
            pids+=($!)
        done
        for pid in "${pids[@]}"; do wait "$pid"; done
    fi
    "$cli" run metrics "$casebase" run-1 --format csv
}

# rate: tokens a second and seconds a step of the CSV on stdin.
rate() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
        NR > 2 { seconds += $at["seconds"]; tokens += $at["seconds"] * $at["tokens_per_second"]; ++n }
        END { printf "%.0f %.2f\n", tokens / seconds, seconds / n }'
}

echo "| ranks | threads each | tokens/s | seconds a step | over one rank |"
echo "| --- | --- | --- | --- | --- |"
one=
for ranks in 1 2; do
    read -r tokens seconds < <(run "$ranks" | rate)
    one=${one:-$tokens}
    echo "| $ranks | 1 | $tokens | $seconds | $(awk "BEGIN { printf \"%.2f\", $tokens / $one }") |"
done
