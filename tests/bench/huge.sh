#!/usr/bin/env bash
# Memory and time for one huge JPEG, row by row: all of it to TIFF, and half of its columns to JPEG.
#
#     tests/bench/huge.sh DECKLE [FACTOR]      default: 40
#
# The picture is samples/pictures/landscape.jpg, each side FACTOR times as long: 12,800 x 19,200 pixels for 40, and
# 40,000 x 60,000 for 125. It is smooth; a photograph of that size takes longer. TMPDIR needs room for it and for its
# compressed copies (150 MB for 125). Everything is deleted at the end.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
if [[ $# -lt 1 || $# -gt 2 || ! -x $1 || ! ${2:-40} =~ ^[1-9][0-9]*$ ]]; then
  printf 'usage: %s DECKLE [FACTOR]\n' "$0" >&2
  exit 2
fi
deckle=$(realpath -- "$1") factor=${2:-40}
work=$(mktemp -d "${TMPDIR:-/tmp}/deckle-huge-XXXXXX")
trap 'rm -rf -- "$work"' EXIT
cd -- "$work"

# A chain with the given layers and output format.
chain() {
  printf '{"input": {"max_pixels": 1000000000000}, "layers": [%s], "output": {"format": "%s"}}\n' "$1" "$2"
}

# One line of the table: the work, size of the output, processor time, peak memory.
measure() {
  python3 - "$@" <<'PYTHON'
import os, subprocess, sys

name, command = sys.argv[1], sys.argv[2:]
_, status, usage = os.wait4(subprocess.Popen(command).pid, 0)
if status != 0:
    sys.exit(f"{name}: it failed")
outputs = [entry for entry in os.scandir(command[-1]) if entry.name.startswith("landscape")]
print(f"| {name} | {outputs[0].stat().st_size / 1e6:.0f} MB | {usage.ru_utime + usage.ru_stime:.0f} s "
      f"| {usage.ru_maxrss / 1024:.0f} MB |")
PYTHON
}

chain "{\"class_name\": \"UpSampling2D\", \"size\": $factor}" jpg >enlarge.json
chain '{"class_name": "Cropping2D", "cropping": 38}, {"class_name": "ZeroPadding2D", "padding": 1}' tiff >all.json
half=$((480 * factor / 4))
chain "{\"class_name\": \"Cropping2D\", \"cropping\": [[0, 0], [$half, $half]]}" jpg >half.json

run=("$deckle" run -q -j 1 --max-memory 64M)
"${run[@]}" enlarge.json "$here/../../samples/pictures/landscape.jpg" -o huge
megabytes=$(($(stat -c %s huge/landscape.jpg) / 1000000))
printf 'a JPEG of %d x %d pixels (%d MB)\n\n' $((320 * factor)) $((480 * factor)) "$megabytes"
printf '| | output | processor time | peak memory |\n| --- | --- | --- | --- |\n'
measure 'all of it, cropped and padded, to TIFF' "${run[@]}" all.json huge/landscape.jpg -o tiff
measure 'half of its columns, to JPEG' "${run[@]}" half.json huge/landscape.jpg -o jpeg
