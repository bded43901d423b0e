// SPDX-License-Identifier: Apache-2.0
// resample: interpolated resizing as TensorFlow and Keras do it, one axis after the other.
//
// No library does this, because results must not depend on the processor's vector units, and
// OpenCV's kernels, borders and 8-bit rounding differ from those of Keras.
#pragma once

#include <cstdint>

#include "core/stop.h"
#include "core/tensor.h"
#include "kernels/taps.h"

namespace deckle {

/// rows x cols x channels of any dtype to `rows` x `cols` x channels of `to`. Both sizes are at
/// least 1. Float64 is computed in float64, every other type in float32. Sums have a fixed order.
/// Integer types are rounded half to even and saturated, and NaN becomes 0. Nearest moves samples
/// without change, then casts. If `stop` cancels the work, `out` is incomplete.
void resample(const Tensor& source, std::int64_t rows, std::int64_t cols, const Resampling& how,
              DType to, Tensor& out, const Stop& stop = {});

}  // namespace deckle
