// SPDX-License-Identifier: Apache-2.0
// resample_by_two: bilinear resizing with one or two taps for each output along an axis.
#pragma once

#include "core/stop.h"
#include "core/tensor.h"
#include "kernels/taps.h"

namespace deckle {

/// low + (high - low) * weight along the columns, then along the rows: TensorFlow's bits. T, float
/// or double, is the type of the computation. `out` has its shape and type already. `stop` as in
/// `resample`.
template <typename T>
void resample_by_two(const Tensor& source, const AxisTaps& rows, const AxisTaps& cols, Tensor& out,
                     const Stop& stop);

/// Bilinear or area in float32, if both sides are halved: the same bits as the general kernel, in
/// one pass. False: nothing was done, because there is no kernel for this.
[[nodiscard]] bool resample_half(const Tensor& source, bool area, Tensor& out);

}  // namespace deckle
