#!/usr/bin/env bash
# Sets up, builds and runs all tests.
#
#     tests/run.sh [--preset release|ci|debug|asan|tsan] [-- CTEST-ARGUMENT...]
#     tests/run.sh --format      only checks the format of the C++ files
#     tests/run.sh --tidy        only runs clang-tidy over src/ and cli/
#     tests/run.sh --faults [ARGUMENT...]   only lets each system call of small runs fail, one at a time; half an hour
#     tests/run.sh --power [MOMENTS]        only lets runs lose the power, on loop mounts of ext4 and xfs; needs root
#     tests/run.sh --slurm [full]    only runs shards on a real Slurm, which it installs; needs root
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

check_tidy() {
  need_packages build test tidy
  build_preset debug -- deckle
  local files
  mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard 'src/*.cpp' 'cli/*.cpp')
  printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p build/debug \
    2> >(grep -v '^[0-9]* warnings\? generated' >&2)
  printf 'tidy: nothing to say about %d files\n' "${#files[@]}"
}

run_faults() {
  need_packages build test
  build_preset ci -- deckle deckle_fault
  python3 tests/faults/campaign.py --deckle build/ci/deckle --library build/ci/tests/libdeckle_fault.so "$@"
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
      check_tidy
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
