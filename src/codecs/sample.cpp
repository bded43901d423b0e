// SPDX-License-Identifier: Apache-2.0
#include "codecs/sample.h"

#include <cstdint>

#include "core/digest.h"
#include "core/text.h"

namespace deckle {
namespace {

Tensor make_sample() {
  constexpr std::int64_t kRows = 48;
  constexpr std::int64_t kCols = 64;
  Tensor sample;
  sample.reset(Shape::image(kRows, kCols, 3), DType::UInt8);
  std::uint8_t* to = sample.data.data();
  std::uint32_t noise = 1;
  for (std::int64_t r = 0; r < kRows; ++r) {
    for (std::int64_t c = 0; c < kCols; ++c) {
      noise = noise * 1664525U + 1013904223U;
      const std::int64_t grain = r < kRows / 2 ? 0 : noise >> 28U;
      const std::int64_t edge = c > r + 8 ? 60 : 0;
      *to++ = static_cast<std::uint8_t>(r * 3 + edge + grain);
      *to++ = static_cast<std::uint8_t>(c * 2 + edge + grain);
      *to++ = static_cast<std::uint8_t>((r + c) * 2 - edge / 2 + grain);
    }
  }
  return sample;
}

}  // namespace

const Tensor& sample_picture() {
  static const Tensor kSample = make_sample();
  return kSample;
}

std::string short_digest(Bytes bytes) {
  constexpr std::size_t kDigits = 8;
  return hex(sha256(bytes)).substr(0, kDigits);
}

}  // namespace deckle
