// SPDX-License-Identifier: Apache-2.0
// resample: interpolated resizing as TensorFlow and Keras do it, one axis after the other.
//
// This is not left to a library: results must not depend on the processor's vector units, and
// OpenCV's kernels, borders and 8-bit rounding differ from those of Keras.
#pragma once

#include <cstdint>

#include "core/stop.h"
#include "core/tensor.h"
#include "kernels/taps.h"

namespace deckle {

/// rows x cols x channels of any dtype to `rows` x `cols` x channels of `to`. Both sizes at least
/// 1. Float64 is computed in float64, every other type in float32, the sums in a fixed order;
/// integer types are rounded half to even and saturated, and NaN becomes 0. Nearest moves samples
/// as they are, then casts. Where `stop` cancels it, `out` is incomplete.
void resample(const Tensor& source, std::int64_t rows, std::int64_t cols, const Resampling& how,
              DType to, Tensor& out, const Stop& stop = {});

}  // namespace deckle
