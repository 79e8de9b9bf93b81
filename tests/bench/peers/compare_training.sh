#!/usr/bin/env bash
# One GRPO step beside TRL with PEFT on the CPU: the same weights, prompts and settings, by phase, with the memory at its peak.
# usage: tests/bench/peers/compare_training.sh FOLDER TEXT [--rounds N] [--four] [--steps N] [--threads N]
#   FOLDER   a Hugging Face folder of the weights, as `precedent-cli model export` writes it; TEXT: a file that prompts are made of
#   --rounds turns of each (1); the best steps count
#   --four   also 4 prompts a step that share 700 of their 800 tokens (TRL needs four times its memory for it: see --four-peer)
#   --four-peer   measure TRL on them too, instead of four times its one prompt
# STEP_BENCH is our program (build/release/tests/bench/step_bench), PYTHON one that has trl, peft and transformers (python3).
# Setting: 8 completions of 128 tokens behind 800, LoRA of rank 16 on all seven projections, beta 0.04, float32.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() {
    sed -n '2,10s/^# //p' "$0" >&2
    exit 2
}
[ $# -ge 2 ] || usage
folder=$1 text=$2
shift 2
rounds=1 steps=2 threads=2 four=0 peer=0
while [ $# -gt 0 ]; do
    case "$1" in
    --rounds) rounds=$2 && shift ;;
    --steps) steps=$2 && shift ;;
    --threads) threads=$2 && shift ;;
    --four) four=1 ;;
    --four-peer) four=1 peer=1 ;;
    *) usage ;;
    esac
    shift
done
bench=${STEP_BENCH:-$here/../../../build/release/tests/bench/step_bench}
python=${PYTHON:-python3}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export OMP_WAIT_POLICY=PASSIVE
common=(--steps "$steps" --threads "$threads" --json)
shared=(--prompts 4 --shared 700)

for round in $(seq "$rounds"); do
    echo "Round $round of $rounds" >&2
    "$python" "$here/trl_grpo.py" "$folder" "$text" "${common[@]}" | tail -n 1 >"$results/one-trl-$round.json"
    for dtype in float32 bfloat16; do
        "$bench" "$folder" "$text" "${common[@]}" --dtype $dtype >"$results/one-$dtype-$round.json"
        [ $four = 0 ] || "$bench" "$folder" "$text" "${common[@]}" "${shared[@]}" --dtype $dtype >"$results/four-$dtype-$round.json"
    done
    [ $peer = 0 ] || "$python" "$here/trl_grpo.py" "$folder" "$text" "${common[@]}" "${shared[@]}" | tail -n 1 >"$results/four-trl-$round.json"
done
"$python" "$here/training_table.py" "$results"
