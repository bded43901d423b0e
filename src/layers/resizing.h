// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/resample.h"
#include "layers/arguments.h"
#include "layers/layer.h"

namespace deckle {

/// The values of Resizing's and UpSampling2D's `interpolation` in this Keras.
[[nodiscard]] std::vector<std::string_view> keras_interpolations(KerasVersion keras);

/// smart_resize's window: the largest centred one of height : width that fits into the picture, at
/// least one pixel. Keras 2.9 divides in float32, Keras 3 in float64.
[[nodiscard]] Window smart_window(const Shape& in, std::int64_t height, std::int64_t width,
                                  KerasVersion keras);

/// Adds a resize to the builder. Computes in float32, or in float64 if that is the layer's `dtype`.
/// The result has `dtype`; from Keras 3.6 on, integers are rounded half to even to their own type.
void resize_as_keras(OpBuilder& builder, std::int64_t rows, std::int64_t cols,
                     const Resampling& how, DType dtype, KerasVersion keras);

}  // namespace deckle
