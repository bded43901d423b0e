#!/usr/bin/env bash
# Builds the Debian packages into build/package, and shows what each needs. `tests/fresh.sh SUITE package` does this in a
# bare root, and tries them in another one (package/inside.sh).
set -euo pipefail

here=$(unset CDPATH && cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../setup.sh
source "$here/../setup.sh"

need_packages build package
build_preset package -DDECKLE_WITH_ONEDNN=ON -DDECKLE_WITH_HDF5=ON -DDECKLE_WITH_OPENCV=ON
cd -- "$deckle_root/build/package"
rm -f -- ./*.deb
logged ../cpack.log "Packing" cpack || { complain "The end of build/cpack.log:" "$(tail -n 40 ../cpack.log)"; exit 1; }
for package in ./*.deb; do
  printf '\n%s\n' "${package#./}"
  dpkg-deb -f "$package" Depends Recommends Suggests Installed-Size
done
if command -v lintian >/dev/null; then
  printf '\nlintian:\n'
  lintian --fail-on error ./*.deb
fi
