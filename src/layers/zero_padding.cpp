// SPDX-License-Identifier: Apache-2.0
// zero_padding: adds samples around the image: zeros as in Keras (black; transparent if there is
//         alpha), or by `mode` another value or copies of the image itself.
// Shapes  (2-D) rows x cols x channels -> (rows + top + bottom) x (cols + left + right) x channels
// Fails   Shape if an axis would be longer than kMaxExtent, or if `value` has not one number for
//         each channel; Depth if the samples' type cannot hold `value`
// Source  Keras 1.2 to 3: ZeroPadding1D, 2D, 3D; also Keras 1's four numbers and dictionaries.
//         numpy.pad for the modes
#include <algorithm>
#include <array>
#include <span>

#include "core/text.h"
#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/registry.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 2> kEnds{"left_pad", "right_pad"};
constexpr std::array<std::string_view, 4> kSides{"top_pad", "bottom_pad", "left_pad", "right_pad"};

constexpr std::array<std::string_view, 5> kModes{"constant", "reflect", "symmetric", "edge",
                                                 "wrap"};
constexpr std::array kPadModes{PadMode::Reflect, PadMode::Symmetric, PadMode::Edge, PadMode::Wrap};

std::span<const std::string_view> sides_of(int rank) {
  if (rank == 1) return kEnds;
  if (rank == 2) return kSides;
  return {};
}

// Keras 1's forms: [top, bottom, left, right], or an object with any of the sides.
std::vector<Pair> keras1_padding(Arguments& arguments, const Json& value, int rank) {
  const auto names = sides_of(rank);
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
    for (std::size_t i = 0; i < names.size(); ++i)
      read(i, value[i], "/" + std::to_string(i));
  } else {
    for (const auto& [key, number] : value.items()) {
      const auto side = std::find(names.begin(), names.end(), key);
      if (side == names.end()) {
        arguments.mistake(
            "padding",
            "\"" + key + "\" is not a side; they are " + one_of(names) + did_you_mean(key, names),
            join_pointer("", key));
        continue;
      }
      read(static_cast<std::size_t>(side - names.begin()), number, join_pointer("", key));
    }
  }
  if (rank == 1) return {{sides[0], sides[1]}};
  return {{sides[0], sides[1]}, {sides[2], sides[3]}};
}

std::vector<Pair> parse_padding(Arguments& arguments, int rank) {
  const Json* value = arguments.find("padding");
  const bool four_numbers =
      rank == 2 && value != nullptr && value->is_array() && value->size() == 4;
  const bool sides = rank < 3 && value != nullptr && value->is_object();
  if (four_numbers || sides) return keras1_padding(arguments, *value, rank);
  return arguments.pairs("padding");
}

Result<Shape> padded(std::string_view name, const Shape& in, const std::vector<Pair>& padding) {
  Shape out = in;
  for (int a = 0; a < in.rank; ++a) {
    const Pair& pair = padding[static_cast<std::size_t>(a)];
    out[a] = in[a] + pair[0] + pair[1];
  }
  return check_extents(name, out);
}

template <int kRank>
std::optional<Layer> parse(Arguments& arguments) {
  const std::vector<Pair> padding = parse_padding(arguments, kRank);
  const Json data_format = arguments.word("data_format");
  const std::size_t mode = arguments.choice("mode");
  const Fill value = arguments.numbers("value");
  if (mode > 0 && arguments.find("value") != nullptr) {
    arguments.mistake("value", "\"value\" is only for mode \"constant\"; mode \"" +
                                   std::string(kModes.at(mode)) + "\" copies pixels of the image");
  }
  const DType dtype = arguments.dtype("dtype");
  if (!arguments.good()) return std::nullopt;

  const std::string_view name = arguments.spec().name;
  Layer layer;
  layer.dtype = dtype;
  layer.config = {{"padding", to_json(padding)},
                  {"data_format", data_format},
                  {"mode", kModes.at(mode)},
                  {"value", mode == 0 ? to_json(value) : Json(nullptr)},
                  {"dtype", name_of(dtype)}};
  layer.output_shape = [=](const Shape& in) { return padded(name, in, padding); };
  layer.edit = [=](OpBuilder& builder, const Choice&) -> Result<Done> {
    int fill = 0;
    if (mode == 0 && value != Fill{0.0}) {
      const auto number = builder.fill(value);
      if (!number)
        return Error{number.error().code, std::string(name) + ": " + number.error().message};
      fill = *number;
    }
    for (int a = 0; a < kRank; ++a) {
      const Pair& pair = padding[static_cast<std::size_t>(a)];
      if (mode == 0) {
        builder.axis(a).pad(pair[0], pair[1], fill);
      } else {
        builder.axis(a).pad_by_mode(pair[0], pair[1], kPadModes.at(mode - 1));
      }
    }
    return Done{};
  };
  return layer;
}

