#!/usr/bin/env bash
# The packages that deckle needs, and the build that samples/run.sh and tests/run.sh share.
#
#     ./setup.sh [GROUP]...    installs what is missing of build, test, format, tidy, clang, tsan, fuzz, coverage,
#                              valgrind, bench, power, slurm, package, fresh, cache; default: build test
#     source setup.sh          gives `need_packages GROUP...` and `build_preset NAME [CMAKE-OPTION...] [-- TARGET...]`
#
# DECKLE_NO_INSTALL=1 installs nothing: for libraries that do not come from packages. CMake then names what is missing.
# DECKLE_CMAKE_OPTIONS contains more options for CMake, for instance -DCMAKE_CXX_COMPILER=clang++.

declare -A packages=(
  [build]="g++ cmake ninja-build pkg-config libcli11-dev nlohmann-json3-dev libopencv-core-dev
           libopencv-imgcodecs-dev libopenjp2-7-dev libjpeg-dev libpng-dev libdeflate-dev libtiff-dev libwebp-dev
           liblcms2-dev libzip-dev libssl-dev libxxhash-dev libdnnl-dev libhdf5-dev"
  [test]="catch2 python3 python3-jsonschema"
  [format]="git clang-format"
  [tidy]="clang-tidy libomp-dev"
  [clang]="clang libomp-dev"
  [tsan]="clang libclang-rt-dev libomp-dev"
  [fuzz]="clang libclang-rt-dev libomp-dev llvm"
  [coverage]="gcovr"
  [valgrind]="valgrind"
  [bench]="imagemagick graphicsmagick libvips-dev libvips-tools python3 python3-pil python3-opencv
           python3-torchvision libbenchmark-dev libopencv-imgproc-dev rsync strace valgrind"
  [power]="e2fsprogs xfsprogs"
  [slurm]="munge slurmctld slurmd slurm-client"
  [package]="dpkg-dev file"
  [fresh]="debootstrap git"
  [cache]="ccache"
)

unset CDPATH  # with it, cd prints
deckle_root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

# Says on stderr what is wrong. Each argument is a paragraph.
complain() {
  printf '\n' >&2
  printf '%s\n' "$@" >&2
}

# Runs a command with its output in a log file. Shows what it does and how long it took.
#     logged LOG WHAT COMMAND...
logged() {
  local log=$1 what=$2 start=$SECONDS
  shift 2
  printf '%s ... ' "$what" >&2
  if ! "$@" >"$log" 2>&1; then
    printf 'failed\n' >&2
    return 1
  fi
  printf 'done in %d s\n' "$((SECONDS - start))" >&2
}

# Prints the packages that are not installed, one on each line. A package may be installed for several architectures.
not_installed() {
  local package
  for package in "$@"; do
    if ! dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
      printf '%s\n' "$package"
    fi
  done
}

# How much apt-get will install: ", 224 with what they need: 201 MB to fetch, 905 MB on disk". Empty if apt-get does not
# say.
install_size() {
  LC_ALL=C apt-get install --assume-no --no-install-recommends -o Debug::NoLocking=1 "$@" 2>/dev/null | awk '
    /newly installed/ { for (i = 2; i <= NF; ++i) if ($i == "newly") count = $(i - 1) }
    /^Need to get/ { sub(/^Need to get /, ""); sub(/(\/| of archives).*/, ""); fetch = $0 " to fetch" }
    /additional disk space/ { disk = ", " $4 " " $5 " on disk" }
    END { if (count && fetch) printf ", %d with what they need: %s%s", count, fetch, disk }'
}

# Runs apt-get update when no other apt uses the lists. (A machine that has just started updates them by itself.)
#     update_lists LOG APT-GET...
update_lists() {
  local log=$1 tries=80
  shift
  until "$@" update; do
    if ((--tries == 0)) || ! grep -q 'Could not get lock' "$log"; then
      return 1
    fi
    sleep 5
    : >"$log"
  done
}

# The lines of apt-get's log that say why it failed, each once. If there are none, the end of the log.
apt_reasons() {
  if ! grep -qE '^(E|W|Err)[:0-9]' "$1"; then
    tail -n 4 -- "$1" | sed 's/^/  /'
    return
  fi
  awk '/^(E|W|Err)[:0-9]/ { print "  " $0; behind = /^Err/; next }
       /^ / && behind { print "  " $0 }
       { behind = 0 }' "$1" | awk '!seen[$0]++' | head -n 6
}

