#!/usr/bin/env bash
# Sets up, builds, and runs the main job on the sample pictures, or on the pictures of FOLDER.
#
#     samples/run.sh [FOLDER]
set -euo pipefail

if [[ $# -gt 1 || ${1-} == -* ]]; then
  printf 'usage: %s [FOLDER]\n' "$0" >&2
  exit 2
fi

here=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../setup.sh
source "$here/../setup.sh"

pictures=${1-$here/pictures}
if [[ ! -d $pictures ]]; then
  printf 'not a folder: %s\n' "$pictures" >&2
  exit 2
fi
pictures=$(cd -- "$pictures" >/dev/null && pwd)
if [[ $pictures/ == "$deckle_root/out/samples/"* ]]; then
  printf '%s is where this script writes: give another folder\n' "$pictures" >&2
  exit 2
fi

need_packages build
build_preset release -- deckle
deckle=$deckle_root/build/release/deckle

# From here on all paths are relative to the repository, to be short on the screen.
cd -- "$deckle_root"
if [[ $pictures == "$PWD"/* ]]; then pictures=./${pictures#"$PWD"/}; fi
out=out/samples
if [[ -e $out ]]; then
  if [[ -z $(find "$out" -maxdepth 1 -name '*manifest*.jsonl*' -print -quit) && -n $(ls -A -- "$out") ]]; then
    printf '%s holds other things than an earlier run of this script: move it away first\n' "$PWD/$out" >&2
    exit 2
  fi
  rm -rf -- "$out"
fi
mkdir -p out

# Shows a command with the name of the installed program, and runs it.
show() {
  printf '\n$ deckle'
  printf ' %q' "$@"
  printf '\n'
  "$deckle" "$@"
}

status=0
show run configs/train-224.json "$pictures" -o "$out" || status=$?
if [[ $status -gt 1 ]]; then
  exit "$status"
fi
show verify "$out/manifest.jsonl" || status=$?

printf '\nWhat came out, in %s:\n' "$PWD/$out"
find "$out" -type f ! -name '*.jsonl*' ! -name '.*' -printf '%P\t%s\n' | LC_ALL=C sort | awk -F '\t' '
  NR <= 20 { printf "  %9d bytes  %s\n", $2, $1 }
  { bytes += $2 }
  END {
    if (NR > 20) printf "  ... and %d more\n", NR - 20
    printf "  %9d bytes in %d picture%s\n", bytes, NR, NR == 1 ? "" : "s"
  }'

# Shows one line of the manifest, divided for reading.
wrapped() {
  sed -n "$1p" "$out/manifest.jsonl" | sed 's/,"/, "/g; s/":\([^ ]\)/": \1/g' | fold -s -w 100 | sed 's/^/  /'
}
printf '\nThe manifest begins with what made them all:\n'
wrapped 1
printf '\nand has a line for each, from which it can be reproduced:\n'
wrapped 2

printf '\nTo look at them:  xdg-open %q\n' "$PWD/$out"
exit "$status"
