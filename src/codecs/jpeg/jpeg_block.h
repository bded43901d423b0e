// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace deckle {

inline constexpr unsigned kCoefficients = 64;  // of a block

// What T.81 leaves open for the transforms of both directions, as libjpeg-turbo has it: the bits of
// constants, and how many more there are between the two passes.
inline constexpr int kConstantBits = 13;
inline constexpr int kPassBits = 2;

/// x >= 0 times 2^bits, rounded.
constexpr std::int32_t fixed(double x, int bits = kConstantBits) {
  return static_cast<std::int32_t>(x * (2 << bits) + 1) / 2;
}

/// Two blocks that are transformed together: row i holds the 8 coefficients of the first block's
/// row i, then those of the second's. What stands behind is written by decoders that have nothing
/// to write, and never read.
struct alignas(64) BlockPair {
  static constexpr std::size_t kStride = 16;
  static constexpr std::size_t kNowhere = 8 * kStride;
  std::array<std::int16_t, kNowhere + kStride> values{};
};

/// The samples of a block: 8 rows of 8, so many bytes apart.
struct BlockPlace {
  std::uint8_t* at = nullptr;
  std::ptrdiff_t stride = 0;
};

/// Where the k-th coefficient of a block stands in a BlockPair (T.81, figure 5); nowhere for
/// k = 64 .. 127.
inline constexpr std::array<std::uint8_t, 128> kZigzag = [] {
  std::array<std::uint8_t, 128> places{};
  places.fill(BlockPair::kNowhere);
  std::size_t k = 0;
  for (int diagonal = 0; diagonal < 15; ++diagonal) {
    for (int i = 0; i <= diagonal; ++i) {
      const int row = diagonal % 2 == 0 ? diagonal - i : i;  // upwards first
      const int col = diagonal - row;
      if (row < 8 && col < 8)
        places[k++] = static_cast<std::uint8_t>(row * static_cast<int>(BlockPair::kStride) + col);
    }
  }
  return places;
}();

}  // namespace deckle
