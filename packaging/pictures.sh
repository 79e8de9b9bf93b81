#!/usr/bin/env bash
# Makes the pictures of every place, empty and full, light and dark, without a display. Needs a build with tests (packaging/test.sh).
# usage: packaging/pictures.sh FOLDER [CASEBASE]
# CASEBASE has a finished run in it; without one its pictures are left out. docs/pictures holds those of 1440x900.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$1/2x"
export QT_QPA_PLATFORM=offscreen PRECEDENT_RESOURCES="$PWD/resources"
HOME=$(mktemp -d) # settings and a sample of their own
export HOME
trap 'rm -rf "$HOME"' EXIT
program=build/release/tests/ui/window_pictures
for size in 1440x900 1280x800 1920x1200; do
    "$program" "$1" "$size" ${2:+"$2"}
done
QT_SCALE_FACTOR=2 "$program" "$1/2x" 1440x900 ${2:+"$2"}
if command -v pngquant >/dev/null; then # a quarter of the size
    find "$1" -name '*.png' -exec pngquant --force --ext .png 256 {} +
fi
