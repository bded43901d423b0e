// SPDX-License-Identifier: Apache-2.0
// convert: changes the type of samples.
#pragma once

#include "core/result.h"
#include "core/tensor.h"

namespace deckle {

/// Keras' cast, which does not scale values. A float becomes an integer without its fraction. A
/// value that the integer type does not have becomes its nearest value, and NaN becomes 0 (both are
/// undefined in TensorFlow and NumPy). To bool, every value but 0 becomes 1. To a float type, the
/// value is rounded once.
void cast(const Tensor& from, DType to, Tensor& out);

/// The same for `count` samples in memory, to float32.
void cast_to_float(const std::uint8_t* samples, DType from, std::size_t count, float* to);

/// Converts to the type of an image file. The values of `from` are on the scale of the type `scale`
/// (white is 255 for uint8, 65535 for uint16, 1 for floats), and become values on the scale of
/// `to`. Integers are rounded half to even and saturated, NaN becomes 0. If both scales are equal,
/// no value changes that `to` has.
void to_file_depth(const Tensor& from, DType scale, DType to, Tensor& out);

/// The same for `count` float32 in memory, to uint8 or uint16 of the same scale.
[[nodiscard]] bool rounds_quickly(DType to);
void round_samples(const float* samples, std::size_t count, DType to, std::uint8_t* out);

/// Fails with Depth, and the index of the first one, if `from` contains NaN or infinity and `to` is
/// an integer type. (To bool, both become 1, as in NumPy.) This is for arrays, in which nobody
/// would notice a 0 that was NaN.
[[nodiscard]] Result<Done> check_finite_for(const Tensor& from, DType to);

}  // namespace deckle
