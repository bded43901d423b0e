#!/usr/bin/env bash
# Runs INSIDE a bare Debian root, as root: installs deckle's packages and tries them. Needs the network, for what the
# packages depend on.
#
#     inside.sh FOLDER      with the .deb files, samples/pictures as pictures/, and samples/library as library/
set -euo pipefail
cd -- "$1"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

step() { printf '\n== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
install() {
  apt-get -q install -y --no-install-recommends "$@" >apt.log 2>&1 || { tail -n 30 apt.log; fail "install $*"; }
}
count() { dpkg-query -W -f='${db:Status-Status}\n' | grep -c '^installed$'; }
kilobytes() { dpkg-query -W -f='${Installed-Size}\n' | awk '{ n += $1 } END { print n }'; }

apt-get -q update >apt.log 2>&1 || { tail apt.log; fail 'apt-get update'; }
had=$(count)
had_kilobytes=$(kilobytes)

step 'deckle alone, without what it recommends'
install ./deckle_*.deb
printf '%d packages more, %d MB\n' "$(($(count) - had))" "$((($(kilobytes) - had_kilobytes) / 1000))"
deckle --version
deckle run /usr/share/deckle/configs/train-224.json pictures -o out
deckle verify out/manifest.jsonl
for config in /usr/share/deckle/configs/*.json; do
  deckle plan "$config" pictures >plan.log 2>&1 || [[ $? == 1 ]] || { cat plan.log; fail "$config"; }
done

step 'files of Keras name the package that reads them'
printf '\211HDF\r\n\032\n%0100d' 0 >weights.h5
cat >chain.json <<'END'
{"layers": [{"class_name": "Conv2D", "config": {"filters": 1, "kernel_size": 1, "weights": "weights.h5"}}]}
END
if deckle run chain.json pictures -o never 2>message; then fail 'that is no file of weights'; fi
cat message
grep -q 'deckle-hdf5' message || fail 'the message does not name deckle-hdf5'
[[ ! -e never ]] || fail 'something was written'
install ./deckle-hdf5_*.deb
if deckle run chain.json pictures -o never 2>message; then fail 'that is no file of weights'; fi
cat message
if grep -qE 'deckle-(hdf5|decoder)' message; then fail 'the plug-in is not found where it is installed'; fi

step 'libdeckle-dev: a program, by CMake and by pkg-config'
install ./libdeckle-dev_*.deb g++ make cmake
if ! { cmake -S library -B by-cmake && cmake --build by-cmake; } >cmake.log 2>&1; then
  cat cmake.log
  fail CMake
fi
# shellcheck disable=SC2046
g++ -std=c++20 library/main.cpp -o by-pkg-config $(pkg-config --cflags --libs deckle)
cd pictures
for picture in turned.jpg deep.png; do
  for program in by-cmake/example by-pkg-config; do
    "../$program" /usr/share/deckle/configs/train-224.json "$picture" ../made.png
    cmp ../made.png "../out/${picture%.*}.png" || fail "$program writes other bytes than deckle"
  done
done
cd ..
printf 'the same bytes as deckle writes\n'

step 'deckle-opencv'
install ./deckle-opencv_*.deb
missing=$(ldd /usr/lib/*/deckle/libdeckle_opencv.so | grep 'not found' || true)
[[ -z $missing ]] || fail "$missing"
printf 'with everything: %d packages more, %d MB\n' "$(($(count) - had))" "$((($(kilobytes) - had_kilobytes) / 1000))"

step 'and away again'
apt-get -q remove -y deckle libdeckle-dev >apt.log 2>&1 || { tail apt.log; fail remove; }
left=$(find / -xdev \( -path /proc -o -path /sys -o -path "$PWD" \) -prune -o -iname '*deckle*' ! -path '/var/*' -print)
[[ -z $left ]] || fail "left behind: $left"
printf 'nothing is left\n'
