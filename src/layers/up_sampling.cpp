// SPDX-License-Identifier: Apache-2.0
// up_sampling: shows every sample several times, or enlarges by interpolation.
// Shapes  (2-D) rows x cols x channels -> (rows * k) x (cols * l) x channels. Without interpolation
//         the dtype stays. With it the result is float32; from Keras 3.6 on, integers are rounded
//         back to their own type. In Keras 2.2 and 2.3 bilinear is TensorFlow 1's, which measures
//         from the corners of pixels
// Fails   Shape if an axis would be longer than kMaxExtent
// Source  Keras 1.2 to 3: UpSampling1D, 2D, 3D
#include <array>

#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/registry.h"
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
  const std::vector<std::int64_t> size = arguments.factors("size");
  Json config = {{"size", kRank == 1 ? Json(size[0]) : Json(size)}};
  if (kRank > 1) config["data_format"] = arguments.word("data_format");
  auto interpolation = Interpolation::Nearest;
  if (kRank == 2) {
    interpolation = static_cast<Interpolation>(arguments.choice("interpolation"));
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
  const DType dtype = arguments.dtype("dtype");
  config["dtype"] = name_of(dtype);
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.dtype = dtype;
  layer.config = std::move(config);
  layer.output_shape = [=, name = arguments.spec().name](const Shape& in) {
    return enlarged(name, in, size);
  };
  layer.edit = [=, keras = arguments.keras()](OpBuilder& builder, const Choice&) -> Result<Done> {
    // Area averages less than a pixel here: the result is that pixel.
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

constexpr std::string_view kSource = "As in Keras: every sample is repeated.";

ArgumentSpec size_argument(std::string_view help) {
  return {.name = "size",
          .form = Form::Factors,
          .least = 1,
          .fallback = 2,
          .help = help,
          .since = kKeras1};
}

// Before 2.9 the layer has only two of them.
std::vector<std::string_view> interpolations_of(KerasVersion keras) {
  if (keras < KerasVersion{2, 9}) return {"nearest", "bilinear"};
  return keras_interpolations(keras);
}

}  // namespace

std::vector<LayerSpec> up_sampling_layers() {
  return {{.name = "UpSampling1D",
           .rank = 1,
           .summary = "repeat every step",
           .shapes = "steps x c  ->  steps * k x c",
           .example = R"({"class_name": "UpSampling1D", "config": {"size": 2}})",
           .source = kSource,
           .arguments = {size_argument("how often each step is repeated"), dtype_argument()},
           .parse = parse<1>},
          {.name = "UpSampling2D",
           .rank = 2,
           .summary = "repeat every row and column, or enlarge by interpolation",
           .shapes = "rows x cols x c  ->  rows * k x cols * l x c",
           .example = R"({"class_name": "UpSampling2D", "config": {"size": [2, 2]}})",
           .source = "As in Keras; nearest moves pixels, the others compute float32.",
           .arguments = {size_argument("how often each row and column is repeated"),
                         data_format_argument(kKeras1),
                         {.name = "interpolation",
                          .form = Form::Word,
                          .words = kInterpolations,
                          .fallback = "nearest",
                          .help = "how the new pixels are computed",
                          .since = KerasVersion{2, 2},
                          .words_of = interpolations_of},
                         dtype_argument()},
           .parse = parse<2>},
          {.name = "UpSampling3D",
           .rank = 3,
           .summary = "repeat every plane, row and column",
           .shapes = "planes x rows x cols x c  ->  planes * k x rows * l x cols * m x c",
           .example = R"({"class_name": "UpSampling3D", "config": {"size": [1, 2, 2]}})",
           .source = kSource,
           .arguments = {size_argument("how often each plane, row and column is repeated"),
                         data_format_argument(kKeras1), dtype_argument()},
           .parse = parse<3>}};
}

}  // namespace deckle
