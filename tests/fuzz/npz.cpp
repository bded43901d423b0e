// SPDX-License-Identifier: Apache-2.0
// A .npz file: each of its arrays is read.
#include "codecs/npz.h"

#include "codecs/npy.h"
#include "fuzz/fuzz.h"

namespace deckle::fuzz {

void npz(Bytes input) {
  const PathOf file(input);
  const auto listing = list_npz(file.path());
  if (!listing) return;
  for (const NpzMember& member : listing->arrays) {
    constexpr std::uint64_t kMostBytes = 1 << 20;
    Buffer out;
    if (!read_npz(file.path(), member.name, out, kMostBytes)) continue;
    const test::File array = file_of(out.bytes());
    const auto header = read_npy_header(array);
    if (header) static_cast<void>(read_npy(array, *header, out));
  }
}

}  // namespace deckle::fuzz
