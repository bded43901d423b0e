// SPDX-License-Identifier: Apache-2.0
// philox: the counter-based generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as
// easy as 1, 2, 3", 2011), which TensorFlow's random operations use.
#pragma once

#include <array>
#include <cstdint>

namespace deckle {

using PhiloxBlock = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// Ten rounds over one counter, whose word 0 is the least significant. The output is in the order
/// of words 0, 1, 2, 3.
[[nodiscard]] PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key);

/// The words of consecutive blocks, one after the other.
class PhiloxStream {
 public:
  PhiloxStream(PhiloxBlock counter, PhiloxKey key) : counter_(counter), key_(key) {}

  std::uint32_t next();

 private:
  PhiloxBlock counter_;
  PhiloxKey key_;
  PhiloxBlock block_{};
  unsigned used_ = 4;  ///< words of block_ that are used up
};

}  // namespace deckle
