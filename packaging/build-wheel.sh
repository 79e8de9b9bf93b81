#!/usr/bin/env bash
# Builds the engine and its tests against a LibTorch that is not the system's, and runs them: PyPI's torch wheel, whose builds
# for Linux bring CUDA. Tests that need a GPU say so where there is none.
# usage: packaging/build-wheel.sh FOLDER [ctest arguments...]
#   FOLDER   the folder "torch" of an installed wheel (pip install torch; python3 -c 'import torch; print(torch.__path__[0])'),
#            or of an unpacked LibTorch archive: include/ and lib/ are in it
# The result is in build/wheel; start its program with build/wheel/app/precedent-cli --device cuda ...
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/setup.sh

[ $# -ge 1 ] || { sed -n '2,8s/^# //p' "$0" >&2; exit 2; }
torch=$1
shift
[ -e "$torch/include/ATen/ATen.h" ] || fail "$torch holds no LibTorch: include/ATen/ATen.h is missing there."
# The numbers stand in one header or the other, by LibTorch's age.
version=$(cat "$torch/include/torch/headeronly/version.h" "$torch/include/torch/csrc/api/include/torch/version.h" 2>/dev/null |
    sed -n 's/^#define TORCH_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' | head -n 3 | paste -sd .)
say "LibTorch ${version:-of unknown version} in $torch"

cmake -S . -B build/wheel -G Ninja -DCMAKE_BUILD_TYPE=Release -DPRECEDENT_WINDOW=OFF -DPRECEDENT_TORCH_DIR="$torch" >&2
cmake --build build/wheel --parallel "$(buildJobs)" >&2
ctest --test-dir build/wheel --output-on-failure --no-tests=error --label-exclude slow "$@"
