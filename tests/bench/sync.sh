#!/usr/bin/env bash
# The cost of --sync: outputs per second of batch and each beside none, in turns, on the disk of OUT.
#
#     tests/bench/sync.sh DECKLE PICTURES OUT [ROUNDS]      default: 5 rounds; OUT must not exist
set -euo pipefail

deckle=$1 pictures=$2 out=$3 rounds=${4:-5}
if [[ -e $out ]]; then
  printf '%s is there already\n' "$out" >&2
  exit 2
fi
chain='{"seed": 1, "copies": 3, "layers": [{"class_name": "RandomCrop", "config": {"height": 224, "width": 224}}],
        "output": {"format": "jpg"}}'
for ((round = 0; round < rounds; ++round)); do
  for sync in none batch each; do
    rm -rf "$out"
    sync
    began=$(date +%s%N)
    "$deckle" run - "$pictures" -o "$out" -q --sync "$sync" <<<"$chain"
    printf '%s %d\n' "$sync" $((($(date +%s%N) - began) / 1000))
  done
done | sort -k1,1 -k2,2n | awk '
  { times[$1, ++count[$1]] = $2 }
  END {
    for (name in count) median[name] = times[name, int((count[name] + 1) / 2)]
    printf "none 1.00, batch %.2f, each %.2f\n", median["none"] / median["batch"], median["none"] / median["each"]
  }'
rm -rf "$out"
