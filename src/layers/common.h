// SPDX-License-Identifier: Apache-2.0
// common: what several layer families say alike.
#pragma once

#include <array>
#include <string_view>

#include "layers/arguments.h"
#include "layers/layer.h"

namespace deckle {

/// Keras' data_format: how arrays are laid out; image files are unaffected. Its absence is left to
/// the chain.
[[nodiscard]] ArgumentSpec data_format_argument();
[[nodiscard]] Json parse_data_format(Arguments& arguments);

/// JSON Schema of Keras' padding and cropping forms for `rank` axes.
[[nodiscard]] Json pairs_schema(int rank);
/// JSON Schema of a whole number of at least `least`.
[[nodiscard]] Json whole_schema(std::int64_t least);

[[nodiscard]] Json to_json(const std::vector<Pair>& pairs);

/// An Error (Shape): `layer` cannot take an image of this shape, because.
[[nodiscard]] Error shape_error(std::string_view layer, const std::string& why);

}  // namespace deckle
