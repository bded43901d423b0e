#!/usr/bin/env bash
# Installs a build into a folder of its own, builds samples/library against it by find_package and by pkg-config, and
# holds what these programs write against what deckle writes for the same picture.
#
#     tests/library/check.sh BUILD COMPILER COMPILER-FLAGS GENERATOR PREFIX-PATH
set -euo pipefail

build=$1
export CXX=$2
export CXXFLAGS=${3-}
export CMAKE_GENERATOR=$4  # that of the build: another's program may not be installed
paths=${5-}
repository=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
prefix=$work/prefix

cmake --install "$build" --prefix "$prefix" >"$work/install.log"

# No plug-in looks for its libraries in folders of its own choice: an empty one is the current folder.
for plugin in "$build"/plugins/* "$prefix"/lib*/deckle/* "$prefix"/lib/*/deckle/*; do
  if [[ -e $plugin ]] && readelf -d "$plugin" | grep -E 'RPATH|RUNPATH' >&2; then
    printf '%s has an RPATH\n' "$plugin" >&2
    exit 1
  fi
done

# No header needs another than those that are installed, and none is named as it is named in the repository.
headers=$prefix/include
if grep -rhoE '#include "[^"]*"' "$headers" | sort -u | sed 's/.*"\(.*\)"/\1/' | while read -r name; do
  [[ -f $headers/$name ]] || printf 'not installed: %s\n' "$name"
done | grep .; then
  exit 1
fi
(cd "$headers" && find deckle -name '*.h' | LC_ALL=C sort | sed 's/.*/#include <&>/') >"$work/all.cpp"
"$CXX" -std=c++20 -Wall -Wextra -Werror -fsyntax-only -isystem "$headers" "$work/all.cpp"

cmake -S "$repository/samples/library" -B "$work/by-cmake" -DCMAKE_PREFIX_PATH="$prefix;$paths" >"$work/cmake.log" ||
  { cat "$work/cmake.log"; exit 1; }
cmake --build "$work/by-cmake" >"$work/cmake.log" 2>&1 || { cat "$work/cmake.log"; exit 1; }

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name deckle.pc)")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
read -ra flags <<<"$CXXFLAGS $(pkg-config --cflags --libs deckle)"
"$CXX" -std=c++20 "$repository/samples/library/main.cpp" -o "$work/by-pkg-config" "${flags[@]}"

pictures=$repository/samples/pictures
chain=$prefix/share/deckle/configs/train-224.json
mkdir "$work/in"
cp "$pictures/turned.jpg" "$pictures/deep.png" "$work/in"
"$prefix/bin/deckle" run "$chain" "$work/in" -o "$work/out" >"$work/run.log"
cd "$work/in"
for picture in turned deep; do
  "$work/by-cmake/example" "$chain" "$picture."* "$work/by-cmake/$picture.png"
  "$work/by-pkg-config" "$chain" "$picture."* "$work/$picture.png"
  cmp "$work/by-cmake/$picture.png" "$work/out/$picture.png"
  cmp "$work/$picture.png" "$work/out/$picture.png"
done
printf 'the same bytes from the program, by find_package and by pkg-config\n'
