// SPDX-License-Identifier: Apache-2.0
// cropping: drops what is at the ends of each axis.
// Shapes  (2-D) rows x cols x channels -> (rows - top - bottom) x (cols - left - right) x channels
// Fails   Shape where nothing would be left (Keras 1 and 2.3 answer nonsense there)
// Source  Keras 1.2 to 3: Cropping1D, Cropping2D, Cropping3D
#include "layers/cropping.h"

#include "layers/arguments.h"
#include "layers/common.h"

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
  const std::int64_t usual = kRank == 2 ? 0 : 1;  // Keras' defaults differ so
  const std::vector<Pair> cropping =
      arguments.pairs("cropping", kRank, std::vector<Pair>(kRank, Pair{usual, usual}));
  const DType dtype = parse_dtype(arguments);
  Json config = {{"cropping", to_json(cropping)}};
  if (kRank > 1) config["data_format"] = parse_data_format(arguments);
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

constexpr std::string_view kSource = "As in Keras; more than the image has is that image's error.";

}  // namespace

LayerSpec cropping1d_spec() {
  return {"Cropping1D",
          1,
          "drop steps at the ends of a sequence",
          "steps x c  ->  steps - before - after x c",
          R"({"class_name": "Cropping1D", "config": {"cropping": [2, 1]}})",
          kSource,
          {{"cropping", "n | [before, after]", "[1, 1]", pairs_schema(1)}, dtype_argument()},
          parse<1>};
}

LayerSpec cropping2d_spec() {
  return {"Cropping2D",
          2,
          "drop rows and columns at the edges",
          "rows x cols x c  ->  rows - top - bottom x cols - left - right x c",
          R"({"class_name": "Cropping2D", "config": {"cropping": [[8, 8], [4, 4]]}})",
          kSource,
          {{"cropping", "n | [rows, cols] | [[top, bottom], [left, right]]", "[[0, 0], [0, 0]]",
            pairs_schema(2)},
           data_format_argument(),
           dtype_argument()},
          parse<2>};
}

LayerSpec cropping3d_spec() {
  return {"Cropping3D",
          3,
          "drop planes, rows and columns at the faces of a volume",
          "planes x rows x cols x c  ->  each less its pair x c",
          R"({"class_name": "Cropping3D", "config": {"cropping": [[1, 1], [8, 8], [4, 4]]}})",
          kSource,
          {{"cropping", "n | [planes, rows, cols] | three pairs", "[[1, 1], [1, 1], [1, 1]]",
            pairs_schema(3)},
           data_format_argument(),
           dtype_argument()},
          parse<3>};
}

}  // namespace deckle
