#!/usr/bin/env bash
# Runs a command of the README on a new machine: in a bare Debian, in a clone of HEAD, in a path with a space.
#
#     tests/fresh.sh [SUITE] [JOB] [OPTION]...
#
# SUITE     bookworm, trixie, or another that debootstrap knows; default: this machine's own
# JOB       samples   samples/run.sh, and are its pictures the known ones (default)
#           tests     tests/run.sh
#           both      the one, then the other
#           package   tests/package.sh; its packages are tried in a second bare root (package/inside.sh)
#           bad       bad machines: does each end in one message that says what to do
# --user root|sudo    who runs it: root (default), or a user who may use sudo
# --arch ARCH         another architecture, by qemu-user and binfmt_misc
# --clang             compiled by clang++ instead of g++
# --quick             compiled without optimisation
# --keep              keeps the root, and says where
#
# Warnings are errors. The folder DECKLE_TEST_DATA, where it is set, is there for the tests.
# Needs root, debootstrap and chroot; where they are not allowed it says SKIPPED. The bare roots and fetched packages
# are kept in ~/.cache/deckle/fresh for the next run, and so is the manifest of the samples, for `deckle diff`.
set -euo pipefail

here=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../setup.sh
source "$here/../setup.sh"

usage() {
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

skip() {
  printf 'SKIPPED: fresh %s %s: %s\n' "$suite" "$job" "$1"
  exit 0
}

fail() {
  complain "fresh $suite $job: FAILED: $1"
  exit 1
}

suite='' job='' who=root arch='' clang='' quick='' keep=''
while [[ $# -gt 0 ]]; do
  case $1 in
    samples | tests | both | package | bad) job=$1 ;;
    --user)
      who=${2-}
      shift
      if [[ $who != root && $who != sudo ]]; then
        printf -- '--user is root or sudo, not "%s"\n' "$who" >&2
        exit 2
      fi
      ;;
    --arch) arch=${2:?--arch needs an architecture}; shift ;;
    --clang) clang=1 ;;
    --quick) quick=1 ;;
    --keep) keep=1 ;;
    -h | --help) usage; exit ;;
    -*) printf 'unknown option: %s\n\n' "$1" >&2; usage >&2; exit 2 ;;
    *) suite=$1 ;;
  esac
  shift
done
job=${job:-samples}
suite=${suite:-$(. /etc/os-release && echo "${VERSION_CODENAME-}")}

if [[ $(id -u) != 0 ]]; then skip "needs root"; fi
if ! command -v dpkg >/dev/null; then skip "needs a Debian-like machine"; fi
own_arch=$(dpkg --print-architecture)
arch=${arch:-$own_arch}
need_packages fresh || skip "debootstrap cannot be installed"
if [[ ! -e /usr/share/debootstrap/scripts/$suite ]]; then
  printf 'debootstrap knows no suite "%s", and there is no such job\n' "$suite" >&2
  exit 2
fi
if ! unshare --mount --pid --fork true 2>/dev/null; then skip "needs namespaces (unshare), which are not allowed here"; fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/deckle/fresh
mkdir -p -- "$cache"
scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/deckle-fresh.XXXXXX")
clean() {
  if [[ -n $keep ]]; then
    printf 'kept: %s\n' "$scratch"
  else
    rm -rf --one-file-system -- "$scratch"
  fi
}
trap clean EXIT

# The mirror from which this machine gets its packages.
mirror() {
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' | awk '
    $1 == "Debian" || $1 == "Ubuntu" { print $2; exit }'
}

# Makes the tarball of a bare root once.
tarball=$cache/$suite-$arch.tar
make_tarball() {
  local from options=()
  from=$(mirror)
  if [[ -z $from ]]; then skip "this machine has no mirror of its own (try: apt-get update)"; fi
  if [[ $arch != "$own_arch" ]]; then options=(--foreign); fi
  debootstrap --variant=minbase --arch="$arch" "${options[@]}" "$suite" "$scratch/bare" "$from" || return 1
  if [[ $arch != "$own_arch" ]]; then
    chroot "$scratch/bare" /debootstrap/debootstrap --second-stage || return 1
  fi
  chroot "$scratch/bare" apt-get clean
  tar -C "$scratch/bare" --numeric-owner -cf "$scratch/bare.tar" . && mv -- "$scratch/bare.tar" "$tarball" &&
    rm -rf --one-file-system -- "$scratch/bare"
}
if [[ ! -f $tarball ]] && ! logged "$scratch/debootstrap.log" "Making a bare $suite ($arch)" make_tarball; then
  complain "$(tail -n 20 -- "$scratch/debootstrap.log")"
  skip "debootstrap does not work here (above: why)"
