#!/usr/bin/env bash
# Builds everything, checks the source tree, runs the main job once in short, then every test.
# usage: packaging/test.sh [--no-install] [ctest arguments...]
# Exit 0 only if all of it passed. The last lines are ctest's own summary.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/setup.sh

install=yes
if [ "${1:-}" = --no-install ]; then
    install=no
    shift
fi
started=$SECONDS

installPackages "$install" build window test
configure -DBUILD_TESTING=ON -DPRECEDENT_WINDOW=ON
build all
say "Set-up and build took $((SECONDS - started)) s."

failed=""
bash packaging/check.sh || failed=checks

# The main job, short: the sample casebase, three steps, a few held-out prompts an axis, the report.
cli=build/release/app/precedent-cli
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
shortRun() {
    "$cli" --quiet casebase new "$scratch/sample.casebase" --sample >&2 &&
        quickstart "$scratch/sample.casebase" "$scratch" --steps 3 --set evaluate_limit=20 &&
        "$cli" casebase check "$scratch/sample.casebase" >&2
}
shortRun || failed="${failed:+$failed, }the short run of the main job"

# Two at a time: those that use the engine wait and calculate in turns, and most others take one core.
ctest --test-dir build/release -j2 --output-on-failure --no-tests=error --label-exclude slow "$@" || failed="${failed:+$failed, }tests"
if [ -n "$failed" ]; then
    say "Failed: $failed"
    exit 1
fi
