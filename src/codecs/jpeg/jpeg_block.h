// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace deckle {

inline constexpr unsigned kCoefficients = 64;  // of a block

// T.81 does not fix these numbers; the values are those of libjpeg-turbo. Both transforms use them:
// the bits of constants, and the extra bits between the two passes.
inline constexpr int kConstantBits = 13;
inline constexpr int kPassBits = 2;

/// x >= 0 times 2^bits, rounded.
constexpr std::int32_t fixed(double x, int bits = kConstantBits) {
  return static_cast<std::int32_t>(x * (2 << bits) + 1) / 2;
}

/// Two blocks that are transformed together: row i holds the 8 coefficients of row i of the first
/// block, then those of the second. The values after row 7 are never read: the decoder writes there
/// if it has no value to store.
struct alignas(64) BlockPair {
  static constexpr std::size_t kStride = 16;
  static constexpr std::size_t kNowhere = 8 * kStride;
  std::array<std::int16_t, kNowhere + kStride> values{};
};

/// The samples of a block: 8 rows of 8, `stride` bytes apart.
struct BlockPlace {
  std::uint8_t* at = nullptr;
  std::ptrdiff_t stride = 0;
};

/// The index in a BlockPair of the k-th coefficient of a block (T.81, figure 5); kNowhere for k =
/// 64 .. 127.
inline constexpr std::array<std::uint8_t, 128> kZigzag = [] {
  std::array<std::uint8_t, 128> places{};
  places.fill(BlockPair::kNowhere);
  std::size_t k = 0;
  for (int diagonal = 0; diagonal < 15; ++diagonal) {
    for (int i = 0; i <= diagonal; ++i) {
      const int row = diagonal % 2 == 0 ? diagonal - i : i;  // up first
      const int col = diagonal - row;
      if (row < 8 && col < 8)
        places[k++] = static_cast<std::uint8_t>(row * static_cast<int>(BlockPair::kStride) + col);
    }
  }
  return places;
}();

}  // namespace deckle
