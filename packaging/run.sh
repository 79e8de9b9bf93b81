#!/usr/bin/env bash
# From a new Debian machine to the first result: installs what is missing, builds, and runs the quickstart: in the window where
# there is a display, else on the command line.
# usage: packaging/run.sh [--headless] [--no-install] [--data FOLDER]
#   --headless     stay on the command line also where there is a display; needs no Qt
#   --no-install   install no package; where one is missing, say which command installs it and stop
#   --data FOLDER  where the command line's casebase goes (default: ~/.local/share/precedent/quickstart)
# A second start installs and builds nothing. The window then opens what was open last; the command line keeps its casebase
# and adds a run to it.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/setup.sh

install=yes
window=no
[ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || window=yes
data=${XDG_DATA_HOME:-${HOME:-/tmp}/.local/share}/precedent/quickstart
while [ $# -gt 0 ]; do
    case "$1" in
    --headless) window=no ;;
    --no-install) install=no ;;
    --data)
        [ $# -ge 2 ] || fail "--data needs a folder"
        data=$2
        shift
        ;;
    *)
        sed -n '2,9s/^# //p' "$0" >&2
        exit 2
        ;;
    esac
    shift
done
started=$SECONDS

if [ "$window" = yes ]; then
    installPackages "$install" build window
    # A folder that was configured without the window gets it now; one that test.sh has configured keeps its tests.
    if [ ! -f build/release/build.ninja ]; then
        configure -DBUILD_TESTING=OFF -DPRECEDENT_WINDOW=ON
    elif ! grep -q '^PRECEDENT_WINDOW:BOOL=ON' build/release/CMakeCache.txt; then
        configure -DPRECEDENT_WINDOW=ON
    fi
    build precedent precedent-cli precedent_core
    say "Set-up and build took $((SECONDS - started)) s. Now the window."
    if [ -e "${XDG_DATA_HOME:-$HOME/.local/share}/precedent/sample.casebase" ]; then
        exec build/release/app/precedent
    fi
    exec build/release/app/precedent --quickstart
fi

installPackages "$install" build
[ -f build/release/build.ninja ] || configure -DBUILD_TESTING=OFF -DPRECEDENT_WINDOW=OFF
build precedent-cli precedent_core
cli=build/release/app/precedent-cli

mkdir -p "$data"
casebase=$data/sample.casebase
if [ -e "$casebase" ]; then
    say "The casebase of the last start is kept: $casebase"
else
    "$cli" --quiet casebase new "$casebase" --sample >&2
fi
say "Set-up and build took $((SECONDS - started)) s. Now the quickstart: it measures the starter model, trains it, and measures it again."
quickstart "$casebase" "$data"