# Installs the missing packages of the groups. If that is not possible, it says what is missing, and fails.
need_packages() {
  if [[ -n ${DECKLE_NO_INSTALL-} ]]; then
    return 0
  fi
  local group wanted=() missing
  for group in "$@"; do
    read -r -d '' -a missing <<<"${packages[$group]}" || true
    wanted+=("${missing[@]}")
  done
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    complain "This system has no apt-get. deckle needs what Debian calls:" "  ${wanted[*]}" \
      "Install them by hand, then run the same command with DECKLE_NO_INSTALL=1."
    return 1
  fi
  mapfile -t missing < <(not_installed "${wanted[@]}")
  if [[ ${#missing[@]} == 0 ]]; then
    return 0
  fi

  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }; }; then
      complain "${#missing[@]} packages are missing, and this user may not install packages (no sudo). Ask for this command to be run:" \
        "  apt-get install --no-install-recommends ${missing[*]}" \
        "Then run the same command again. If the libraries are there in another way, set DECKLE_NO_INSTALL=1."
      return 1
    fi
    as_root=(sudo)
  fi

  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -o DPkg::Lock::Timeout=400)
  # The source that failed may not be needed, therefore the installation is tried.
  local log update_log
  log=$(mktemp)
  update_log=$(mktemp)
  logged "$update_log" "Reading the lists of packages" update_lists "$update_log" "${apt[@]}" || true
  if ! logged "$log" "Installing ${#missing[@]} packages$(install_size "${missing[@]}")" \
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; then
    # If the lists could not be read, the reason comes first. For apt-get it is only a warning.
    complain "apt-get failed:" "$(apt_reasons "$update_log")" "$(apt_reasons "$log")" \
      "Check the network and apt's sources (/etc/apt/sources.list, /etc/apt/sources.list.d); deckle needs Debian 12 or" \
      "later, or Ubuntu 24.04. By hand:" \
      "  apt-get install --no-install-recommends ${missing[*]}" \
      "Then run the same command again. The whole log: $log"
    return 1
  fi
  rm -f -- "$log" "$update_log"
}

# How many compilers may run at once: one for each processor, if each can have 1.5 GB of memory.
build_jobs() {
  local processors memory
  processors=$(nproc 2>/dev/null || echo 1)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo 2>/dev/null)
  memory=${memory:-$processors}
  echo "$((memory < 1 ? 1 : memory < processors ? memory : processors))"
}

# Whether CMake is new enough for the presets.
check_cmake() {
  local version
  if ! version=$(cmake --version 2>/dev/null | awk 'NR == 1 { print $3 }') || [[ -z $version ]]; then
    complain "cmake is missing: install CMake 3.25 or later (the package cmake of Debian 12)."
    return 1
  fi
  if [[ $(printf '%s\n' 3.25 "$version" | sort -V | head -n 1) != 3.25 ]]; then
    complain "$(command -v cmake) is version $version, and deckle needs CMake 3.25 or later (Debian 12 has it)." \
      "Install a newer one, and see that it comes first in PATH."
    return 1
  fi
}

# Configures and builds a preset; without a TARGET, all of it. All output goes to build/NAME.log. If a step fails, the
# end of the log is shown.
#     build_preset NAME [CMAKE-OPTION...] [-- TARGET...]
build_preset() {
  local preset=$1 options=() targets=()
  shift
  while [[ $# -gt 0 && $1 != -- ]]; do
    options+=("$1")
    shift
  done
  for target in "${@:2}"; do
    targets+=(--target "$target")
  done
  check_cmake || return 1
  if ! mkdir -p -- "$deckle_root/build" 2>/dev/null || [[ ! -w $deckle_root/build ]]; then
    complain "$deckle_root/build cannot be written. Copy the source tree, without its folder build, to a folder of your" \
      "own and build there."
    return 1
  fi
  local log=$deckle_root/build/$preset.log
  if ! : 2>/dev/null >"$log"; then
    complain "$log cannot be written: delete it, or see who owns it."
    return 1
  fi
  # shellcheck disable=SC2086  # DECKLE_CMAKE_OPTIONS is a list of words
  if ! logged "$log" "Building preset $preset" in_root_do \
    cmake --preset "$preset" "${options[@]}" ${DECKLE_CMAKE_OPTIONS-} -- \
    cmake --build --preset "$preset" --parallel "$(build_jobs)" "${targets[@]}"; then
    complain "The build failed. The end of $log:" "" "$(tail -n 60 -- "$log")"
    return 1
  fi
}

# Runs two commands in the root of the repository. The first -- is between them.
in_root_do() (
  cd -- "$deckle_root" || exit 1
  local first=()
  while [[ $1 != -- ]]; do
    first+=("$1")
    shift
  done
  "${first[@]}" && "${@:2}"
)

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -euo pipefail
  if [[ $# == 0 ]]; then
    set -- build test
  fi
  for group in "$@"; do
    if [[ -z $group || -z ${packages[$group]-} ]]; then
      complain "There is no group of packages \"$group\". There are: ${!packages[*]}"
      exit 2
    fi
  done
  need_packages "$@"
fi
