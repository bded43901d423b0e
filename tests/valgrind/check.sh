#!/usr/bin/env bash
# A small run under valgrind. It finds reads of memory that was never written, also in libraries; the sanitizers of the
# presets do not.
#
#     tests/valgrind/check.sh DECKLE PICTURES CONFIGS
#
# Exit 77 (skipped) if valgrind is not installed. Suppressions are for libraries alone, each with its reason.
set -euo pipefail

deckle=$1 pictures=$2 configs=$3
here=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
if ! command -v valgrind >/dev/null; then
  printf 'SKIPPED: valgrind is not installed (./setup.sh valgrind)\n' >&2
  exit 77
fi
out=$(mktemp -d)
trap 'rm -rf -- "$out"' EXIT

under_valgrind() {
  if ! valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
    --suppressions="$here/libraries.supp" "$deckle" "$@" >"$out/said" 2>&1; then
    cat -- "$out/said"
    printf 'valgrind: deckle %s\n' "$*"
    return 1
  fi
}

# Every kind of sample picture, by two threads: read, moved, interpolated, written as jpg and as png.
under_valgrind run "$configs/train-224.json" "$pictures" --output "$out/png" --jobs 2
under_valgrind run "$configs/webp-thumbs.json" "$pictures" --output "$out/webp" --jobs 2
under_valgrind verify "$out/png"
