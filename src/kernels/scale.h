// SPDX-License-Identifier: Apache-2.0
// scale: x * scale + offset, as Keras' Rescaling computes it.
#pragma once

#include <span>

#include "core/tensor.h"

namespace deckle {

/// Casts every sample of `from`, of any dtype, to `to` (Float32 or Float64), then multiplies and
/// adds in that type, with two roundings. `scale` and `offset` have one number for all channels, or
/// one for each channel.
void scale(const Tensor& from, std::span<const double> scale, std::span<const double> offset,
           DType to, Tensor& out);

}  // namespace deckle
