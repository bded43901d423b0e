#!/usr/bin/env bash
# The cost of a file besides its pixels: a run over very many tiny pictures, and a second run with nothing to do.
#
#     tests/bench/large.sh [N]      default: 100000
#
# Beside it a bare loop that reads, creates, writes and renames as many files (files.cpp): a file system becomes slower
# with more files, and the rest of the time is deckle's own. rsync is the measure for the second run: it also finds out
# whether there is anything to do. Needs about 12 KB a picture on the memory file system; everything is deleted at the
# end.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../../setup.sh
source "$here/../../setup.sh"

count=${1:-100000}
if [[ $# -gt 1 || ! $count =~ ^[1-9][0-9]{2,7}$ ]]; then
  printf 'usage: %s [N]      N: 100 to 99999999 pictures\n' "$0" >&2
  exit 2
fi

need_packages build test bench
build_preset release deckle bench_files

base=${TMPDIR:-/tmp}
if [[ -d /dev/shm && -w /dev/shm && $(df -Pk /dev/shm | awk 'NR == 2 { print $4 }') -gt $((count * 12)) ]]; then
  base=/dev/shm
fi
work=$(mktemp -d "$base/deckle-large-XXXXXX")
trap 'rm -rf -- "$work"' EXIT

cat >"$work/chain.json" <<'CHAIN'
{"seed": 42, "layers": [{"class_name": "RandomCrop", "config": {"height": 12, "width": 12}}]}
CHAIN

# 256 distinct pictures, and hard links to them: 1,000 in a folder.
python3 - "$work" "$count" <<'PYTHON'
import os, random, struct, sys, zlib

work, count = sys.argv[1], int(sys.argv[2])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(number):
    chance = random.Random(number)
    rows = b"".join(b"\0" + bytes(chance.randrange(256) for _ in range(16 * 3)) for _ in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


os.makedirs(f"{work}/distinct")
for i in range(256):
    with open(f"{work}/distinct/{i}.png", "wb") as file:
        file.write(png(i))
for name, n in (("tenth", count // 10), ("all", count)):
    for i in range(n):
        if i % 1000 == 0:
            os.makedirs(f"{work}/{name}/{i // 1000:05}")
        os.link(f"{work}/distinct/{i % 256}.png", f"{work}/{name}/{i // 1000:05}/{i:08}.png")
PYTHON
# deckle does not trust the times of files that were changed within the last two seconds.
touch -d '1 hour ago' "$work"/distinct/*.png

# measure NAME N COMMAND...: a line of the table.
measure() {
  python3 - "$@" <<'PYTHON'
import os, subprocess, sys, time

name, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
start = time.perf_counter()
process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - start
process.returncode = os.waitstatus_to_exitcode(status)
if process.returncode != 0:
    sys.exit(f"{name}: exit code {process.returncode}")
cpu = usage.ru_utime + usage.ru_stime
print(f"| {name} | {count} | {seconds:.2f} | {count / seconds:.0f} | {1e6 * seconds / count:.1f} "
      f"| {1e6 * cpu / count:.1f} | {usage.ru_maxrss / 1024:.0f} |")
PYTHON
}

deckle=$deckle_root/build/release/deckle
printf '| | files | s | files/s | µs a file | µs of processor a file | peak MB |\n'
printf '| --- | --: | --: | --: | --: | --: | --: |\n'
for part in tenth all; do
  n=$count
  if [[ $part == tenth ]]; then
    n=$((count / 10))
  fi
  measure 'bare read, create, write, rename' "$n" \
    "$deckle_root/build/release/tests/bench/bench_files" "$work/$part" "$work/bare-$part" 500
  rm -rf -- "$work/bare-$part"
  run=("$deckle" run -q "$work/chain.json" "$work/$part" -o "$work/out-$part")
  measure 'first run' "$n" "${run[@]}"
  # deckle trusts the times of outputs only after two seconds.
  sleep 2.1
  "${run[@]}"
  measure 'nothing to do' "$n" "${run[@]}"
done
if command -v rsync >/dev/null; then
  rsync -aH "$work/all" "$work/copy"
  measure 'rsync -n -a, nothing to do' "$count" rsync -n -a "$work/all" "$work/copy"
fi
