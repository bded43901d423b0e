#!/usr/bin/env bash
# Submits a run in N shards, and the job that merges their manifests afterwards.
#
#     submit.sh CHAIN INPUT OUT N [SBATCH-OPTION...]
#
# The options go to the array: --partition=.., --cpus-per-task=.., --array=0-63%16 (at most 16 tasks at once), or
# --array=2,4-6 to submit only these shards again, with the same N.
set -euo pipefail

if [[ $# -lt 4 || ! $4 =~ ^[1-9][0-9]*$ ]]; then
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
chain=$1 input=$2 out=${3%/} shards=$4
shift 4

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
logs=$out.logs
mkdir -p -- "$logs"

array=$(sbatch --parsable --array="0-$((shards - 1))" --output="$logs/%A_%a.log" "$@" \
  "$here/array.sbatch" "$chain" "$input" "$out" "$shards")
array=${array%%;*} # on a federated cluster its name follows
merge=$(sbatch --parsable --dependency="afterany:$array" --output="$logs/merge-%j.log" "$here/merge.sbatch" "$out")
merge=${merge%%;*}

printf 'array %s: logs in %s/%s_*.log\n' "$array" "$logs" "$array"
printf 'merge %s: log in %s/merge-%s.log\n' "$merge" "$logs" "$merge"
