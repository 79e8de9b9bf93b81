#!/usr/bin/env bash
# From a new Debian machine to the first result: installs what is missing, builds, and runs the quickstart.
# usage: packaging/run.sh [--headless] [--no-install] [--data FOLDER]
#   --headless     stay on the command line also where there is a display
#   --no-install   install no package; where one is missing, say which command installs it and stop
#   --data FOLDER  where the quickstart's casebase goes (default: ~/.local/share/precedent/quickstart)
# A second start installs and builds nothing. It keeps the casebase and adds a run to it.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/setup.sh

install=yes
data=${XDG_DATA_HOME:-${HOME:-/tmp}/.local/share}/precedent/quickstart
while [ $# -gt 0 ]; do
    case "$1" in
    --headless) ;; # the command line is all there is so far, so this changes nothing
    --no-install) install=no ;;
    --data)
        [ $# -ge 2 ] || fail "--data needs a folder"
        data=$2
        shift
        ;;
    *)
        sed -n '2,7s/^# //p' "$0" >&2
        exit 2
        ;;
    esac
    shift
done
started=$SECONDS

installPackages "$install" build
# Without the tests the build needs no Qt; a folder that test.sh has configured keeps them.
[ -f build/release/build.ninja ] || configure -DBUILD_TESTING=OFF
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
