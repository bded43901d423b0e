// SPDX-License-Identifier: Apache-2.0
// up_sampling: shows everything several times, or enlarges by interpolation.
// Shapes  (2-D) rows x cols x channels -> (rows * k) x (cols * l) x channels; the same dtype where
//         nothing is interpolated, else float32 (from Keras 3.6 on integers are rounded back to
//         their own) (Keras 2.2 and 2.3: bilinear by TensorFlow 1's rule, from the pixels' corners)
// Fails   Shape where an axis would be longer than kMaxExtent
// Source  Keras 1.2 to 3: UpSampling1D, 2D, 3D
#include "layers/up_sampling.h"

#include <array>

#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/resizing.h"

namespace deckle {
namespace {

Result<Shape> enlarged(std::string_view name, const Shape& in,
                       const std::vector<std::int64_t>& size) {
  Shape out = in;
  for (int a = 0; a < in.rank; ++a)
    out[a] = in[a] * size[static_cast<std::size_t>(a)];  // both below 2^31
  return check_extents(name, out);
}

template <int kRank>
std::optional<Layer> parse(Arguments& arguments) {
  const std::vector<std::int64_t> size = arguments.factors("size", kRank, 1, 2);
  Json config = {{"size", kRank == 1 ? Json(size[0]) : Json(size)}};
  if (kRank > 1) config["data_format"] = parse_data_format(arguments);
  auto interpolation = Interpolation::Nearest;
  if (kRank == 2) {
    interpolation =
        static_cast<Interpolation>(arguments.choice("interpolation", kInterpolations, 0));
    config["interpolation"] = kInterpolations.at(static_cast<std::size_t>(interpolation));
    if (interpolation == Interpolation::Bilinear && arguments.keras().tensorflow) {
      arguments.mistake(
          "interpolation",
          "Keras " + to_text(arguments.keras()) +
              " is of TensorFlow 1.13 to 2.1, and bilinear changed between them: give "
              "the version as 2.3 (from the corners of pixels) or 2.4 (from their "
              "centres)");
    }
  }
  const DType dtype = parse_dtype(arguments);
  config["dtype"] = name_of(dtype);
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.dtype = dtype;
  layer.config = std::move(config);
  layer.output_shape = [=, name = arguments.spec().name](const Shape& in) {
    return enlarged(name, in, size);
  };
  layer.edit = [=, keras = arguments.keras()](OpBuilder& builder, const Choice&) -> Result<Done> {
    // Averaging over less than a pixel shows that pixel.
    if (interpolation == Interpolation::Nearest || interpolation == Interpolation::Area) {
      for (int a = 0; a < kRank; ++a)
        builder.axis(a).repeat(size[static_cast<std::size_t>(a)]);
      if (interpolation == Interpolation::Area) builder.cast(dtype);
      return Done{};
    }
    const Shape in = builder.shape();
    const Resampling how{interpolation, false, bilinear_from_corners(keras)};
    resize_as_keras(builder, in.rows() * size[0], in.cols() * size[1], how, dtype, keras);
    return Done{};
  };
  return layer;
}

constexpr std::string_view kSource = "As in Keras: every sample again and again.";

}  // namespace

LayerSpec up_sampling1d_spec() {
  return {"UpSampling1D",
          1,
          "show every step several times",
          "steps x c  ->  steps * k x c",
          R"({"class_name": "UpSampling1D", "config": {"size": 2}})",
          kSource,
          {{"size", "k, >= 1", "2", factors_schema(1)}, dtype_argument()},
          parse<1>};
}

LayerSpec up_sampling2d_spec() {
  return {"UpSampling2D",
          2,
          "show every row and column several times, or enlarge by interpolation",
          "rows x cols x c  ->  rows * k x cols * l x c",
          R"({"class_name": "UpSampling2D", "config": {"size": [2, 2]}})",
          "As in Keras; nearest moves pixels, the others compute float32.",
          {{"size", "k | [k, l], each >= 1", "[2, 2]", factors_schema(2)},
           data_format_argument(),
           interpolation_argument("nearest"),
           dtype_argument()},
          parse<2>};
}

LayerSpec up_sampling3d_spec() {
  return {"UpSampling3D",
          3,
          "show every plane, row and column several times",
          "planes x rows x cols x c  ->  planes * k x rows * l x cols * m x c",
          R"({"class_name": "UpSampling3D", "config": {"size": [1, 2, 2]}})",
          kSource,
          {{"size", "k | [k, l, m], each >= 1", "[2, 2, 2]", factors_schema(3)},
           data_format_argument(),
           dtype_argument()},
          parse<3>};
}

}  // namespace deckle
