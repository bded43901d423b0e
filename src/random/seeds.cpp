// SPDX-License-Identifier: Apache-2.0
#include "random/seeds.h"

#include <algorithm>
#include <bit>

#include "core/bytes.h"
#include "core/text.h"

namespace deckle {
namespace {

std::int64_t wrapping_add(std::int64_t x, std::int64_t y) {
  return std::bit_cast<std::int64_t>(std::bit_cast<std::uint64_t>(x) +
                                     std::bit_cast<std::uint64_t>(y));
}

SeedPair of_image(SeedPair base, SeedFrom from, const ImageIdentity& image) {
  switch (from) {
    case SeedFrom::Path:
      return fold_in(base, leading_int64(sha256(as_bytes(image_key(image.path)))));
    case SeedFrom::Content:
      return fold_in(base, leading_int64(image.content));
    case SeedFrom::Index:
      return {wrapping_add(base.a, image.index), wrapping_add(base.b, image.index)};
    case SeedFrom::Fixed:
      break;
  }
  return base;
}

}  // namespace

std::string_view image_key(std::string_view path) {
  const std::string extension = extension_of(path);
  const bool picture = std::find(kPictureExtensions.begin(), kPictureExtensions.end(), extension) !=
                       kPictureExtensions.end();
  return picture ? stem_of(path) : path;
}

SeedPair derive_seed(SeedPair base, SeedFrom from, int ordinal, const ImageIdentity& image) {
  SeedPair seed = of_image(base, from, image);
  if (ordinal > 0 || image.copy > 0) seed = fold_in(seed, ordinal);
  if (image.copy > 0) seed = fold_in(seed, image.copy);
  return seed;
}

}  // namespace deckle
