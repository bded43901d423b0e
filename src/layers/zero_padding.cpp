// SPDX-License-Identifier: Apache-2.0
// zero_padding: puts rows and columns of zeros around the image (black; transparent where there is
// alpha). Shapes  rows x cols x channels -> (rows + top + bottom) x (cols + left + right) x
// channels Fails   Shape where an axis would be longer than kMaxExtent Source  Keras 1.2 to 3:
// ZeroPadding2D; Keras 1's four numbers and dictionary too
#include "layers/zero_padding.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "layers/arguments.h"
#include "layers/common.h"

namespace deckle {
namespace {

constexpr std::string_view kName = "ZeroPadding2D";
constexpr std::array<std::string_view, 4> kSides{"top_pad", "bottom_pad", "left_pad", "right_pad"};

// Keras 1's forms: [top, bottom, left, right], or an object with any of the four sides.
std::vector<Pair> keras1_padding(Arguments& arguments, const Json& value) {
  std::array<std::int64_t, 4> sides{0, 0, 0, 0};
  const auto read = [&](std::size_t side, const Json& number, const std::string& below) {
    const auto pixels = whole_number(number, 0);
    if (pixels) {
      sides.at(side) = *pixels;
    } else {
      arguments.mistake("padding", pixels.error().message, below);
    }
  };
  if (value.is_array()) {
    for (std::size_t i = 0; i < 4; ++i)
      read(i, value[i], "/" + std::to_string(i));
  } else {
    for (const auto& [key, number] : value.items()) {
      const auto* side = std::find(kSides.begin(), kSides.end(), key);
      if (side == kSides.end()) {
        arguments.mistake(
            "padding",
            "\"" + key + "\" is not a side; they are " + one_of(kSides) + did_you_mean(key, kSides),
            join_pointer("", key));
        continue;
      }
      read(static_cast<std::size_t>(side - kSides.begin()), number, join_pointer("", key));
    }
  }
  return {{sides[0], sides[1]}, {sides[2], sides[3]}};
}

std::vector<Pair> parse_padding(Arguments& arguments) {
  const Json* value = arguments.find("padding");
  const bool four_numbers = value != nullptr && value->is_array() && value->size() == 4;
  if (four_numbers || (value != nullptr && value->is_object()))
    return keras1_padding(arguments, *value);
  return arguments.pairs("padding", 2, {{1, 1}, {1, 1}});
}

Result<Shape> padded(const Shape& in, const std::vector<Pair>& padding) {
  Shape out = in;
  for (int a = 0; a < in.rank; ++a) {
    const Pair& pair = padding[static_cast<std::size_t>(a)];
    out[a] = in[a] + pair[0] + pair[1];
    if (out[a] > kMaxExtent) {
      return shape_error(
          kName, std::to_string(out[a]) + (a == 0 ? " rows" : " columns") + " are too many");
    }
  }
  return out;
}

std::optional<Layer> parse(Arguments& arguments) {
  const std::vector<Pair> padding = parse_padding(arguments);
  const Json data_format = parse_data_format(arguments);
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.config = {{"padding", to_json(padding)}, {"data_format", data_format}};
  layer.output_shape = [=](const Shape& in) { return padded(in, padding); };
  layer.edit = [=](Draft& draft, const Choice&) -> Result<Done> {
    for (int a = 0; a < 2; ++a) {
      const Pair& pair = padding[static_cast<std::size_t>(a)];
      draft.axis(a).pad(pair[0], pair[1]);
    }
    return Done{};
  };
  return layer;
}

Json padding_schema() {
  Json schema = pairs_schema(2);
  Json sides = Json::object();
  for (const std::string_view side : kSides)
    sides[std::string(side)] = whole_schema(0);
  schema["anyOf"].push_back(
      {{"type", "array"}, {"items", whole_schema(0)}, {"minItems", 4}, {"maxItems", 4}});
  schema["anyOf"].push_back(
      {{"type", "object"}, {"properties", sides}, {"additionalProperties", false}});
  return schema;
}

}  // namespace

LayerSpec zero_padding2d_spec() {
  return {kName,
          "put rows and columns of zeros around the image",
          "rows x cols x c  ->  top + rows + bottom x left + cols + right x c",
          R"({"class_name": "ZeroPadding2D", "config": {"padding": [[1, 2], [3, 4]]}})",
          "As in Keras; Keras 1's [top, bottom, left, right] and {\"top_pad\": ..} are taken too.",
          {{"padding", "n | [rows, cols] | [[top, bottom], [left, right]]", "[[1, 1], [1, 1]]",
            padding_schema()},
           data_format_argument()},
          parse};
}

}  // namespace deckle
