// SPDX-License-Identifier: Apache-2.0
// up_sampling: shows every row and column several times.
// Shapes  rows x cols x channels -> (rows * k) x (cols * l) x channels, the same dtype
// Fails   Shape where an axis would be longer than kMaxExtent
// Source  Keras 1.2 to 3: UpSampling2D, interpolation "nearest"
#include "layers/up_sampling.h"

#include <array>

#include "layers/arguments.h"
#include "layers/common.h"

namespace deckle {
namespace {

constexpr std::string_view kName = "UpSampling2D";
constexpr std::array<std::string_view, 1> kInterpolations{"nearest"};

Result<Shape> enlarged(const Shape& in, const std::vector<std::int64_t>& size) {
  Shape out = in;
  for (int a = 0; a < in.rank; ++a) {
    out[a] = in[a] * size[static_cast<std::size_t>(a)];  // both below 2^31
    if (out[a] > kMaxExtent) {
      return shape_error(
          kName, std::to_string(out[a]) + (a == 0 ? " rows" : " columns") + " are too many");
    }
  }
  return out;
}

std::optional<Layer> parse(Arguments& arguments) {
  const std::vector<std::int64_t> size = arguments.factors("size", 2, 1, 2);
  const Json data_format = parse_data_format(arguments);
  arguments.choice("interpolation", kInterpolations, 0);
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.config = {{"size", size}, {"data_format", data_format}, {"interpolation", "nearest"}};
  layer.output_shape = [=](const Shape& in) { return enlarged(in, size); };
  layer.edit = [=](Draft& draft, const Choice&) -> Result<Done> {
    for (int a = 0; a < 2; ++a)
      draft.axis(a).repeat(size[static_cast<std::size_t>(a)]);
    return Done{};
  };
  return layer;
}

}  // namespace

LayerSpec up_sampling2d_spec() {
  const Json factor = whole_schema(1);
  const Json two{{"type", "array"}, {"items", factor}, {"minItems", 2}, {"maxItems", 2}};
  return {kName,
          "show every row and column several times",
          "rows x cols x c  ->  rows * k x cols * l x c",
          R"({"class_name": "UpSampling2D", "config": {"size": [2, 2]}})",
          "As in Keras with interpolation \"nearest\".",
          {{"size", "k | [k, l], each >= 1", "[2, 2]", {{"anyOf", Json::array({factor, two})}}},
           data_format_argument(),
           {"interpolation", "nearest", "nearest", {{"enum", Json::array({"nearest"})}}}},
          parse};
}

}  // namespace deckle