// JSON Schema of Keras 1's forms; null for three axes, for which there are none.
Json keras1_schema(int rank) {
  if (rank == 3) return nullptr;
  Json sides = Json::object();
  for (const std::string_view side : sides_of(rank))
    sides[std::string(side)] = whole_schema(0);
  Json object{{"type", "object"}, {"properties", sides}, {"additionalProperties", false}};
  if (rank == 1) return object;
  const Json four{{"type", "array"}, {"items", whole_schema(0)}, {"minItems", 4}, {"maxItems", 4}};
  return {{"anyOf", Json::array({four, object})}};
}

std::vector<ArgumentSpec> arguments_for(int rank, std::string_view help) {
  return {{.name = "padding",
           .form = Form::Pairs,
           .fallback = 1,
           .help = help,
           .since = kKeras1,
           .also = keras1_schema(rank)},
          data_format_argument(rank == 1 ? kKeras3 : kKeras1),
          {.name = "mode",
           .form = Form::Word,
           .words = kModes,
           .fallback = kModes[0],
           .help = "what is added: a constant, or copies of the image as in numpy.pad"},
          {.name = "value",
           .form = Form::Numbers,
           .fallback = 0,
           .help = "the constant, for mode constant only",
           .also = {{"type", "null"}}},
          dtype_argument()};
}

}  // namespace

std::vector<LayerSpec> zero_padding_layers() {
  return {
      {.name = "ZeroPadding1D",
       .rank = 1,
       .summary = "put zeros before and after a sequence",
       .shapes = "steps x c  ->  before + steps + after x c",
       .example = R"({"class_name": "ZeroPadding1D", "config": {"padding": [1, 2]}})",
       .source = "As in Keras, {\"left_pad\": ..} of Keras 1 too; mode and value are deckle's own.",
       .arguments = arguments_for(1, "steps to add at the two ends"),
       .parse = parse<1>},
      {.name = "ZeroPadding2D",
       .rank = 2,
       .summary = "put rows and columns of zeros around the image",
       .shapes = "rows x cols x c  ->  top + rows + bottom x left + cols + right x c",
       .example = R"({"class_name": "ZeroPadding2D", "config": {"padding": [[1, 2], [3, 4]]}})",
       .source = "As in Keras; Keras 1's [top, bottom, left, right] and {\"top_pad\": ..} are "
                 "accepted too; mode and value are deckle's own, modes as in numpy.pad.",
       .arguments = arguments_for(2, "pixels to add at the edges"),
       .parse = parse<2>},
      {.name = "ZeroPadding3D",
       .rank = 3,
       .summary = "put planes, rows and columns of zeros around a volume",
       .shapes = "planes x rows x cols x c  ->  each and its pair x c",
       .example =
           R"({"class_name": "ZeroPadding3D", "config": {"padding": [[1, 1], [2, 2], [3, 3]]}})",
       .source = "As in Keras; mode and value are deckle's own.",
       .arguments = arguments_for(3, "planes, rows and columns to add at the faces"),
       .parse = parse<3>}};
}

}  // namespace deckle
