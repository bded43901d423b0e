// SPDX-License-Identifier: Apache-2.0
// seeds: from the chain's seed, the layer and the image to the seed pair of one draw.
//
// This derivation decides where every random crop falls. It never changes: a better one gets a new
// version number and the old one stays. tests/golden/seeds.json holds it fast.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/digest.h"
#include "random/stateless.h"

namespace deckle {

/// Stands in every manifest's header.
inline constexpr int kSeedDerivation = 1;

/// Which part of an image's identity decides its draws.
enum class SeedFrom { Path, Index, Content, Fixed };

/// An image, as far as draws depend on it.
struct ImageIdentity {
  std::string path;  ///< relative to the input root, '/' between folders: the bytes of the name
  std::int64_t index = 0;  ///< place in the sorted list of images, from 0
  Sha256 content{};        ///< of the file as it lies on the disk
  int copy = 0;            ///< which of several copies, from 0
};

/// The seed pair of one draw. `base` is the layer's own seed or the chain's; a number s stands for
/// [s, 0]. `ordinal` counts the random layers before this one that draw from the chain's seed too
/// (0 for a layer with a seed of its own), so that two of them do not draw alike.
///
///     Path     fold_in(base, first 8 bytes of SHA-256(path) as a big-endian int64)
///     Content  fold_in(base, first 8 bytes of SHA-256(file) as a big-endian int64)
///     Index    [a + i, b + i]
///     Fixed    base
///
/// then, where ordinal or copy are not 0, fold_in(.., ordinal); then, where copy > 0, fold_in(..,
/// copy).
[[nodiscard]] SeedPair derive_seed(SeedPair base, SeedFrom from, int ordinal,
                                   const ImageIdentity& image);

}  // namespace deckle
