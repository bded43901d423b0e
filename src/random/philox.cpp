// SPDX-License-Identifier: Apache-2.0
#include "random/philox.h"

namespace deckle {

PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key) {
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53;
  constexpr std::uint64_t kMultiplier2 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
  constexpr std::uint32_t kWeyl1 = 0xBB67AE85;
  const auto high = [](std::uint64_t product) {
    return static_cast<std::uint32_t>(product >> 32U);
  };
  const auto low = [](std::uint64_t product) { return static_cast<std::uint32_t>(product); };

  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p = kMultiplier0 * counter[0];
    const std::uint64_t q = kMultiplier2 * counter[2];
    counter = {high(q) ^ counter[1] ^ key[0], low(q), high(p) ^ counter[3] ^ key[1], low(p)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

std::uint32_t PhiloxStream::next() {
  if (used_ == 4) {
    block_ = philox(counter_, key_);
    used_ = 0;
    for (std::uint32_t& word : counter_) {
      if (++word != 0) break;  // carry into the next word
    }
  }
  return block_.at(used_++);
}

}  // namespace deckle
