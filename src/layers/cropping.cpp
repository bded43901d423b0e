// SPDX-License-Identifier: Apache-2.0
// cropping: drops rows and columns at the edges.
// Shapes  rows x cols x channels -> (rows - top - bottom) x (cols - left - right) x channels
// Fails   Shape where nothing would be left (Keras 1 and 2.3 answer nonsense there)
// Source  Keras 1.2 to 3: Cropping2D
#include "layers/cropping.h"

#include "layers/arguments.h"
#include "layers/common.h"

namespace deckle {
namespace {

constexpr std::string_view kName = "Cropping2D";

Result<Shape> cropped(const Shape& in, const std::vector<Pair>& cropping) {
  Shape out = in;
  for (int a = 0; a < in.rank; ++a) {
    const Pair& pair = cropping[static_cast<std::size_t>(a)];
    out[a] = in[a] - pair[0] - pair[1];
    if (out[a] < 1) {
      return shape_error(kName, "taking " + std::to_string(pair[0]) + " and " +
                                    std::to_string(pair[1]) + " off " + std::to_string(in[a]) +
                                    (a == 0 ? " rows" : " columns") + " leaves none");
    }
  }
  return out;
}

std::optional<Layer> parse(Arguments& arguments) {
  const std::vector<Pair> cropping = arguments.pairs("cropping", 2, {{0, 0}, {0, 0}});
  const Json data_format = parse_data_format(arguments);
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.config = {{"cropping", to_json(cropping)}, {"data_format", data_format}};
  layer.output_shape = [=](const Shape& in) { return cropped(in, cropping); };
  layer.edit = [=](Draft& draft, const Choice&) -> Result<Done> {
    for (int a = 0; a < 2; ++a) {
      const Pair& pair = cropping[static_cast<std::size_t>(a)];
      draft.axis(a).crop(pair[0], pair[1]);
    }
    return Done{};
  };
  return layer;
}

}  // namespace

LayerSpec cropping2d_spec() {
  return {kName,
          "drop rows and columns at the edges",
          "rows x cols x c  ->  rows - top - bottom x cols - left - right x c",
          R"({"class_name": "Cropping2D", "config": {"cropping": [[8, 8], [4, 4]]}})",
          "As in Keras; more than the image has is that image's error.",
          {{"cropping", "n | [rows, cols] | [[top, bottom], [left, right]]", "[[0, 0], [0, 0]]",
            pairs_schema(2)},
           data_format_argument()},
          parse};
}

}  // namespace deckle
