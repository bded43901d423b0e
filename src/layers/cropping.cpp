// SPDX-License-Identifier: Apache-2.0
// cropping: drops samples at the ends of each axis.
// Shapes  (2-D) rows x cols x channels -> (rows - top - bottom) x (cols - left - right) x channels
// Fails   Shape if nothing would be left (Keras 1 and 2.3 return wrong results)
// Source  Keras 1.2 to 3: Cropping1D, Cropping2D, Cropping3D
#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/registry.h"

namespace deckle {
namespace {

Result<Shape> cropped(std::string_view name, const Shape& in, const std::vector<Pair>& cropping) {
  Shape out = in;
  for (int a = 0; a < in.rank; ++a) {
    const Pair& pair = cropping[static_cast<std::size_t>(a)];
    out[a] = in[a] - pair[0] - pair[1];
    if (out[a] < 1) {
      return shape_error(name, "taking " + std::to_string(pair[0]) + " and " +
                                   std::to_string(pair[1]) + " off " + std::to_string(in[a]) + " " +
                                   std::string(axis_name(in.rank, a)) + " leaves none");
    }
  }
  return out;
}

template <int kRank>
std::optional<Layer> parse(Arguments& arguments) {
  const std::vector<Pair> cropping = arguments.pairs("cropping");
  const DType dtype = arguments.dtype("dtype");
  Json config = {{"cropping", to_json(cropping)}};
  if (kRank > 1) config["data_format"] = arguments.word("data_format");
  config["dtype"] = name_of(dtype);
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.dtype = dtype;
  layer.config = std::move(config);
  layer.output_shape = [=, name = arguments.spec().name](const Shape& in) {
    return cropped(name, in, cropping);
  };
  layer.edit = [=](OpBuilder& builder, const Choice&) -> Result<Done> {
    for (int a = 0; a < kRank; ++a) {
      const Pair& pair = cropping[static_cast<std::size_t>(a)];
      builder.axis(a).crop(pair[0], pair[1]);
    }
    return Done{};
  };
  return layer;
}

constexpr std::string_view kSource =
    "As in Keras; cropping more than an image has is an error of that image.";

// Keras' default is 0 for two axes, 1 for one and three.
ArgumentSpec cropping_argument(int usual, std::string_view help) {
  return {
      .name = "cropping", .form = Form::Pairs, .fallback = usual, .help = help, .since = kKeras1};
}

}  // namespace

std::vector<LayerSpec> cropping_layers() {
  return {{.name = "Cropping1D",
           .rank = 1,
           .summary = "drop steps at the ends of a sequence",
           .shapes = "steps x c  ->  steps - before - after x c",
           .example = R"({"class_name": "Cropping1D", "config": {"cropping": [2, 1]}})",
           .source = kSource,
           .arguments = {cropping_argument(1, "steps to drop at the two ends"), dtype_argument()},
           .parse = parse<1>},
          {.name = "Cropping2D",
           .rank = 2,
           .summary = "drop rows and columns at the edges",
           .shapes = "rows x cols x c  ->  rows - top - bottom x cols - left - right x c",
           .example = R"({"class_name": "Cropping2D", "config": {"cropping": [[8, 8], [4, 4]]}})",
           .source = kSource,
           .arguments = {cropping_argument(0, "pixels to drop at the edges"),
                         data_format_argument(kKeras1), dtype_argument()},
           .parse = parse<2>},
          {.name = "Cropping3D",
           .rank = 3,
           .summary = "drop planes, rows and columns at the faces of a volume",
           .shapes = "planes x rows x cols x c  ->  each less its pair x c",
           .example =
               R"({"class_name": "Cropping3D", "config": {"cropping": [[1, 1], [8, 8], [4, 4]]}})",
           .source = kSource,
           .arguments = {cropping_argument(1, "planes, rows and columns to drop at the faces"),
                         data_format_argument(kKeras1), dtype_argument()},
           .parse = parse<3>}};
}

}  // namespace deckle
