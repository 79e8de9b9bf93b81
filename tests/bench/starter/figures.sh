#!/bin/bash
# The figures of docs/starter.md: the quickstart with seeds 1, 2 and 3, and the two controls. A run that is there is left alone.
#
# usage: figures.sh FOLDER
#   FOLDER  receives a casebase and a report for each run
# PROGRAM names another precedent-cli.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${PROGRAM:-$here/../../../build/release/app/precedent-cli}
folder=$1
mkdir -p "$folder"

# run NAME PRESET SEED
run() {
    [ ! -e "$folder/$1.json" ] || return 0
    rm -rf "$folder/$1.casebase"*
    "$program" casebase new "$folder/$1.casebase" --sample
    "$program" train --casebase "$folder/$1.casebase" --model starter --preset "$2" --seed "$3" --no-estimate
    "$program" report "$folder/$1.casebase" --run run-1 --out "$folder/$1.json"
}

for seed in 1 2 3; do run "quickstart-$seed" quickstart "$seed"; done
run control-shuffled control-shuffled 1
run control-random control-random 1
python3 "$here/figures.py" "$folder"
