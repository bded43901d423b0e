// SPDX-License-Identifier: Apache-2.0
// scale: x * scale + offset, as Keras' Rescaling computes it.
#pragma once

#include <span>

#include "core/tensor.h"

namespace deckle {

/// Every sample of `from`, of any dtype, made `to` (Float32 or Float64) and multiplied and added to
/// in that type, in two roundings. `scale` and `offset` have one number for all channels, or one a
/// channel.
void scale(const Tensor& from, std::span<const double> scale, std::span<const double> offset,
           DType to, Tensor& out);

}  // namespace deckle
