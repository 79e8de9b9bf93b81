#!/usr/bin/env bash
# Generation beside llama.cpp and transformers: the same weights, the same machine, in turns, so that what else runs weighs on all.
# usage: tests/bench/peers/compare_generation.sh MODEL FILE.gguf [--transformers FOLDER] [--rounds N] [--batch 1,8,16] [--prompt 128,800]
#            [--tokens 128] [--threads N]
#   MODEL      what `precedent-cli model bench` takes; FILE.gguf: its weights for llama.cpp (BF16, or quantised); FOLDER: for
#              transformers
#   --rounds   turns of each (3); the best rates count
# PRECEDENT_CLI is our program (build/release/app/precedent-cli), PYTHON one that has llama-cpp-python and transformers (python3).
# Held to AVX2: PRECEDENT_KERNELS=avx2, and PYTHONPATH= a llama-cpp-python built with -DGGML_NATIVE=OFF -DGGML_AVX2=ON.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() {
    sed -n '2,9s/^# //p' "$0" >&2
    exit 2
}
[ $# -ge 2 ] || usage
model=$1 file=$2
shift 2
rounds=3 threads=$(nproc) options=() folder=
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case "$1" in
    --rounds) rounds=$2 ;;
    --threads) threads=$2 ;;
    --transformers) folder=$2 ;;
    --batch | --prompt | --tokens) options+=("$1" "$2") ;;
    *) usage ;;
    esac
    shift 2
done
cli=${PRECEDENT_CLI:-$here/../../../build/release/app/precedent-cli}
python=${PYTHON:-python3}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

for round in $(seq "$rounds"); do
    echo "Round $round of $rounds" >&2
    OMP_WAIT_POLICY=PASSIVE "$cli" --quiet --threads "$threads" model bench "$model" --goes 2 "${options[@]}" --json >"$results/ours-$round.json"
    "$python" "$here/llama_cpp.py" measure "$file" --threads "$threads" "${options[@]}" >"$results/llama-$round.json"
    [ -z "$folder" ] || "$python" "$here/transformers_generation.py" "$folder" --threads "$threads" "${options[@]}" >"$results/torch-$round.json"
done
"$python" "$here/llama_cpp.py" table llama.cpp "$results"/ours-*.json -- "$results"/llama-*.json
[ -z "$folder" ] || "$python" "$here/llama_cpp.py" table transformers "$results"/ours-*.json -- "$results"/torch-*.json
