#!/usr/bin/env bash
# Runs that lose the power: a loop mount is shut down at a random moment, mounted again, and checked.
#
#     tests/power/power.sh DECKLE GODOWN [MOMENTS] [FILE-SYSTEM...]      default: 30 moments of ext4 and of xfs
#
# After each: no output under its final name is empty or truncated, and the same command gives the bytes of a run
# that nobody disturbed. After a run that ended, all outputs exist. Exit 77: not possible here (no root, no loop
# mounts, no such file system).
set -euo pipefail

deckle=$(realpath "$1")
godown=$(realpath "$2")
moments=${3:-30}
shift "$(($# < 3 ? $# : 3))"
systems=("$@")
if [[ ${#systems[@]} == 0 ]]; then
  systems=(ext4 xfs)
fi

skip() {
  printf 'SKIPPED: %s\n' "$1"
  exit 77
}
[[ $(id -u) == 0 ]] || skip 'needs root, for loop mounts'

scratch=$(mktemp -d)
mount=$scratch/mount
finish() {
  umount -l "$mount" 2>/dev/null || true
  rm -rf "$scratch"
}
trap finish EXIT

fail() {
  printf 'FAILED (%s, %s): %s\n' "$system" "$moment" "$1" >&2
  exit 1
}

# 400 inputs: PNM needs no encoder.
mkdir -p "$mount" "$scratch/in/a" "$scratch/in/b"
for i in {100..299}; do
  {
    printf 'P6\n80 60\n255\n'
    head -c 14400 /dev/zero | tr '\0' "\\$((i % 200 + 100))"
  } >"$scratch/in/a/$i.ppm"
  cp "$scratch/in/a/$i.ppm" "$scratch/in/b/$i.ppm"
done
cat >"$scratch/chain.json" <<'C'
{"seed": 1, "copies": 3, "layers": [{"class_name": "RandomCrop", "config": {"height": 40, "width": 40}}],
 "output": {"format": "png"}}
C
cat >"$scratch/before.json" <<'C'
{"seed": 2, "layers": [{"class_name": "RandomCrop", "config": {"height": 30, "width": 30}}],
 "output": {"format": "png"}}
C

as_reference() {
  diff -r -x '.*' "$scratch/reference" "$mount/out" >"$scratch/differences" ||
    fail "$(head -3 "$scratch/differences")"
}

run() {
  "$deckle" run "$scratch/chain.json" "$scratch/in" -o "$mount/out" -q "$@"
}

# Every output has the bytes of an uninterrupted run, or those of the run before.
whole_so_far() {
  local file
  while IFS= read -r file; do
    cmp -s "$mount/out/$file" "$scratch/reference/$file" || cmp -s "$mount/out/$file" "$scratch/older/$file" ||
      fail "$file has $(stat -c %s "$mount/out/$file") bytes, and is not whole"
  done < <(cd "$mount/out" 2>/dev/null && find . -type f -not -path '*/.*' -printf '%P\n')
}

"$deckle" run "$scratch/chain.json" "$scratch/in" -o "$scratch/reference" -q
"$deckle" run "$scratch/before.json" "$scratch/in" -o "$scratch/older" -q
milliseconds() {
  date +%s%3N
}

for system in "${systems[@]}"; do
  moment=start
  command -v "mkfs.$system" >/dev/null || skip "no mkfs.$system"
  truncate -s 400M "$scratch/image"
  fresh() {
    umount "$mount" 2>/dev/null || true
    "mkfs.$system" -q $([[ $system == ext4 ]] && echo -F || echo -f) "$scratch/image"
    mount -o loop "$scratch/image" "$mount" 2>/dev/null || skip "no loop mount of $system"
  }
  # Unmounting needs a moment after a shutdown; the next mount shows the contents of the disk.
  power_off() {
    "$godown" "$mount" 2>/dev/null || skip "$system cannot be shut down"
  }
  power_on() {
    umount "$mount" || umount -l "$mount"
    mount -o loop "$scratch/image" "$mount"
  }
  fresh
  began=$(milliseconds)
  run
  took=$(($(milliseconds) - began))
  midway=0
  for ((moment = 0; moment < moments; ++moment)); do
    fresh
    options=()
    # Every third run overwrites the outputs of another chain; every fifth syncs each image.
    if ((moment % 3 == 2)); then
      "$deckle" run "$scratch/before.json" "$scratch/in" -o "$mount/out" -q
      sync
      options+=(--overwrite)
    fi
    if ((moment % 5 == 4)); then
      options+=(--sync each)
    fi
    run "${options[@]}" >/dev/null 2>&1 &
    job=$!
    sleep "$(awk -v ms="$((RANDOM * took / 32768))" 'BEGIN { print ms / 1000 }')"
    power_off
    status=0
    wait "$job" || status=$?
    power_on
    if [[ $status == 0 ]]; then
      as_reference  # it ended: all outputs exist
    else
      ((status == 3)) || fail "exit $status"
      midway=$((midway + 1))
    fi
    whole_so_far
    run "${options[@]}" || fail "the same command: exit $?"
    as_reference
  done
  # The power is lost after the end of a run.
  fresh
  run
  power_off
  power_on
  as_reference
  printf '%s: %d moments, %d of them in the middle of a run\n' "$system" "$moments" "$midway"
done
