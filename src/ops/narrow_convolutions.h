// SPDX-License-Identifier: Apache-2.0
// narrow_convolutions: convolutions compute only the part of their output that is used.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "geometry/window.h"
#include "kernels/convolve.h"
#include "ops/op.h"

namespace deckle {

/// Narrows every convolution that is followed by a gather. It then computes only the window that
/// the gather reads, and the pixels around it that the next convolution needs. The output of the
/// operations stays the same.
void narrow_convolutions(std::vector<Op>& ops);

/// Narrows one axis of a convolution to the interval `wanted` of its output. `size` is the filter's
/// length and `n` the input's length along this axis. Returns the interval of the input that is
/// needed; nothing if a transposed convolution cannot compute the interval by itself, because no
/// input contributes to the start of it.
[[nodiscard]] std::optional<Interval> narrow_axis(bool transposed, ConvolvedAxis& axis,
                                                  std::int64_t size, std::int64_t n,
                                                  const Interval& wanted);

/// Whether each output value depends on others along a spatial axis (softmax). Then no part can be
/// computed by itself.
[[nodiscard]] bool sums_over_axis(const ConvolveOp& op);

}  // namespace deckle
