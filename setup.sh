#!/usr/bin/env bash
# The packages that deckle needs, and the build that samples/run.sh and tests/run.sh share.
#
#     ./setup.sh [GROUP]...    installs what is missing of build, test, format, tidy, tsan, bench, slurm; default: build test
#     source setup.sh          gives `need_packages GROUP...` and `build_preset NAME [TARGET...]`

declare -A packages=(
  [build]="g++ cmake ninja-build pkg-config libcli11-dev nlohmann-json3-dev libopencv-core-dev
           libopencv-imgcodecs-dev libjpeg-dev libpng-dev libdeflate-dev libtiff-dev libwebp-dev libopenjp2-7-dev
           libzip-dev libssl-dev libxxhash-dev libdnnl-dev libhdf5-dev"
  [test]="catch2 python3 python3-jsonschema"
  [format]="git clang-format"
  [tidy]="clang-tidy libomp-dev"
  [tsan]="clang libclang-rt-dev libomp-dev"
  [bench]="imagemagick graphicsmagick libvips-dev libvips-tools python3 python3-pil python3-opencv
           python3-torchvision libbenchmark-dev libopencv-imgproc-dev rsync strace valgrind"
  [slurm]="munge slurmctld slurmd slurm-client"
)

deckle_root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

# Installs the missing packages of the groups named. Where that is not possible it says what is missing and goes
# on: the same libraries may be there in another way, and CMake names whatever is not.
need_packages() {
  local group package missing=()
  for group in "$@"; do
    for package in ${packages[$group]?"no group of packages is called \"$group\""}; do
      if ! command -v dpkg-query >/dev/null ||
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
        missing+=("$package")
      fi
    done
  done
  if [[ ${#missing[@]} == 0 ]]; then
    return 0
  fi

  local as_root=()
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    printf 'This is not a Debian-like system. deckle needs what Debian 12 calls:\n  %s\n' "${missing[*]}" >&2
    return 0
  elif [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null; then
      printf 'Neither root nor sudo. Ask for these packages to be installed:\n  apt-get install %s\n' "${missing[*]}" >&2
      return 0
    fi
    as_root=(sudo)
  fi

  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=400)
  local log
  log=$(mktemp)
  printf 'Installing %d packages: %s\n' "${#missing[@]}" "${missing[*]}" >&2
  if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    printf 'Not everything could be installed (above: the end of %s); going on without.\n' "$log" >&2
    return 0
  fi
  rm -f -- "$log"
}

# Configures and builds a preset. Quiet: its whole output is in build/NAME.log, and its end shown if it fails.
build_preset() {
  local preset=$1 target targets=()
  shift
  for target in "$@"; do
    targets+=(--target "$target")
  done
  local log=$deckle_root/build/$preset.log
  mkdir -p -- "$deckle_root/build"
  printf 'Building %s ... ' "$preset" >&2
  local start=$SECONDS
  if ! (
    cd -- "$deckle_root" &&
      cmake --preset "$preset" &&
      cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}"
  ) >"$log" 2>&1; then
    printf 'failed. The end of %s:\n\n' "$log" >&2
    tail -n 60 -- "$log" >&2
    return 1
  fi
  printf 'done in %d s\n' "$((SECONDS - start))" >&2
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -euo pipefail
  if [[ $# == 0 ]]; then
    set -- build test
  fi
  need_packages "$@"
fi
