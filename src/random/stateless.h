// SPDX-License-Identifier: Apache-2.0
// stateless: the draws of TensorFlow's stateless random operations, bit for bit.
//
// Source: the rules that tests/golden/random_crop.json was computed by; both of TensorFlow's forms
// of the operation (seed, or key and counter with alg="auto_select") draw these numbers on CPU and
// GPU.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "random/philox.h"

namespace deckle {

/// What tf.image.stateless_random_crop takes as `seed`: two 64-bit numbers. An int32 pair of the
/// same values draws the same.
struct SeedPair {
  std::int64_t a = 0;
  std::int64_t b = 0;

  bool operator==(const SeedPair&) const = default;
};

/// The stream of 32-bit words behind a seed pair.
[[nodiscard]] PhiloxStream stateless_stream(SeedPair seed);

/// The offsets, one for each axis, at which a window of `size` in a value of `shape` starts: 0 <=
/// offset <= shape - size. Every axis takes one word of the stream, even if only one offset is
/// possible. Needs 1 <= size <= shape.
[[nodiscard]] std::vector<std::int64_t> stateless_random_crop(std::span<const std::int64_t> shape,
                                                              std::span<const std::int64_t> size,
                                                              SeedPair seed);

/// tf.random.stateless_uniform([], seed): a float32 in [0, 1).
[[nodiscard]] float stateless_uniform(SeedPair seed);

/// tf.random.experimental.stateless_fold_in(seed, data) for int64: a new pair that depends on both.
[[nodiscard]] SeedPair fold_in(SeedPair seed, std::int64_t data);

}  // namespace deckle
