// SPDX-License-Identifier: Apache-2.0
// convert: samples of one type as samples of another.
#pragma once

#include "core/result.h"
#include "core/tensor.h"

namespace deckle {

/// Keras' cast: the values as they are. Floats become integers by dropping the fraction; what an
/// integer type cannot hold becomes its nearest end, and NaN becomes 0 (TensorFlow and NumPy leave
/// both undefined). To bool, all but 0 is 1. To a float type the value is rounded once.
void cast(const Tensor& from, DType to, Tensor& out);

/// The same of so many samples to float32, wherever they lie.
void cast_to_float(const std::uint8_t* samples, DType from, std::size_t count, float* to);

/// What an image file gets: `from` holds values on the scale of `scale` (255 is white for uint8,
/// 65535 for uint16, 1 for floats) and they are put on the scale of `to`. Integers are rounded half
/// to even and saturated, NaN becomes 0. The same scale on both sides changes no value that `to`
/// can hold.
void to_file_depth(const Tensor& from, DType scale, DType to, Tensor& out);

/// The same of so many float32 to uint8 or uint16 of the same scale, wherever they lie.
[[nodiscard]] bool rounds_quickly(DType to);
void round_samples(const float* samples, std::size_t count, DType to, std::uint8_t* out);

/// Fails with Depth, and the index of the first, where `from` holds NaN or infinity and `to` is an
/// integer type. (To bool both are 1, as in NumPy.) For arrays, where nobody would notice a 0 that
/// was NaN.
[[nodiscard]] Result<Done> check_finite_for(const Tensor& from, DType to);

}  // namespace deckle
