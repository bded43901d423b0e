// SPDX-License-Identifier: Apache-2.0
// resample: bilinear resizing as TensorFlow and Keras do it: half-pixel centres, two taps an axis,
// no antialiasing.
//
// Ours, not a library's: results must not depend on the processor's vector units, and OpenCV's
// 8-bit path rounds in fixed point where Keras works in float32.
#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace deckle {

/// rows x cols x channels of any dtype to `rows` x `cols` x channels of float32. Both sizes at
/// least 1.
void resample_bilinear(const Tensor& source, std::int64_t rows, std::int64_t cols, Tensor& out);

}  // namespace deckle
