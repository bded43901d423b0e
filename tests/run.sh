#!/usr/bin/env bash
# Sets up, builds and runs all tests.
#
#     tests/run.sh [--preset release|ci|debug|asan|tsan] [-- CTEST-ARGUMENT...]
#     tests/run.sh --format      only checks the format of the C++ files
#     tests/run.sh --tidy [changed]    only runs clang-tidy over src/ and cli/; with "changed" over what changed since the
#                                last release tag, or in the last 50 commits if these are fewer
#     tests/run.sh --faults [ARGUMENT...]   only lets each system call of small runs fail, one at a time; half an hour
#     tests/run.sh --power [MOMENTS]        only lets runs lose the power, on loop mounts of ext4 and xfs; needs root
#     tests/run.sh --slurm [full]    only runs shards on a real Slurm, which it installs; needs root
#     tests/run.sh --threads     only runs the engine's tests under the thread sanitizer
#     tests/run.sh --fuzz [SECONDS [TARGET...]]    only runs the fuzzers of tests/fuzz, each so long (60)
#     tests/run.sh --coverage    runs all tests and says which lines of src/ they reach
#
# For instance `tests/run.sh --preset asan -- -R cli.` runs the command-line cases under the sanitizers.
set -euo pipefail

here=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../setup.sh
source "$here/../setup.sh"
cd -- "$deckle_root"

usage() {
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
}

check_format() {
  need_packages format
  local files
  mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard '*.cpp' '*.h')
  clang-format --dry-run -Werror "${files[@]}"
  printf 'format: %d files as they should be\n' "${#files[@]}"
}

# The commit from which "changed" counts: the last release tag, or 50 commits ago if that is later.
tidy_base() {
  local tag count
  count=$(git rev-list --count --first-parent HEAD)
  if tag=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null) &&
    [[ $(git rev-list --count --first-parent "$tag..HEAD") -le 50 ]]; then
    printf '%s\n' "$tag"
  elif [[ $count -gt 50 ]]; then
    git rev-parse 'HEAD~50'
  else
    git rev-list --max-parents=0 HEAD | tail -n 1
  fi
}

