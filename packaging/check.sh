#!/usr/bin/env bash
# Checks the source tree without building it. usage: packaging/check.sh [--root FOLDER] [format] [layers] [text] [scripts] [tidy BUILD]
#   format   clang-format would change nothing (clang-format 14, Debian 12's: other versions lay out differently)
#   layers   includes go only where docs/architecture.md lets them
#   text     files that must be there, and phrases that must not
#   scripts  the shell scripts parse
#   tidy     clang-tidy over the torch-free rooms, with the compile commands of BUILD (slow, so not among the checks run by default)
# With no check named: format, layers, text, scripts. Exit 0: clean; 1: something was found, one line each; 2: usage.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."

usage() {
    sed -n '2,8s/^# //p' "$0" >&2
    exit 2
}

checks=()
tidyBuild=""
while [ $# -gt 0 ]; do
    case "$1" in
    --root) [ $# -ge 2 ] && cd "$2" || usage; shift ;;
    format | layers | text | scripts) checks+=("$1") ;;
    tidy) [ $# -ge 2 ] || usage; checks+=(tidy); tidyBuild=$2; shift ;;
    *) usage ;;
    esac
    shift
done
[ ${#checks[@]} -gt 0 ] || checks=(format layers text scripts)

# Every file of ours, one a line: what git knows or would add; all files where this is no git checkout.
if top=$(git -c safe.directory='*' rev-parse --show-toplevel 2>/dev/null) && [ "$top" -ef . ]; then
    files=$(git -c safe.directory='*' ls-files --cached --others --exclude-standard | while IFS= read -r f; do [ -f "$f" ] && printf '%s\n' "$f"; done)
else
    files=$(find . -type f -not -path './build/*' -not -path './.git/*' | cut -c 3-)
fi
sources=$(printf '%s\n' "$files" | grep -E '\.(cpp|h)$' || true)
# What was found, one a line, as "PATH:LINE: what".
found=$(mktemp)
trap 'rm -f "$found"' EXIT

checkFormat() {
    local version
    version=$(clang-format --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
    if [ "$version" != 14 ]; then
        echo "format: not checked: it needs clang-format 14 and here is ${version:-none}" >&2
        return
    fi
    printf '%s\n' "$sources" | xargs -r clang-format --dry-run 2>&1 |
        sed -n 's/^\([^:]*:[0-9]*\):[0-9]*: .*clang-format.*/\1: clang-format would change this line/p' | sort -u -t : -k 1,1 >>"$found"
}

# Prints PATH:LINE: INCLUDE for each include of our sources.
includes() {
    { printf '%s\n' "$sources" | xargs -r grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null || true; } |
        sed -E 's/^([^:]*):([0-9]*):[[:space:]]*#[[:space:]]*include[[:space:]]*/\1:\2: /' | sed -E 's#[[:space:]]*//.*$##'
}

checkLayers() {
    includes | awk -f "$here/layers.awk" >>"$found"
    printf '%s\n' "$sources" | xargs -r grep -nE 'std::(ranges::)?views' /dev/null |
        sed -E 's/^([^:]*:[0-9]*):.*/\1: std::views does not compile with clang 14, which fuzzes and lints this code/' >>"$found" || true
}

checkText() {
    local needed
    for needed in LICENSE README.md CHANGELOG.md docs/architecture.md docs/casebase-format.md docs/method.md .clang-format .clang-tidy .editorconfig; do
        [ -s "$needed" ] || echo "$needed:1: this file must be there" >>"$found"
    done
    printf '%s\n' "$files" | grep -E '^(core|casebase|app|ui)/' | grep -vE '\.(cpp|h)$|(^|/)CMakeLists\.txt$' |
        sed 's/$/:1: neither source nor CMakeLists.txt in a source room/' >>"$found" || true
    grep -q 'GNU GENERAL PUBLIC LICENSE' LICENSE 2>/dev/null && grep -q 'Version 3' LICENSE || echo "LICENSE:1: not the text of GPL version 3" >>"$found"
    local written
    written=$(printf '%s\n' "$files" | grep -E '(^|/)CMakeLists\.txt$|\.(cpp|h|sh|md|cmake|txt|json|yml)$|^\.ci/' | grep -vE '^(packaging/check\.sh|LICENSE|tests/fixtures/|tests/base/tst_layers\.cpp)' || true)
    phrase 'unfinished work' '(TO''DO|FIX''ME|X''XX):?([^X]|$)' "$written"
    phrase 'a figure still to be filled in' '@[A-Z]+@' "$(printf '%s\n' "$written" | grep '\.md$')"
    phrase 'a path of one machine' '(^|[^[:alnum:]_.])/(work|root|tmp/b-[a-z]+|home/[a-z]+/[a-z])(/|$)' "$(printf '%s\n' "$written" | grep -v '^tests/')"
    phrase 'the project speaks only of itself' '\b(this session|(my|previous|last) session|subagent|as an AI|issue #?[0-9]+)\b' "$written"
}

# phrase WHY PATTERN FILES: every line of the files that the pattern matches is a finding.
phrase() {
    [ -z "$3" ] || printf '%s\n' "$3" | xargs -d '\n' -r grep -nIE "$2" /dev/null | sed -E "s/^([^:]*:[0-9]*):[[:space:]]*(.{0,80}).*/\\1: $1: \\2/" >>"$found" || true
}

checkScripts() {
    local script
    for script in $(printf '%s\n' "$files" | grep -E '\.sh$|^\.ci/run$'); do
        bash -n "$script" 2>/dev/null || echo "$script:1: does not parse as a shell script" >>"$found"
    done
}

checkTidy() {
    local rooms
    rooms=$(printf '%s\n' "$sources" | grep -E '^(core/(base|text|formats|remote|starter|align)|casebase|app)/.*\.cpp$' | grep -v '^core/align/torch/')
    printf '%s\n' "$rooms" | xargs -r -P "$(nproc)" -n 1 clang-tidy -p "$tidyBuild" --quiet 2>/dev/null | sed -nE "s#^$PWD/(.*: (warning|error): .*)#\\1#p" | sort -u >>"$found" || true
}

for check in "${checks[@]}"; do
    case "$check" in
    format) checkFormat ;;
    layers) checkLayers ;;
    text) checkText ;;
    scripts) checkScripts ;;
    tidy) checkTidy ;;
    esac
done
if [ -s "$found" ]; then
    cat "$found"
    echo "checks: $(wc -l <"$found") found (${checks[*]})" >&2
    exit 1
fi
echo "checks: clean (${checks[*]}; $(printf '%s\n' "$sources" | wc -l) source files)" >&2
