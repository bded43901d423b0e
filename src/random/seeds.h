// SPDX-License-Identifier: Apache-2.0
// seeds: derives the seed pair of one draw from the chain's seed, the layer and the image.
//
// This derivation decides the place of every random crop. It never changes: a better one gets a new
// version number. A manifest records its draws, therefore a replay needs no derivation. The vectors
// in tests/golden/seeds.json guard it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/digest.h"
#include "random/stateless.h"

namespace deckle {

/// In every manifest's header.
inline constexpr int kSeedDerivation = 2;

/// The extensions that are not part of an image's key. This list belongs to the derivation, not to
/// the formats that are read: another list is another derivation.
inline constexpr std::array<std::string_view, 43> kPictureExtensions{
    "apng", "avif", "bmp", "dcm", "dds",  "dib", "dng", "exr", "gif",  "hdr", "heic",
    "heif", "ico",  "j2c", "j2k", "jfif", "jp2", "jpc", "jpe", "jpeg", "jpf", "jpg",
    "jpx",  "jxl",  "npy", "pam", "pbm",  "pcx", "pfm", "pgm", "pic",  "png", "pnm",
    "ppm",  "psd",  "pxm", "qoi", "ras",  "sr",  "tga", "tif", "tiff", "webp"};

/// The part of a path that decides draws: the path without the extension of a picture, in upper or
/// lower case. a.jpg, its mask a.png and its copy a.webp have the same key; scan.0017 keeps its
/// .0017.
[[nodiscard]] std::string_view image_key(std::string_view path);

/// Which part of an image's identity decides its draws.
enum class SeedFrom { Path, Index, Content, Fixed };

/// What draws depend on in an image.
struct ImageIdentity {
  std::string path;  ///< relative to the input root, '/' between folders: the bytes of the name
  std::int64_t index = 0;  ///< index in the sorted list of images, from 0
  Sha256 content{};        ///< of the file's bytes
  int copy = 0;            ///< which of several copies, from 0
};

/// The seed pair of one draw. `base` is the layer's own seed or the chain's; a number s means [s,
/// 0]. `ordinal` counts the random layers before this one that draw from the chain's seed too (0
/// for a layer with its own seed). With it, no two of them draw the same numbers.
///
///     Path     fold_in(base, first 8 bytes of SHA-256(image_key(path)) as a big-endian int64)
///     Content  fold_in(base, first 8 bytes of SHA-256(file) as a big-endian int64)
///     Index    [a + i, b + i]
///     Fixed    base
///
/// then, if ordinal or copy is not 0, fold_in(.., ordinal); then, if copy > 0, fold_in(.., copy).
[[nodiscard]] SeedPair derive_seed(SeedPair base, SeedFrom from, int ordinal,
                                   const ImageIdentity& image);

}  // namespace deckle
