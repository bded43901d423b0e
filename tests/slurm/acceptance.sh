#!/usr/bin/env bash
# deckle on a real Slurm: samples/slurm as users have it, on a cluster that is thrown away afterwards, with tasks
# killed and cancelled and nodes lost. In every case, manifest and outputs must be those of one machine.
#
#     acceptance.sh DECKLE [full]     full: also a task that fails repeatedly, and a node that is given up while its
#                                     tasks live on
#
# Needs root and the packages of the group `slurm` in setup.sh. A line for each scenario; exit code 1 if one failed.
set -euo pipefail

if [[ $# -lt 1 || $# -gt 2 || ${2-full} != full || ! -x $1 ]]; then
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
DECKLE=$(realpath -- "$1")
export DECKLE
full=${2-}

# Variables that a Slurm around this script may have set.
for name in "${!SLURM@}" "${!SBATCH@}" "${!SRUN@}"; do
  unset "$name"
done

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
samples=$here/../../samples
work=$(mktemp -d)
chmod 755 "$work" # munge runs as a user of its own
lab=$work/lab
keep=

cleanup() {
  local status=$?
  trap - EXIT
  if ! "$here/cluster.sh" stop "$lab"; then
    status=1
  fi
  if [[ -n $keep ]]; then
    printf 'kept to look at: %s\n' "$work"
  else
    rm -rf -- "$work"
  fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd -- "$work"

# ---- input, chain, and the result of one machine

# Pictures under many names. Two are broken: a shard must not be started again because images fail.
for ((i = 0; i < 40; ++i)); do
  mkdir -p "in/$((i / 8))"
  cp -R -- "$samples/pictures" "in/$((i / 8))/$i"
done
for i in 3 21; do
  head -c 4000 "$samples/pictures/landscape.jpg" >"in/broken$i.jpg"
done

# Makes each image slow, to hit a task in the middle.
cat >chain.json <<'CHAIN'
{
  "seed": 7,
  "copies": 2,
  "layers": [
    {"class_name": "UpSampling2D", "config": {"size": 2}},
    {"class_name": "RandomCrop", "config": {"height": 160, "width": 160}}
  ],
  "output": {"format": "png", "compression": 9}
}
CHAIN

shards=8
status=0
"$DECKLE" run chain.json in -o single 2>single.log || status=$?
if [[ $status != 1 || ! -s single/manifest.jsonl ]]; then
  cat single.log >&2
  printf 'the run on one machine ended with %s; 1 was expected, for the broken pictures\n' "$status" >&2
  exit 1
fi
pictures=$(find single -name '*.png' | wc -l)
printf '%s files, %s outputs, %s shards\n' "$(find in -type f | wc -l)" "$pictures" "$shards"

"$here/cluster.sh" start "$lab" 4 2
# shellcheck source=/dev/null
source "$lab/env.sh"

# ---- helpers. A scenario is a function. It fails if a command in it fails, after it has said why.

fail() {
  printf '  %s\n' "$*" >&2
  return 1
}

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [[ $SECONDS -lt $end ]] || fail "waited in vain: $what" || return 1
    sleep 0.1
  done
}

# Submits with samples/slurm; sets `array` and `merge`.
submit() {
  local said
  said=$("$samples/slurm/submit.sh" chain.json in "$out" "$shards" --cpus-per-task=1 "$@")
  array=$(sed -n 's/^array \([0-9]*\):.*/\1/p' <<<"$said")
  merge=$(sed -n 's/^merge \([0-9]*\):.*/\1/p' <<<"$said")
  [[ -n $array && -n $merge ]] || fail "submit.sh said: $said"
}

state_of() {
  squeue -h -t all -j "$1" -o %T 2>/dev/null
}

is_in() { # JOB STATE-PATTERN
  [[ $(state_of "$1") =~ ^($2)$ ]]
}

has_started() { # SHARD TIMES
  [[ $(grep -c '^shard ' "$out.logs/${array}_$1.log" 2>/dev/null) -ge $2 ]]
}

restarted() { # how many tasks were started more than once
  { grep -l 'restart [1-9]' "$out.logs/${array}_"*.log || true; } | wc -l
}

# The deckle process of a shard; if there are several copies, that of the node $2.
process_of() {
  local pid
  for pid in $({ grep -lzxF "SLURM_ARRAY_TASK_ID=$1" /proc/[0-9]*/environ 2>/dev/null || true; } | cut -d / -f 3); do
    if [[ $(readlink "/proc/$pid/exe") == "$DECKLE" ]] &&
      grep -qzxF "SLURM_CONF=$SLURM_CONF" "/proc/$pid/environ" &&
      grep -qz "^SLURMD_NODENAME=${2:+$2\$}" "/proc/$pid/environ"; then
      printf '%s\n' "$pid"
    fi
  done 2>/dev/null
}

shard_manifest() {
  printf '%s/manifest-%04d-of-%04d.jsonl' "$out" "$1" "$shards"
}

# Whether a shard is running: it has recorded something, but has no manifest yet.
is_in_the_middle() {
  [[ ! -e $(shard_manifest "$1") && -n $(process_of "$1") ]] &&
    grep -qs '"input"' "$out/.$(basename "$(shard_manifest "$1")")".*.log
}

# Waits for the scenario's jobs to succeed, and compares the folder with the result of one machine.
finish() {
  wait_for 120 "the merge" is_in "$merge" 'COMPLETED|FAILED|CANCELLED' || return 1
  is_in "$merge" COMPLETED || fail "merge: $(cat "$out.logs/merge-$merge.log")" || return 1
  as_one_machine
}

as_one_machine() {
  cmp single/manifest.jsonl "$out/manifest.jsonl" || return 1
  "$DECKLE" verify "$out/manifest.jsonl" >verify.log 2>&1 || fail "$(cat verify.log)" || return 1
  diff -r -x '*manifest*' -x '.*' single "$out" || return 1
  [[ $(find "$out" -name '*.png' | wc -l) == "$pictures" ]] || fail "not $pictures outputs"
}

temporaries() {
  find "$out" -name '.deckle-*'
}

# Killed processes may leave unfinished files. merge deletes them when no process can still use them.
sweep() {
  note+=", $(temporaries | wc -l) temporaries swept"
  "$DECKLE" merge "$out" -o "$out/manifest.jsonl" >/dev/null 2>&1 || fail "the second merge failed" || return 1
  [[ -z $(temporaries) ]] || fail "left behind: $(temporaries)" || return 1
  as_one_machine
}

passed=0
failed=0

# scenario NAME TEXT: runs the function NAME in its own folder.
scenario() {
  local began=$SECONDS status=0
  out=$1
  note=
  # In a condition the shell does not stop at a failing command: therefore all of them have `|| return`.
  "$1" || status=$?
  if [[ $status == 0 ]]; then
    passed=$((passed + 1))
    printf 'PASS  %s: %d s%s\n' "$2" "$((SECONDS - began))" "$note"
  else
    failed=$((failed + 1))
    keep=yes
    printf 'FAIL  %s: %d s%s\n' "$2" "$((SECONDS - began))" "$note"
    scancel --me
  fi
}

# ---- scenarios

plain() {
  submit || return
  finish || return
  [[ -z $(temporaries) ]] || fail "left behind: $(temporaries)" || return
  # The broken pictures made some tasks end with 1.
  [[ $(state_of "$array" | grep -c FAILED) -ge 1 ]] || fail "no task told of the broken pictures" || return
  [[ $(restarted) == 0 ]] || fail "$(restarted) tasks were started again"
}

# The last task of an array has the id of the array. To requeue it must not requeue all tasks.
killed() {
  local victim
  submit || return
  for victim in 3 7; do
    wait_for 60 "shard $victim at work" is_in_the_middle "$victim" || return
    # shellcheck disable=SC2046 # a process id
    kill -KILL $(process_of "$victim") || return
  done
  finish || return
  has_started 3 2 && has_started 7 2 || fail "not started again" || return
  [[ $(restarted) == 2 ]] || fail "$(restarted) tasks were started again, 2 were killed" || return
  sweep
}

cancelled() {
  submit || return
  wait_for 60 "shard 2 at work" is_in_the_middle 2 || return
  scancel "${array}_2" || return
  wait_for 90 "the merge" is_in "$merge" FAILED || return
  [[ $(scontrol -o show job "$merge") == *" ExitCode=3:0 "* ]] || fail "the merge did not exit with 3" || return
  grep -q -- '--array=2$' "$out.logs/merge-$merge.log" || fail "merge: $(cat "$out.logs/merge-$merge.log")" || return
  [[ ! -e $out/manifest.jsonl ]] || fail "a manifest was written" || return
  [[ $(restarted) == 0 ]] || fail "the cancelled task came back" || return
  [[ -z $(temporaries) ]] || fail "left behind by scancel: $(temporaries)" || return
  submit --array=2 || return
  finish
}

node_lost() {
  local node
  submit || return
  wait_for 60 "shard 4 at work" is_in_the_middle 4 || return
  node=$(squeue -h -j "${array}_4" -o %N)
  "$here/cluster.sh" crash "$lab" "$node" || return
  finish || return
  note=", $(restarted) tasks of $node started again"
  has_started 4 2 || fail "shard 4 was not started again" || return
  "$here/cluster.sh" revive "$lab" "$node" || return
  sweep
}

# A task that always fails is started again three times, and no more.
gives_up() {
  mkdir -p "$out" || return
  printf 'no manifest\n' >"$(shard_manifest 0)" || return
  submit --array=0 || return
  wait_for 120 "the merge" is_in "$merge" FAILED || return
  [[ $(grep -c '^shard ' "$out.logs/${array}_0.log") == 4 ]] || fail "$(cat "$out.logs/${array}_0.log")" || return
  grep -q '3 times already' "$out.logs/${array}_0.log" || fail "it did not say why it gave up" || return
}

# If the slurmd of a node is silent, Slurm gives the node up and starts its tasks elsewhere, while they still live. Here
# they are frozen until then: of one shard, two copies run at the same time; of the other, the first copy wakes up after
# the second has ended.
two_copies() {
  local node pid both=() late=() other
  submit || return
  wait_for 60 "shard 5 at work" is_in_the_middle 5 || return
  node=$(squeue -h -j "${array}_5" -o %N)
  mapfile -t both < <(process_of 5 "$node")
  kill -STOP "${both[@]}" || return
  "$here/cluster.sh" silence "$lab" "$node" || return
  for ((other = 0; other < shards; ++other)); do
    [[ $other != 5 && ! -e $(shard_manifest "$other") ]] || continue
    mapfile -t late < <(process_of "$other" "$node")
    [[ ${#late[@]} == 0 ]] || break
  done
  [[ ${#late[@]} == 1 ]] || fail "no second task on $node" || return
  kill -STOP "${late[@]}" || return

  wait_for 120 "a second copy of shard 5" has_started 5 2 || return
  wait_for 20 "both copies of shard 5" two_processes 5 || return
  kill -CONT "${both[@]}" || return
  finish || return
  has_started "$other" 2 || fail "shard $other was not started again" || return
  [[ -e /proc/${late[0]} ]] || fail "the first copy of shard $other is gone" || return
  kill -CONT "${late[@]}" || return
  for pid in "${both[@]}" "${late[@]}"; do
    wait_for 60 "the first copies" ended "$pid" || return
  done
  ! grep -q 'exit code' "$out.logs/${array}_"*.log || fail "$(grep -h 'exit code' "$out.logs/${array}_"*.log)" || return
  "$here/cluster.sh" revive "$lab" "$node" || return
  as_one_machine || return
  [[ -z $(temporaries) ]] || fail "left behind: $(temporaries)"
}

two_processes() {
  [[ $(process_of "$1" | wc -l) == 2 ]]
}

ended() {
  [[ -z $(readlink "/proc/$1/exe" 2>/dev/null) ]]
}

scenario plain 'array and merge'
scenario killed 'two tasks killed, which start themselves again'
scenario cancelled 'a task cancelled, named by merge, submitted again alone'
scenario node_lost 'a node lost'
if [[ -n $full ]]; then
  scenario gives_up 'a task that fails time and again is left after the third time'
  scenario two_copies 'a node given up while its tasks live on: two copies of a shard at once'
fi

if [[ -n $keep ]]; then
  printf 'the logs of %s/*.logs and %s/log say more\n' "$work" "$lab"
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed == 0 ]]
