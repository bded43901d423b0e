// SPDX-License-Identifier: Apache-2.0
// seeds: from the chain's seed, the layer and the image to the seed pair of one draw.
//
// This derivation decides where every random crop falls. It never changes: a better one gets a new
// version number. A manifest records its draws: replaying it needs no derivation.
// tests/golden/seeds.json holds it fast.
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

/// The extensions that are no part of an image's key. A part of the derivation, not of what is
/// read: another list is another derivation.
inline constexpr std::array<std::string_view, 43> kPictureExtensions{
    "apng", "avif", "bmp", "dcm", "dds",  "dib", "dng", "exr", "gif",  "hdr", "heic",
    "heif", "ico",  "j2c", "j2k", "jfif", "jp2", "jpc", "jpe", "jpeg", "jpf", "jpg",
    "jpx",  "jxl",  "npy", "pam", "pbm",  "pcx", "pfm", "pgm", "pic",  "png", "pnm",
    "ppm",  "psd",  "pxm", "qoi", "ras",  "sr",  "tga", "tif", "tiff", "webp"};

/// What of a path decides draws: all of it but the extension of a picture, in upper or lower case.
/// a.jpg, its mask a.png and its copy a.webp have one key; scan.0017 keeps its .0017.
[[nodiscard]] std::string_view image_key(std::string_view path);

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
/// (0 for a layer with a seed of its own), so that no two of them draw the same numbers.
///
///     Path     fold_in(base, first 8 bytes of SHA-256(image_key(path)) as a big-endian int64)
///     Content  fold_in(base, first 8 bytes of SHA-256(file) as a big-endian int64)
///     Index    [a + i, b + i]
///     Fixed    base
///
/// then, where ordinal or copy are not 0, fold_in(.., ordinal); then, where copy > 0, fold_in(..,
/// copy).
[[nodiscard]] SeedPair derive_seed(SeedPair base, SeedFrom from, int ordinal,
                                   const ImageIdentity& image);

}  // namespace deckle