fi

# Unpacks a bare root and puts a clone into it.
#     new_root ROOT
archives=$cache/archives-$suite-$arch
if [[ $job == bad ]]; then archives=$scratch/archives; fi  # with fetched packages, a missing network would cause no error
clone_dir="/home/stranger/my pictures/deckle"
new_root() {
  local root=$1
  mkdir -p -- "$root" "$archives/partial"
  tar -C "$root" --numeric-owner -xf "$tarball"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  apt-config dump | grep -i '^Acquire::.*proxy' >"$root/etc/apt/apt.conf.d/80proxy" || true
  echo 'Binary::apt-get::APT::Keep-Downloaded-Packages "true";' >"$root/etc/apt/apt.conf.d/80keep"
  chroot "$root" useradd --create-home stranger
  git clone --quiet --depth 1 "file://$deckle_root" "$root$clone_dir"
  chroot "$root" chown -R stranger: /home/stranger
  if [[ -n ${DECKLE_TEST_DATA-} ]]; then mkdir -- "$root/mnt/data"; fi
}

# Runs a bash script in a root, in the clone. It has its own namespaces: nothing stays mounted, and no process stays
# alive.
#     in_root ROOT USER SCRIPT [UNSHARE-OPTION...]
in_root() {
  local root=$1 user=$2 script=$3 folder=$clone_dir
  shift 3
  if [[ ! -d $root$folder ]]; then folder=/; fi
  unshare --mount --pid --fork --kill-child "$@" -- bash -euc '
    root=$1 archives=$2 user=$3 folder=$4 script=$5
    mount -t proc proc "$root/proc"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    mount --bind "$archives" "$root/var/cache/apt/archives"
    data=
    if [ -d "$root/mnt/data" ]; then
      mount --bind -o ro "$DECKLE_TEST_DATA" "$root/mnt/data"
      data=DECKLE_TEST_DATA=/mnt/data
    fi
    home=/root
    if [ "$user" != root ]; then home=/home/$user; fi
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" USER="$user" \
      TERM=dumb DECKLE_CMAKE_OPTIONS="$DECKLE_CMAKE_OPTIONS" $data \
      chroot --userspec="$user" "$root" /bin/bash -c "cd -- \"\$1\" && eval \"\$2\"" bash "$folder" "$script"
  ' bash "$root" "$archives" "$user" "$folder" "$script" </dev/null
}

# Runs the main job and checks its results.
run_samples() {
  local root=$1 out
  in_root "$root" "$user" 'samples/run.sh' || fail "samples/run.sh ended with $?"
  out=$root$clone_dir/out/samples
  "$here/support/manifest_rows.py" "$out/manifest.jsonl" >"$scratch/rows" || fail "there is no manifest that can be read"
  diff -u -- "$here/golden/samples.tsv" "$scratch/rows" >&2 || fail "seeds, windows or pixels are not the known ones (above)"
  while IFS=$'\t' read -r output _; do
    if [[ $(head -c 8 -- "$out/$output" | od -An -tx1 | tr -d ' ') != 89504e470d0a1a0a ]]; then
      fail "$output is no PNG"
    fi
  done <"$scratch/rows"
  cp -- "$out/manifest.jsonl" "$cache/samples-$suite-$arch.jsonl"
  printf 'fresh %s %s: %d pictures, seeds, windows and pixels as everywhere\n' "$suite" "$arch" "$(wc -l <"$scratch/rows")"
}

run_tests() {
  in_root "$1" "$user" 'tests/run.sh' | tee "$scratch/tests.log" || fail "tests/run.sh ended with ${PIPESTATUS[0]}"
  grep -q '100% tests passed' "$scratch/tests.log" || fail "not all tests passed"
}

