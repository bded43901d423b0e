// SPDX-License-Identifier: Apache-2.0
// stateful: the n-th draw of TensorFlow's and Keras' random operations that have a state, computed
// without the draws before it.
//
// Source: the rules that tests/golden/random_crop.json was computed by. A "call" is counted from 0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "random/philox.h"

namespace deckle {

/// A seed as Python has it, a whole number of any size: 192 bits in two's complement, the lowest
/// word first.
using WideSeed = std::array<std::uint32_t, 6>;
[[nodiscard]] WideSeed wide_seed(std::int64_t seed);

/// The two seeds of a random operation's kernel.
struct KernelSeeds {
  std::int64_t seed;
  std::int64_t seed2;
  bool operator==(const KernelSeeds&) const = default;
};

/// tf.random.get_seed, from the seed of tf.random.set_seed, if that was called, and the operation's
/// own seed.
[[nodiscard]] KernelSeeds kernel_seeds(const std::optional<WideSeed>& global, const WideSeed& op);

/// The seed that the n-th eager operation without a seed of its own gets after set_seed(global).
/// Fast if `n` grows from call to call in one thread, else O(n).
[[nodiscard]] std::int64_t eager_op_seed(const WideSeed& global, std::int64_t n);

/// The offsets that the kernel's call number `call` draws: one for each axis, as
/// stateless_random_crop.
[[nodiscard]] std::vector<std::int64_t> stateful_random_crop(std::span<const std::int64_t> shape,
                                                             std::span<const std::int64_t> size,
                                                             KernelSeeds seeds, std::int64_t call);

/// The top and left of the window that Keras 2.9's RandomCrop layer keeps at its call number
/// `call`. Only calls with an image that is large enough count. Needs height <= rows and width <=
/// cols.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> keras_random_crop(
    std::int64_t rows, std::int64_t cols, std::int64_t height, std::int64_t width,
    const WideSeed& seed, std::int64_t call);

}  // namespace deckle
