#!/bin/bash
# The experiment of docs/results.md: CADA and what it is compared with, on a small base model. Each row is one run of the
# program; a row that was stopped goes on where it stopped, one that is finished is left alone. Give the same command again.
#
# usage: experiment.sh DATA MODEL FOLDER [ROW ...]
#   DATA    a folder with star1, xstest, advbench, harmbench, harmbench_human_jailbreaks, gsm8k, mmlu_dev and self_instruct as
#           their authors publish them
#   MODEL   Gemma 3 270M, as a GGUF file or a folder
#   FOLDER  receives the casebase, the runs and figures.json
#   ROW     prepare warm sft-cases refusal-sft cada da dpo shuffled, measure:ROW and measure:base, table; else all, in that order
# PROGRAM names another precedent-cli, THREADS the engine's threads (2), LIMIT the prompts from each axis of a suite (100), SEED
# the seed of a row that begins from the warm start (1); the warm start has 1 always, and other seeds' rows are kept as ROW-SEED.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
program=${PROGRAM:-$root/build/release/app/precedent-cli}
data=$1 model=$2 folder=$3
shift 3
rows=("$@")
if [ ${#rows[@]} -eq 0 ]; then
    rows=(prepare warm sft-cases refusal-sft cada da dpo shuffled
        measure:base measure:warm measure:sft-cases measure:refusal-sft measure:cada measure:da measure:dpo measure:shuffled table)
fi
casebase=$folder/cada.casebase
seed=${SEED:-1}
mkdir -p "$folder/rows"

cli() { "$program" --threads "${THREADS:-2}" "$@"; }

prepare() {
    [ ! -e "$folder/prepared" ] || return 0
    rm -rf "$casebase"*
    local library=$root/resources/casebases/eight-categories
    cli casebase new "$casebase"
    cli casebase import "$casebase" "$library/codes.jsonl" "$library"/cases/*.jsonl
    cli casebase import "$casebase" "$data/star1/STAR-1.json"
    cli casebase export "$casebase" "$folder/cases.jsonl" --format jsonl
    python3 "$here/prepare.py" "$data" "$library" "$folder/cases.jsonl" "$folder"
    cli casebase import "$casebase" "$folder/cases-levelled.jsonl" --duplicates update
    cli casebase import "$casebase" "$data/xstest/xstest_prompts.csv" --suite XSTest
    cli casebase import "$casebase" "$data/advbench/harmful_behaviors.csv" --suite AdvBench
    cli casebase import "$casebase" "$data/harmbench/harmbench_behaviors_text_all.csv" --suite HarmBench
    cli casebase import "$casebase" "$folder/sealed-attacked.jsonl" --as suite --suite Attacked
    cli casebase import "$casebase" "$folder/sealed-benign-wrapped.jsonl" --as suite --suite "Benign wrapped"
    cli casebase import "$casebase" "$data"/gsm8k/*.jsonl --suite GSM8K
    cli casebase import "$casebase" "$data"/mmlu_dev/*.csv --suite MMLU
    cli casebase import "$casebase" "$library/prompts.jsonl" "$library/wrapped-prompts.jsonl"
    cli casebase import "$casebase" "$folder/train-star.jsonl" "$folder/train-wrapped.jsonl" --as prompts
    touch "$folder/prepared"
}

# state ID: of a run; nothing where there is none
state() {
    cli --json run list "$casebase" |
        python3 -c 'import json, sys; print(next((run["state"] for run in json.load(sys.stdin)["runs"] if run["run"] == sys.argv[1]), ""))' "$1"
}

id() { cat "$folder/rows/$1"; }

# kept ROW: what the row is kept as
kept() {
    case $seed-$1 in
    1-* | *-base | *-warm | *-refusal-sft) echo "$1" ;;
    *) echo "$1-$seed" ;;
    esac
}

# train ROW ARGUMENT ...: starts the row's run, or continues it
train() {
    local row=$1 known="" kept
    shift
    kept=$(kept "$row")
    [ ! -e "$folder/rows/$kept" ] || known=$(state "$(id "$kept")")
    if [ "$known" = finished ]; then return 0; fi
    if [ -n "$known" ]; then
        cli train --casebase "$casebase" --resume "$(id "$kept")"
        return
    fi
    local count
    count=$(cli --json run list "$casebase" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["runs"]) + 1)')
    echo "run-$count" >"$folder/rows/$kept"
    cli train --casebase "$casebase" --include-drafts --spec "$here/$row.json" "$@"
}

# A run begins on whole weights: the warm start's adapter is merged in.
export_warm() {
    [ -e "$folder/warm-model/config.json" ] ||
        cli model export "run:$(id warm)" "$folder/warm-model" --casebase "$casebase" --format hf --outtype bf16
}

measure() {
    local row=$1 asked=$model modes=(none) kept
    kept=$(kept "$row")
    [ "$row" = base ] || asked=run:$(id "$kept")
    case $row in
    base) modes=(none codes cases) ;;
    warm | cada | shuffled) modes=(none cases) ;;
    da) modes=(none codes) ;;
    esac
    local arguments=() mode
    for mode in "${modes[@]}"; do arguments+=(--mode "$mode"); done
    cli evaluate --casebase "$casebase" --model "$asked" "${arguments[@]}" --suite XSTest --suite AdvBench --suite HarmBench \
        --suite Attacked --suite "Benign wrapped" --suite GSM8K --suite MMLU --limit "${LIMIT:-100}" --temperature 0.7 --max-tokens 288 \
        --cases-per-prompt 2 --include-drafts | tee "$folder/rows/figures-$kept"
}

# table: of the last measuring of each row.
table() {
    local arguments=() evaluation
    for evaluation in $(sed -n 's/^\(eval-[0-9]*\):.*/\1/p' "$folder"/rows/figures-* | sort -u); do
        arguments+=(--evaluation "$evaluation")
    done
    cli report "$casebase" "${arguments[@]}" --out "$folder/figures.json"
    python3 "$here/table.py" "$folder"
}

for row in "${rows[@]}"; do
    echo "== $row, $(date +%H:%M)"
    case $row in
    prepare) prepare ;;
    warm)
        train warm --model "$model"
        export_warm
        ;;
    refusal-sft) train refusal-sft --model "$model" ;;
    measure:*) measure "${row#measure:}" ;;
    table) table ;;
    *) train "$row" --model "$folder/warm-model" --seed "$seed" ;;
    esac
done