# Runs a script that must fail, with a message of at most 25 lines that contains each TEXT.
#     must_fail NAME USER SCRIPT TEXT... [-- UNSHARE-OPTION...]
must_fail() {
  local name=$1 as=$2 script=$3 texts=() text
  shift 3
  while [[ $# -gt 0 && $1 != -- ]]; do
    texts+=("$1")
    shift
  done
  local status=0
  in_root "$scratch/root" "$as" "$script" "${@:2}" >"$scratch/bad.log" 2>&1 || status=$?
  sed "s/^/  | /" "$scratch/bad.log"
  if [[ $status == 0 ]]; then fail "$name: it went on"; fi
  for text in "${texts[@]}"; do
    grep -qF -- "$text" "$scratch/bad.log" || fail "$name: the message lacks \"$text\""
  done
  if [[ $(wc -l <"$scratch/bad.log") -gt 25 ]]; then fail "$name: the message is longer than a screen"; fi
  printf 'fresh %s bad: %s: as it should be\n' "$suite" "$name"
}

bad_machines() {
  local root=$scratch/root sources
  must_fail "a user without sudo" stranger samples/run.sh \
    "may not install packages" "apt-get install --no-install-recommends g++ cmake"
  must_fail "no network" root samples/run.sh "apt-get failed" "Check the network" -- --net
  sources=$(cat -- "$root/etc/apt/sources.list")
  sed -i 's|\(https\?://[^ ]*\)|\1/no-such-folder|' "$root/etc/apt/sources.list"
  must_fail "a mirror that answers 404" root samples/run.sh "apt-get failed" "404" "/etc/apt/sources.list"
  printf '%s\n' "$sources" >"$root/etc/apt/sources.list"
  must_fail "no apt-get" root 'PATH=/tmp/empty:/nowhere; . ./setup.sh; need_packages build' "no apt-get" "libcli11-dev"
  must_fail "nothing installed, and told to install nothing" root 'DECKLE_NO_INSTALL=1 samples/run.sh' "cmake is missing"
  printf '#!/bin/sh\necho cmake version 3.18.4\n' >"$root/usr/local/bin/cmake"
  chmod +x "$root/usr/local/bin/cmake"
  must_fail "an old CMake" root 'DECKLE_NO_INSTALL=1 samples/run.sh' "3.18.4" "needs CMake 3.25"
  printf '#!/bin/sh\necho cmake version 3.25.1\n' >"$root/usr/local/bin/cmake"
  must_fail "a tree that cannot be written" root \
    'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && DECKLE_NO_INSTALL=1 samples/run.sh' \
    "cannot be written" "Copy the source tree"
}

run_package() {
  local clean=$scratch/clean
  in_root "$scratch/root" root tests/package.sh || fail "tests/package.sh ended with $?"
  new_root "$clean"
  mkdir -- "$clean/packages"
  cp -r -- "$scratch/root$clone_dir"/build/package/*.deb "$here/package/inside.sh" "$deckle_root/samples/pictures" \
    "$deckle_root/samples/library" "$clean/packages"
  rm -r -- "${clean:?}/home/stranger"
  in_root "$clean" root '/packages/inside.sh /packages' || fail "package/inside.sh ended with $?"
}

user=root
DECKLE_CMAKE_OPTIONS="-DCMAKE_COMPILE_WARNING_AS_ERROR=ON ${DECKLE_CMAKE_OPTIONS-}"
if [[ -n $quick ]]; then DECKLE_CMAKE_OPTIONS+=" -DCMAKE_CXX_FLAGS_RELEASE=-O0"; fi
if [[ -n $clang ]]; then DECKLE_CMAKE_OPTIONS+=" -DCMAKE_CXX_COMPILER=clang++"; fi
export DECKLE_CMAKE_OPTIONS
start=$SECONDS
new_root "$scratch/root"
if [[ $who == sudo ]]; then
  user=stranger
  in_root "$scratch/root" root 'apt-get -qq update && apt-get -qq install -y --no-install-recommends sudo' \
    >"$scratch/sudo.log" 2>&1 || fail "sudo cannot be installed: $(tail -n 5 "$scratch/sudo.log")"
  echo 'stranger ALL=(ALL) NOPASSWD: ALL' >"$scratch/root/etc/sudoers.d/stranger"
fi
if [[ -n $clang ]]; then
  in_root "$scratch/root" root './setup.sh clang' || fail "clang cannot be installed"
fi
case $job in
  samples) run_samples "$scratch/root" ;;
  tests) run_tests "$scratch/root" ;;
  both)
    run_samples "$scratch/root"
    run_tests "$scratch/root"
    ;;
  package) run_package ;;
  bad) bad_machines ;;
esac
printf 'fresh %s %s, as %s, %s: passed in %d s\n' "$suite" "$job" "$who" "$arch${clang:+, clang}" "$((SECONDS - start))"
