# shellcheck shell=bash
# Sourced by run.sh and test.sh: installs the Debian packages that are missing, and chooses how many compilers to run.
# It expects the source tree's root as the current folder.

say() { printf '%s\n' "$*" >&2; }
fail() { say "$0: $*"; exit 1; }

# Prints "name reason" for each package of the given sets that is not installed.
missingPackages() {
    local name set reason
    while read -r name set reason; do
        case "$name" in '' | '#'*) continue ;; esac
        case " $* " in *" $set "*) ;; *) continue ;; esac
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || printf '%s %s\n' "$name" "$reason"
    done <packaging/packages.txt
}

# installPackages yes|no SET...: installs what is missing of these sets; with "no" it says what to run instead, and fails.
installPackages() {
    local allowed=$1
    shift
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
        fail "this script installs Debian packages and there is no apt here. Install the counterparts of those in packaging/packages.txt, then run: cmake --preset headless && cmake --build --preset headless"
    local missing
    missing=$(missingPackages "$@")
    [ -n "$missing" ] || return 0
    say "Debian packages that are missing, and what each is for:"
    printf '%s\n' "$missing" | while read -r name reason; do printf '  %-20s %s\n' "$name" "$reason" >&2; done
    local names
    names=$(printf '%s\n' "$missing" | cut -d ' ' -f 1 | tr '\n' ' ')
    local command="apt-get install --no-install-recommends ${names% }"
    [ "$allowed" = yes ] || fail "packages are missing and --no-install was given. Install them with:
  sudo apt-get update && sudo $command"
    local root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "packages are missing, and installing them needs root, but there is no sudo here. As root, run:
  apt-get update && $command"
        root="sudo"
    fi
    say "Installing them with apt (all of packaging/packages.txt is about 1.5 GB and takes one or two minutes)${root:+; sudo may ask for your password}."
    local log
    log=$(mktemp)
    # shellcheck disable=SC2086 # $root and $names are lists of words
    if ! { $root apt-get update && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $names; } >"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        fail "apt could not install the packages; its whole output is in $log. Nothing else was changed."
    fi
    rm -f "$log"
}

# As many compilers at once as there are cores, with 1 GB of free memory for each (a file that includes LibTorch needs most of that).
buildJobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable:/ { print int($2 / 1000000) }' /proc/meminfo 2>/dev/null)
    [ "${memory:-1}" -ge 1 ] || memory=1
    if [ "${memory:-1}" -lt "$cores" ]; then echo "${memory:-1}"; else echo "$cores"; fi
}

# configure OPTION...: the release preset, in build/release.
configure() {
    say "Configuring (build/release)"
    local log
    log=$(mktemp)
    if ! cmake --preset release "$@" >"$log" 2>&1; then
        tail -n 25 "$log" >&2
        fail "CMake could not configure the build; its whole output is in $log."
    fi
    rm -f "$log"
}

# build TARGET...: with ninja's own one-line progress on a terminal.
build() {
    say "Building (build/release)"
    cmake --build build/release --parallel "$(buildJobs)" --target "$@" >&2
}

# quickstart CASEBASE FOLDER OPTION...: trains the starter model on the casebase, prints the figures before and after, and writes
# the report into the folder. Returns the exit code of what failed.
quickstart() {
    local casebase=$1 folder=$2
    shift 2
    local result=$folder/quickstart.txt run
    # tee ignores an interrupt, so that the training can say where it stopped.
    build/release/app/precedent-cli train --casebase "$casebase" --model starter --preset quickstart "$@" | tee -i "$result" || return
    run=$(sed -n 's/^Run \([^ ]*\) [a-z]* after .*/\1/p' "$result" | tail -n 1)
    build/release/app/precedent-cli report "$casebase" --run "$run" --out "$folder/$run.html"
}