check_tidy() {
  need_packages build test tidy
  build_preset debug -- help  # clang-tidy needs only the list of commands
  local files base file compiled=()
  if [[ ${1-} == changed ]]; then
    base=$(tidy_base)
    mapfile -d '' -t files < <(git diff -z --name-only --diff-filter=d "$base" -- 'src/*.cpp' 'cli/*.cpp')
    printf 'tidy: %d files changed since %s\n' "${#files[@]}" "$(git describe --tags --always "$base")"
  elif [[ $# -gt 0 ]]; then
    printf 'unknown argument: --tidy %s\n' "$1" >&2
    exit 2
  else
    mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard 'src/*.cpp' 'cli/*.cpp')
  fi
  # Without its command in the list, clang-tidy guesses one: convolve_none.cpp is compiled only without oneDNN.
  for file in "${files[@]}"; do
    if grep -qF "/$file\"" build/debug/compile_commands.json; then
      compiled+=("$file")
    fi
  done
  if [[ ${#compiled[@]} == 0 ]]; then
    return
  fi
  printf '%s\0' "${compiled[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p build/debug \
    2> >(grep -v '^[0-9]* warnings\? generated' >&2)
  printf 'tidy: nothing to say about %d files\n' "${#compiled[@]}"
}

run_faults() {
  need_packages build test
  build_preset ci -- deckle deckle_fault
  python3 tests/faults/campaign.py --deckle build/ci/deckle --preload build/ci/tests/libdeckle_fault.so "$@"
}

run_power() {
  need_packages build test power
  build_preset ci -- deckle deckle_godown
  tests/power/power.sh build/ci/deckle build/ci/tests/deckle_godown "$@"
}

run_slurm() {
  if [[ $(id -u) != 0 ]]; then
    printf 'SKIPPED: needs root, to run a Slurm\n'
    return
  fi
  need_packages build test slurm
  build_preset ci -- deckle
  tests/slurm/acceptance.sh build/ci/deckle "$@"
}

# Only the engine's tests, under the thread sanitizer.
run_threads() {
  need_packages build test tsan
  build_preset tsan -- deckle_thread_tests
  TSAN_OPTIONS=ignore_noninstrumented_modules=1:allocator_may_return_null=1 build/tsan/deckle_thread_tests
}

# Prints one line for each target, and fails if any target found something. The findings are in build/fuzz/findings.
# Files that reach new code are in build/fuzz/corpus, from which the next run continues.
run_fuzz() {
  local seconds=${1:-60} wanted=" ${*:2} " name dictionary options corpus findings covered status=0
  need_packages build fuzz || true
  if ! command -v clang++ >/dev/null; then
    printf 'SKIPPED: the fuzzers need clang, which has libFuzzer\n'
    return
  fi
  build_preset fuzz -- deckle_fuzz
  mkdir -p build/fuzz/findings
  export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
  while read -r name dictionary; do
    if [[ -n ${wanted// /} && $wanted != *" $name "* ]]; then
      continue
    fi
    mkdir -p "build/fuzz/corpus/$name"
    options=("--target=$name" -rss_limit_mb=2048 -timeout=20 "-artifact_prefix=build/fuzz/findings/$name-")
    if [[ -f tests/fuzz/dictionaries/$dictionary.dict ]]; then
      options+=("-dict=tests/fuzz/dictionaries/$dictionary.dict")
    fi
    corpus=("build/fuzz/corpus/$name")
    if [[ -d tests/fuzz/corpus/$name ]]; then
      corpus+=("tests/fuzz/corpus/$name")
    fi
    build/fuzz/deckle_fuzz "${options[@]}" "-max_total_time=$seconds" -print_final_stats=1 "${corpus[@]}" \
      >"build/fuzz/$name.log" 2>&1 || status=1
    build/fuzz/deckle_fuzz "${options[@]}" -runs=0 -print_coverage=1 "${corpus[@]}" >"build/fuzz/$name.coverage" 2>&1 || true
    findings=$(find build/fuzz/findings -name "$name-*" | wc -l)
    covered=$(sed -n 's|^[A-Z]*COVERED_FUNC: .*edges: \([0-9]*\)/\([0-9]*\) .*/src/codecs/[^ ]*$|\1 \2|p' \
      "build/fuzz/$name.coverage" | awk '{ reached += $1; all += $2 } END { printf "%d of %d", reached, all }')
    printf '%-12s %9s executions, %6s edges (%s of src/codecs), %d findings\n' "$name" \
      "$(awk '/^stat::number_of_executed_units/ { print $2 }' "build/fuzz/$name.log")" \
      "$(grep -o ' cov: [0-9]*' "build/fuzz/$name.log" | tail -n 1 | grep -o '[0-9]*')" "$covered" "$findings"
  done < <(build/fuzz/deckle_fuzz --list)
  return "$status"
}

# Lines of src/ by file; the file with the least coverage is the last.
run_coverage() {
  need_packages build test coverage
  build_preset coverage -- all make_samples
  find build/coverage -name '*.gcda' -delete
  # Two tests count what a program writes; with coverage it also writes counters.
  ctest --preset coverage --parallel "$(build_jobs)" -E '^(faults|cli.read-only-output)$' "$@"
  gcovr --root . --filter src/ --exclude-throw-branches --sort-percentage --object-directory build/coverage \
    --txt build/coverage/coverage.txt --print-summary
  printf 'file by file: build/coverage/coverage.txt\n'
}

preset=release  # shares its objects with samples/run.sh
while [[ $# -gt 0 ]]; do
  case $1 in
    --preset)
      preset=${2:?--preset needs a name}
      shift 2
      ;;
    --format)
      check_format
      exit
      ;;
    --tidy)
      shift
      check_tidy "$@"
      exit
      ;;
    --faults)
      shift
      run_faults "$@"
      exit
      ;;
    --power)
      shift
      run_power "$@"
      exit
      ;;
    --slurm)
      shift
      run_slurm "$@"
      exit
      ;;
    --threads)
      run_threads
      exit
      ;;
    --fuzz)
      shift
      run_fuzz "$@"
      exit
      ;;
    --coverage)
      shift
      run_coverage "$@"
      exit
      ;;
    --)
      shift
      break
      ;;
    -h | --help)
      usage
      exit
      ;;
    *)
      printf 'unknown argument: %s\n\n' "$1" >&2
      usage >&2
      exit 2
      ;;
  esac
done

groups=(build test)
if [[ $preset == tsan ]]; then
  groups+=(tsan)
fi
need_packages "${groups[@]}"
build_preset "$preset" -DDECKLE_WITH_TESTS=ON -- all make_samples

# Real photographs and broken files, where somebody has put them beside the repository. Tests that want them say
# that they are skipped where they are not there.
if [[ -z ${DECKLE_TEST_DATA-} && -d ../shared/data ]]; then
  DECKLE_TEST_DATA=$(cd ../shared/data && pwd)
  export DECKLE_TEST_DATA
fi

ctest --preset "$preset" --parallel "$(build_jobs)" "$@"
