// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/resample.h"
#include "layers/arguments.h"
#include "layers/layer.h"

namespace deckle {

[[nodiscard]] LayerSpec resizing_spec();
[[nodiscard]] LayerSpec center_crop_spec();

/// smart_resize's window: the largest centred one of height : width that fits into the picture, at
/// least one pixel. Keras 2.9 divides in float32, Keras 3 in float64.
[[nodiscard]] Window smart_window(const Shape& in, std::int64_t height, std::int64_t width,
                                  KerasVersion keras);

/// Resizes what the builder holds, computing in float32 (float64 where that is the layer's
/// `dtype`). Answers `dtype`; integers come back rounded half to even as integers from Keras 3.6
/// on.
void resize_as_keras(OpBuilder& builder, std::int64_t rows, std::int64_t cols,
                     const Resampling& how, DType dtype, KerasVersion keras);

}  // namespace deckle
