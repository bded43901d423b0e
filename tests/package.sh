#!/usr/bin/env bash
# Builds the Debian packages and tries them in a bare root.
#
#     tests/package.sh [ROOT]     ROOT: a bare Debian that may be changed; else one is made by debootstrap and removed.
#                                 Needs to be root for that. With ROOT "none" the packages are only built and checked.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd -- "$here/.." && pwd)
cd -- "$repository"
root=${1-}
suite=${DECKLE_SUITE-bookworm}
mirror=${DECKLE_MIRROR-http://deb.debian.org/debian}
jobs=${DECKLE_JOBS-$(nproc)}

for program in dpkg-shlibdeps file cmake ninja; do
  command -v "$program" >/dev/null || { printf '%s is missing: apt-get install dpkg-dev file cmake ninja-build\n' "$program" >&2; exit 2; }
done
cmake --preset package -DDECKLE_WITH_ONEDNN=ON -DDECKLE_WITH_HDF5=ON -DDECKLE_WITH_OPENCV=ON >build/package.log 2>&1 ||
  { tail -n 40 build/package.log; exit 1; }
cmake --build --preset package --parallel "$jobs" >>build/package.log 2>&1 || { tail -n 40 build/package.log; exit 1; }
(cd build/package && rm -f ./*.deb && cpack) >>build/package.log 2>&1 || { tail -n 40 build/package.log; exit 1; }
for package in build/package/*.deb; do
  printf '\n%s\n' "$(basename "$package")"
  dpkg-deb -f "$package" Depends Recommends Suggests Installed-Size
done
if command -v lintian >/dev/null; then
  printf '\nlintian:\n'
  lintian --fail-on error build/package/*.deb
fi
if [[ $root == none ]]; then
  exit
fi

made=
clean_up() {
  if mountpoint -q "$root/proc"; then umount "$root/proc"; fi
  if [[ -n $made ]]; then rm -rf --one-file-system -- "$made"; fi
}
trap clean_up EXIT
if [[ -z $root ]]; then
  root=$(mktemp -d)
  made=$root
  chmod 755 "$root"
  printf '\nA bare %s ... ' "$suite"
  debootstrap --variant=minbase "$suite" "$root" "$mirror" >build/debootstrap.log 2>&1 ||
    { tail build/debootstrap.log; exit 1; }
  printf 'made\n'
fi
# Programs look for what belongs to them by way of /proc.
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
rm -rf -- "$root/tmp/deckle"
mkdir -p "$root/tmp/deckle"
cp build/package/*.deb tests/package/inside.sh "$root/tmp/deckle"
cp -r samples/pictures "$root/tmp/deckle/pictures"
cp -r samples/library "$root/tmp/deckle/library"
chroot "$root" /tmp/deckle/inside.sh /tmp/deckle
