// SPDX-License-Identifier: Apache-2.0
// common: what several layers share.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "layers/arguments.h"
#include "layers/layer.h"

namespace deckle {

// Arguments that several layers have. `since`: the first Keras whose layer has it.

/// Keras' data_format: the layout of arrays. Image files do not depend on it.
[[nodiscard]] ArgumentSpec data_format_argument(std::optional<KerasVersion> since = {});
/// Keras' dtype of a layer, a float type: arrays of floats are cast to it before the layer.
[[nodiscard]] ArgumentSpec dtype_argument();
/// The same for layers that cast all arrays, also arrays of integers, to any dtype.
[[nodiscard]] ArgumentSpec any_dtype_argument();
/// Fails with Depth if the cast would change the integers of `given`.
[[nodiscard]] Result<Done> check_cast(std::string_view layer, DType given, DType to);

/// A required number of pixels: height, width.
[[nodiscard]] ArgumentSpec pixels_argument(std::string_view name, std::string_view help,
                                           KerasVersion since);
[[nodiscard]] ArgumentSpec seed_argument(KerasVersion since);
/// Whether a random layer draws or acts as at inference; `help` describes that. In Keras it is an
/// argument of the call.
[[nodiscard]] ArgumentSpec training_argument(std::string_view help);

/// Whether bilinear UpSampling2D of this Keras works as in TensorFlow 1 (see Resampling).
[[nodiscard]] constexpr bool bilinear_from_corners(KerasVersion keras) {
  return keras < KerasVersion{2, 4};
}

/// Notes a mistake if the chain's Keras is older than the first one whose layer deckle knows.
void require_keras(Arguments& arguments, KerasVersion first);

[[nodiscard]] Json to_json(const std::vector<Pair>& pairs);
/// A seed as the chain file writes it; null if there is none.
[[nodiscard]] Json to_json(const std::optional<SeedPair>& seed);
/// One value as a number, several as a list.
[[nodiscard]] Json to_json(const std::vector<double>& numbers);

/// "rows", "columns": the unit of axis `a` of `rank`.
[[nodiscard]] std::string_view axis_name(int rank, int a);

/// An Error (Shape): `why` the layer cannot take an image of this shape.
[[nodiscard]] Error shape_error(std::string_view layer, const std::string& why);
/// The shape, or that error if an extent is larger than kMaxExtent.
[[nodiscard]] Result<Shape> check_extents(std::string_view layer, const Shape& shape);

}  // namespace deckle
