// SPDX-License-Identifier: Apache-2.0
// common: what several layer families say alike.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "layers/arguments.h"
#include "layers/layer.h"

namespace deckle {

/// Keras' data_format: how arrays are laid out; image files are unaffected. Its absence is left to
/// the chain.
[[nodiscard]] ArgumentSpec data_format_argument();
[[nodiscard]] Json parse_data_format(Arguments& arguments);

/// Keras' dtype of a layer: arrays of floats are made that type before the layer sees them. A float
/// type.
[[nodiscard]] ArgumentSpec dtype_argument();
[[nodiscard]] DType parse_dtype(Arguments& arguments);
/// The same for layers that cast whatever they are given, integers too, to any dtype; fails with
/// Depth where that would change the integers of `given`.
[[nodiscard]] ArgumentSpec any_dtype_argument();
[[nodiscard]] Result<Done> check_cast(std::string_view layer, DType given, DType to);

/// Whether this Keras' bilinear UpSampling2D is that of TensorFlow 1 (see Resampling).
[[nodiscard]] constexpr bool bilinear_from_corners(KerasVersion keras) {
  return keras < KerasVersion{2, 4};
}

/// Notes a mistake where the chain's Keras is older than the first one whose layer deckle knows.
void require_keras(Arguments& arguments, KerasVersion first);

/// A required number of pixels: height, width.
[[nodiscard]] ArgumentSpec pixels_argument(std::string_view name);
[[nodiscard]] ArgumentSpec interpolation_argument(std::string_view fallback);

/// JSON Schema of Keras' padding and cropping forms for `rank` axes.
[[nodiscard]] Json pairs_schema(int rank);
/// JSON Schema of one factor for all of `rank` axes, or one an axis.
[[nodiscard]] Json factors_schema(int rank);
/// JSON Schema of a whole number of at least `least`.
[[nodiscard]] Json whole_schema(std::int64_t least);
/// JSON Schema of a number or a list of them.
[[nodiscard]] Json numbers_schema();

[[nodiscard]] Json to_json(const std::vector<Pair>& pairs);
/// A seed as the chain file writes it; null where there is none.
[[nodiscard]] Json to_json(const std::optional<SeedPair>& seed);
[[nodiscard]] Json seed_schema();
/// One number as itself, several as a list.
[[nodiscard]] Json to_json(const std::vector<double>& numbers);

/// "rows", "columns": what the axis `a` of `rank` counts.
[[nodiscard]] std::string_view axis_name(int rank, int a);

/// An Error (Shape): `layer` cannot take an image of this shape, because.
[[nodiscard]] Error shape_error(std::string_view layer, const std::string& why);
/// That error where an extent is beyond kMaxExtent.
[[nodiscard]] Result<Shape> check_extents(std::string_view layer, const Shape& shape);

}  // namespace deckle
