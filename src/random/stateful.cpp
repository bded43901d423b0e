// SPDX-License-Identifier: Apache-2.0
#include "random/stateful.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>

#include "random/stateless.h"

namespace deckle {
namespace {

constexpr std::uint32_t kInt32Max = 2147483647;

// TensorFlow reserves 256 blocks for each value of a call.
constexpr std::uint64_t kBlocksPerValue = 256;

bool is_negative(const WideSeed& seed) {
  return seed.back() >> 31U != 0;
}

WideSeed absolute(WideSeed seed) {
  if (!is_negative(seed)) return seed;
  std::uint64_t carry = 1;
  for (std::uint32_t& word : seed) {
    carry += static_cast<std::uint32_t>(~word);
    word = static_cast<std::uint32_t>(carry);
    carry >>= 32U;
  }
  return seed;
}

// Python's `seed % (2**31 - 1)`: never negative.
std::int64_t modulo_int32_max(const WideSeed& seed) {
  const WideSeed positive = absolute(seed);
  std::uint64_t remainder = 0;
  for (std::size_t i = positive.size(); i-- > 0;)
    remainder = (remainder << 32U | positive.at(i)) % kInt32Max;
  if (is_negative(seed) && remainder != 0) remainder = kInt32Max - remainder;
  return static_cast<std::int64_t>(remainder);
}

// MT19937 as CPython seeds it: Matsumoto's and Nishimura's init_by_array over the words of the
// seed's absolute value (std::mt19937 has no such constructor).
class PythonRandom {
 public:
  explicit PythonRandom(const WideSeed& seed) {
    const WideSeed key = absolute(seed);
    std::size_t words = key.size();
    while (words > 1 && key.at(words - 1) == 0)
      --words;

    state_[0] = 19650218;
    for (std::uint32_t i = 1; i < kSize; ++i)
      state_.at(i) = 1812433253U * mixed(i) + i;
    std::size_t i = 1;
    const auto advance = [&] {
      if (++i < kSize) return;
      state_[0] = state_[kSize - 1];
      i = 1;
    };
    for (std::size_t k = 0, j = 0; k < kSize; ++k, j = j + 1 < words ? j + 1 : 0) {
      state_.at(i) =
          (state_.at(i) ^ mixed(i) * 1664525U) + key.at(j) + static_cast<std::uint32_t>(j);
      advance();
    }
    for (std::size_t k = 0; k + 1 < kSize; ++k) {
      state_.at(i) = (state_.at(i) ^ mixed(i) * 1566083941U) - static_cast<std::uint32_t>(i);
      advance();
    }
    state_[0] = 0x80000000U;
  }

  std::uint32_t next() {
    if (used_ == kSize) refill();
    std::uint32_t word = state_.at(used_++);
    word ^= word >> 11U;
    word ^= word << 7U & 0x9D2C5680U;
    word ^= word << 15U & 0xEFC60000U;
    return word ^ word >> 18U;
  }

 private:
  static constexpr std::size_t kSize = 624;
  static constexpr std::size_t kMiddle = 397;

  [[nodiscard]] std::uint32_t mixed(std::size_t i) const {
    return state_.at(i - 1) ^ state_.at(i - 1) >> 30U;
  }

  void refill() {
    for (std::size_t i = 0; i < kSize; ++i) {
      const std::uint32_t both =
          (state_.at(i) & 0x80000000U) | (state_.at((i + 1) % kSize) & 0x7FFFFFFFU);
      state_.at(i) =
          state_.at((i + kMiddle) % kSize) ^ both >> 1U ^ ((both & 1U) != 0 ? 0x9908B0DFU : 0U);
    }
    used_ = 0;
  }

  std::array<std::uint32_t, kSize> state_{};
  std::size_t used_ = kSize;
};

std::vector<std::int64_t> offsets(PhiloxStream stream, std::span<const std::int64_t> shape,
                                  std::span<const std::int64_t> size) {
  std::vector<std::int64_t> result;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    assert(size[axis] >= 1 && size[axis] <= shape[axis]);
    result.push_back(std::int64_t{stream.next() % kInt32Max} % (shape[axis] - size[axis] + 1));
  }
  return result;
}

// counter + blocks, over all its 128 bits.
PhiloxBlock skipped(PhiloxBlock counter, std::uint64_t blocks) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < counter.size(); ++i) {
    const std::uint32_t added =
        i < 2 ? static_cast<std::uint32_t>(blocks >> (32U * i)) : std::uint32_t{0};
    carry += std::uint64_t{counter.at(i)} + added;
    counter.at(i) = static_cast<std::uint32_t>(carry);
    carry >>= 32U;
  }
  return counter;
}

}  // namespace

WideSeed wide_seed(std::int64_t seed) {
  const auto bits = std::bit_cast<std::uint64_t>(seed);
  WideSeed wide;
  wide.fill(seed < 0 ? 0xFFFFFFFFU : 0U);
  wide[0] = static_cast<std::uint32_t>(bits);
  wide[1] = static_cast<std::uint32_t>(bits >> 32U);
  return wide;
}

KernelSeeds kernel_seeds(const std::optional<WideSeed>& global, const WideSeed& op) {
  constexpr std::int64_t kDefaultGlobal = 87654321;
  const KernelSeeds seeds{global ? modulo_int32_max(*global) : kDefaultGlobal,
                          modulo_int32_max(op)};
  // A kernel with two zeros would take seeds from the system.
  return seeds == KernelSeeds{0, 0} ? KernelSeeds{0, kInt32Max} : seeds;
}

std::int64_t eager_op_seed(const WideSeed& global, std::int64_t n) {
  struct Position {
    WideSeed global;
    PythonRandom random;
    std::int64_t drawn;
    std::int64_t last;
  };
  thread_local std::optional<Position> position;
  if (!position || position->global != global || position->drawn > n + 1)
    position = Position{global, PythonRandom(global), 0, 0};
  while (position->drawn <= n) {
    std::uint32_t word = 0;
    do {
      word = position->random.next();
    } while (word > kInt32Max);
    position->last = word;
    ++position->drawn;
  }
  return position->last;
}

std::vector<std::int64_t> stateful_random_crop(std::span<const std::int64_t> shape,
                                               std::span<const std::int64_t> size,
                                               KernelSeeds seeds, std::int64_t call) {
  const auto low = [](std::int64_t seed) { return static_cast<std::uint32_t>(seed); };
  const auto high = [](std::int64_t seed) {
    return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(seed) >> 32U);
  };
  const PhiloxKey key{low(seeds.seed), high(seeds.seed)};
  const PhiloxBlock counter{0, 0, low(seeds.seed2), high(seeds.seed2)};
  const std::uint64_t blocks = kBlocksPerValue * shape.size() * static_cast<std::uint64_t>(call);
  return offsets({skipped(counter, blocks), key}, shape, size);
}

std::pair<std::int64_t, std::int64_t> keras_random_crop(std::int64_t rows, std::int64_t cols,
                                                        std::int64_t height, std::int64_t width,
                                                        const WideSeed& seed, std::int64_t call) {
  const PhiloxBlock counter{seed[0], seed[1], seed[2], seed[3]};
  const PhiloxKey key{seed[4], seed[5]};
  const std::array shape{rows, cols};
  const std::array size{height, width};
  const auto offset = offsets(
      {skipped(counter, 2 * kBlocksPerValue * static_cast<std::uint64_t>(call)), key}, shape, size);
  return {offset[0], offset[1]};
}

}  // namespace deckle
