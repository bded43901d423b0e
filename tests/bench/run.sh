#!/usr/bin/env bash
# Measures deckle beside other programs and beside the bare codec. README.md describes the rows.
#
#     tests/bench/run.sh [--rounds N] [--quick] [--only ROW]... [FOLDER-OF-PHOTOGRAPHS]
#
#     --rounds N    of all rows with all tools (default: 3)
#     --quick       few pictures, one round: only to see that everything works
#     --only ROW    this row (and others so named) alone; the table in README.md has the names
#     --clean       only deletes the pictures that earlier runs left on the memory file system
#
# The pictures are made from the photographs of the folder, else from samples/pictures.
# Writes build/bench/results.json and build/bench/bench.svg; prints the table.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../../setup.sh
source "$here/../../setup.sh"

usage() {
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

# With outputs on a disk, its write-back would be measured.
memory_folder() {
  local wanted_kb=$((1024 * 1024)) free_kb=0
  if [[ -d /dev/shm && -w /dev/shm ]]; then
    free_kb=$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')
  fi
  local base=/dev/shm
  if [[ $free_kb -lt $wanted_kb ]]; then
    base=${TMPDIR:-/tmp}
    printf 'Less than 1 GB is free in /dev/shm: working in %s, where a disk may hide differences.\n' "$base" >&2
  fi
  printf '%s/deckle-bench-%s\n' "$base" "$(id -u)"
}

options=()
rounds=
photographs=
while [[ $# -gt 0 ]]; do
  case $1 in
    --rounds)
      rounds=${2:?--rounds needs a number}
      shift 2
      ;;
    --only)
      options+=(--only "${2:?--only needs the name of a row}")
      shift 2
      ;;
    --quick)
      options+=(--quick)
      rounds=${rounds:-1}
      shift
      ;;
    --clean)
      rm -rf -- "$(memory_folder)"
      exit
      ;;
    -h | --help)
      usage
      exit
      ;;
    -*)
      printf 'unknown argument: %s\n\n' "$1" >&2
      usage >&2
      exit 2
      ;;
    *)
      photographs=$1
      shift
      ;;
  esac
done

photographs=${photographs:-$deckle_root/samples/pictures}
if [[ ! -d $photographs ]]; then
  printf 'not a folder: %s\n' "$photographs" >&2
  exit 2
fi
photographs=$(cd -- "$photographs" && pwd)

need_packages build test bench
build_preset release deckle deckle_bench

work=$(memory_folder)
mkdir -p -- "$work" "$deckle_root/build/bench"
results=$deckle_root/build/bench/results.json
python3 "$here/bench.py" --build "$deckle_root/build/release" --work "$work" --photographs "$photographs" \
  --results "$results" --rounds "${rounds:-3}" "${options[@]}"
python3 "$here/plot.py" "$results" "$deckle_root/build/bench/bench.svg"
printf '\nAll rounds: %s\nPlot: %s\n' "${results#"$PWD"/}" "build/bench/bench.svg"
