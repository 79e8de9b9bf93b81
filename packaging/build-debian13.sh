#!/usr/bin/env bash
# Builds a clean clone on Debian 13 (LibTorch 2.6, Qt 6.8, GCC 14) and runs every check and test there, in a root of its own that
# debootstrap makes. Needs root and a network for the packages; takes half an hour on 2 cores.
# usage: packaging/build-debian13.sh [FOLDER]
#   FOLDER   where the root goes (default: /var/tmp/precedent-debian13); kept, so that the next run only builds
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/setup.sh

root=${1:-/var/tmp/precedent-debian13}
[ "$(id -u)" -eq 0 ] || fail "making a root needs to be root: sudo bash packaging/build-debian13.sh"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
if [ ! -e "$root/.complete" ]; then
    say "Making a Debian 13 root in $root"
    debootstrap --variant=minbase --include=ca-certificates,git trixie "$root" >&2
    touch "$root/.complete"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
if [ -d /etc/apt/apt.conf.d ]; then
    find /etc/apt/apt.conf.d -name '*prox*' -exec cp {} "$root/etc/apt/apt.conf.d/" \;
fi
if [ -d "$root/srv/precedent/.git" ]; then
    git -C "$root/srv/precedent" fetch -q "$PWD" HEAD
    git -C "$root/srv/precedent" reset -q --hard FETCH_HEAD
else
    git clone -q "$PWD" "$root/srv/precedent"
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --make-rslave "$root/dev"
trap 'umount -l "$root/dev" "$root/proc"' EXIT
env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb chroot "$root" \
    bash -c 'cd /srv/precedent && bash packaging/test.sh'
