// SPDX-License-Identifier: Apache-2.0
#include "random/stateless.h"

#include <bit>
#include <cassert>
#include <cstddef>

namespace deckle {
namespace {

std::uint32_t low_word(std::int64_t value) {
  return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value));
}
std::uint32_t high_word(std::int64_t value) {
  return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value) >> 32U);
}

}  // namespace

PhiloxStream stateless_stream(SeedPair seed) {
  constexpr PhiloxKey kScrambleKey{0x3EC8F720, 0x02461E29};
  const PhiloxBlock mixed = philox(
      {low_word(seed.a), high_word(seed.a), low_word(seed.b), high_word(seed.b)}, kScrambleKey);
  return {{0, 0, mixed[2], mixed[3]}, {mixed[0], mixed[1]}};
}

std::vector<std::int64_t> stateless_random_crop(std::span<const std::int64_t> shape,
                                                std::span<const std::int64_t> size, SeedPair seed) {
  assert(shape.size() == size.size());
  // TensorFlow first draws a number below int32's maximum, and reduces it to the axis: two moduli,
  // in this order.
  constexpr std::uint32_t kInt32Max = 2147483647;
  PhiloxStream stream = stateless_stream(seed);
  std::vector<std::int64_t> offset;
  offset.reserve(shape.size());
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    assert(size[axis] >= 1 && size[axis] <= shape[axis]);
    const std::int64_t limit = shape[axis] - size[axis] + 1;
    offset.push_back(std::int64_t{stream.next() % kInt32Max} % limit);
  }
  return offset;
}

float stateless_uniform(SeedPair seed) {
  // 23 bits of the word as the fraction of a number in [1, 2).
  const std::uint32_t fraction = stateless_stream(seed).next() & 0x7FFFFFU;
  return std::bit_cast<float>(0x3F800000U | fraction) - 1.0F;
}

SeedPair fold_in(SeedPair seed, std::int64_t data) {
  PhiloxStream stream = stateless_stream(seed);
  const std::uint64_t low = stream.next();
  const std::uint64_t high = stream.next();
  return {std::bit_cast<std::int64_t>(high << 32U | low), data};
}

}  // namespace deckle
