// SPDX-License-Identifier: Apache-2.0
// resample_by_two: bilinear, where every output has one tap or two along an axis.
#pragma once

#include "core/stop.h"
#include "core/tensor.h"
#include "kernels/taps.h"

namespace deckle {

/// low + (high - low) * weight along the columns, then along the rows: TensorFlow's bits. T, float
/// or double, is the type that is computed in; `out` has shape and type. `stop` as in `resample`.
template <typename T>
void resample_by_two(const Tensor& source, const AxisTaps& rows, const AxisTaps& cols, Tensor& out,
                     const Stop& stop);

/// Bilinear or area, where both sides become half of what they were, in float32: the same bits as
/// the general way, in one pass. False: not done, there is no such kernel.
[[nodiscard]] bool resample_half(const Tensor& source, bool area, Tensor& out);

}  // namespace deckle
