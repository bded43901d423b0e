// SPDX-License-Identifier: Apache-2.0
// resizing: Resizing gives pictures a fixed size: stretched, or cropped or padded to the aspect
//         ratio first. CenterCrop resizes only what is too small.
// Shapes  rows x cols x channels -> height x width x channels; float32 unless dtype says otherwise
//         (Resizing from Keras 3.6 on: integers stay integers)
// Fails   Depth if the samples' type cannot hold `fill_value`
// Source  Keras 2.9 and 3: Resizing, CenterCrop, image.smart_resize
#include "layers/resizing.h"

#include <algorithm>
#include <array>

#include "layers/common.h"
#include "layers/registry.h"

namespace deckle {
namespace {

constexpr std::array<std::string_view, 1> kFillModes{"constant"};

struct Size {
  std::int64_t height;
  std::int64_t width;
};

Result<Shape> resized(const Shape& in, const Size& size) {
  return Shape::image(size.height, size.width, in.channels);
}

void keep(OpBuilder& builder, const Window& window) {
  for (int a = 0; a < 2; ++a)
    builder.axis(a).keep(window[a].begin, window[a].length());
}

struct Resizing {
  Size size;
  Resampling how;
  bool crop;
  bool pad;
  double fill_value;
  DType dtype;
  KerasVersion keras;
};

Result<Done> edit(const Resizing& layer, OpBuilder& builder) {
  const auto [height, width] = layer.size;
  const Shape in = builder.shape();
  if (layer.crop) keep(builder, smart_window(in, height, width, layer.keras));
  if (layer.pad) {
    // As Keras 3 computes it: the padding is the same on both sides.
    const auto missing = [](std::int64_t have, std::int64_t other, std::int64_t want,
                            std::int64_t want_other) {
      const double wanted = static_cast<double>(other * want) / static_cast<double>(want_other);
      const auto longer = std::max(have, static_cast<std::int64_t>(wanted));
      return (longer - have) / 2;
    };
    const std::int64_t rows = missing(in.rows(), in.cols(), height, width);
    const std::int64_t cols = missing(in.cols(), in.rows(), width, height);
    const auto fill = builder.fill({layer.fill_value});
    if (!fill) return Error{fill.error().code, "Resizing: " + fill.error().message};
    builder.axis(0).pad(rows, rows, *fill);
    builder.axis(1).pad(cols, cols, *fill);
  }
  resize_as_keras(builder, height, width, layer.how, layer.dtype, layer.keras);
  return Done{};
}

std::optional<Layer> parse_resizing(Arguments& arguments) {
  Resizing resizing{};
  resizing.size = {arguments.whole("height").value_or(1), arguments.whole("width").value_or(1)};
  resizing.how.interpolation = static_cast<Interpolation>(arguments.choice("interpolation"));
  resizing.how.antialias = arguments.boolean("antialias");
  resizing.crop = arguments.boolean("crop_to_aspect_ratio");
  resizing.pad = arguments.boolean("pad_to_aspect_ratio");
  arguments.choice("fill_mode");
  resizing.fill_value = arguments.numbers("fill_value")[0];
  if (resizing.crop && resizing.pad) {
    arguments.mistake("pad_to_aspect_ratio",
                      "crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other");
  }
  const Json data_format = arguments.word("data_format");
  resizing.dtype = arguments.dtype("dtype");
  resizing.keras = arguments.keras();
  require_keras(arguments, {2, 4});
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.dtype = resizing.dtype;
  layer.config = {
      {"height", resizing.size.height},
      {"width", resizing.size.width},
      {"interpolation", kInterpolations.at(static_cast<std::size_t>(resizing.how.interpolation))},
      {"crop_to_aspect_ratio", resizing.crop},
      {"pad_to_aspect_ratio", resizing.pad},
      {"fill_mode", kFillModes[0]},
      {"fill_value", resizing.fill_value},
      {"antialias", resizing.how.antialias},
      {"data_format", data_format},
      {"dtype", name_of(resizing.dtype)}};
  layer.output_shape = [=](const Shape& in) { return resized(in, resizing.size); };
  layer.edit = [=](OpBuilder& builder, const Choice&) { return edit(resizing, builder); };
  return layer;
}

Result<Done> center_crop(const Size& size, DType dtype, KerasVersion keras, OpBuilder& builder) {
  if (auto fits = check_cast("CenterCrop", builder.dtype(), dtype); !fits) return fits;
  const Shape in = builder.shape();
  builder.cast(dtype);
  if (in.rows() >= size.height && in.cols() >= size.width) {
    builder.axis(0).keep((in.rows() - size.height) / 2, size.height);
    builder.axis(1).keep((in.cols() - size.width) / 2, size.width);
    return Done{};
  }
  keep(builder, smart_window(in, size.height, size.width, keras));
  resize_as_keras(builder, size.height, size.width, {}, dtype, {});
  return Done{};
}

std::optional<Layer> parse_center_crop(Arguments& arguments) {
  const Size size{arguments.whole("height").value_or(1), arguments.whole("width").value_or(1)};
  const Json data_format = arguments.word("data_format");
  const DType dtype = arguments.dtype("dtype");
  require_keras(arguments, {2, 9});
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.dtype = dtype;
  layer.config = {{"height", size.height},
                  {"width", size.width},
                  {"data_format", data_format},
                  {"dtype", name_of(dtype)}};
  layer.output_shape = [=](const Shape& in) { return resized(in, size); };
  layer.edit = [=, keras = arguments.keras()](OpBuilder& builder, const Choice&) {
    return center_crop(size, dtype, keras, builder);
  };
  return layer;
}

}  // namespace

Window smart_window(const Shape& in, std::int64_t height, std::int64_t width, KerasVersion keras) {
  const bool single = keras.major < 3;
  const auto side = [&](std::int64_t other, std::int64_t want, std::int64_t want_other,
                        std::int64_t have) {
    const std::int64_t product = other * want;
    const double quotient =
        single ? static_cast<double>(static_cast<float>(product) / static_cast<float>(want_other))
               : static_cast<double>(product) / static_cast<double>(want_other);
    // Keras 2.9 can reach 0 here and fails; Keras 3 keeps one pixel.
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(quotient), 1, have);
  };
  const std::int64_t rows = side(in.cols(), height, width, in.rows());
  const std::int64_t cols = side(in.rows(), width, height, in.cols());
  const std::int64_t top = (in.rows() - rows) / 2;
  const std::int64_t left = (in.cols() - cols) / 2;
  return {2, {Interval{top, top + rows}, Interval{left, left + cols}}};
}

void resize_as_keras(OpBuilder& builder, std::int64_t rows, std::int64_t cols,
                     const Resampling& how, DType dtype, KerasVersion keras) {
  const DType given = builder.dtype();
  // Up to 3.5 Keras returns the type that it computes with.
  const bool back = !info(given).is_float && keras >= KerasVersion{3, 6};
  const Shape in = builder.shape();
  if (how.interpolation == Interpolation::Nearest) {
    builder.axis(0).pick(nearest_indices(in.rows(), rows));
    builder.axis(1).pick(nearest_indices(in.cols(), cols));
    if (!back) builder.cast(dtype);
    return;
  }
  // At the same size most interpolations do not change the pixels, but these two blur.
  const bool blurs = how.interpolation == Interpolation::Gaussian ||
                     how.interpolation == Interpolation::MitchellCubic;
  if (blurs || in.rows() != rows || in.cols() != cols) {
    const bool doubles = dtype == DType::Float64 || given == DType::Float64;
    builder.resize(rows, cols, how, doubles ? DType::Float64 : DType::Float32);
  }
  if (back) {
    builder.round_to(given);
  } else {
    builder.cast(dtype);
  }
}

std::vector<std::string_view> keras_interpolations(KerasVersion keras) {
  if (keras >= kKeras3) return {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"};
  return {kInterpolations.begin(), kInterpolations.end()};
}

namespace {

ArgumentSpec flag(std::string_view name, std::string_view help, KerasVersion since) {
  return {.name = name, .form = Form::Boolean, .fallback = false, .help = help, .since = since};
}

LayerSpec center_crop() {
  constexpr KerasVersion kSince{2, 9};
  return {.name = "CenterCrop",
          .rank = 2,
          .summary = "keep the height x width window in the middle",
          .shapes = "rows x cols x c  ->  height x width x c",
          .example = R"({"class_name": "CenterCrop", "config": {"height": 224, "width": 224}})",
          .source =
              "As in Keras; an image that is too small is resized, in its largest centred "
              "part of that aspect ratio.",
          .arguments = {pixels_argument("height", "rows of the window", kSince),
                        pixels_argument("width", "columns of the window", kSince),
                        data_format_argument(kKeras3), any_dtype_argument()},
          .parse = parse_center_crop};
}

LayerSpec resizing() {
  constexpr KerasVersion kPads{3, 5};
  return {.name = "Resizing",
          .rank = 2,
          .summary = "resize to height x width",
          .shapes = "rows x cols x c  ->  height x width x c",
          .example = R"({"class_name": "Resizing", "config": {"height": 256, "width": 256}})",
          .source =
              "As in Keras. crop_to_aspect_ratio, or pad_to_aspect_ratio of Keras 3, keeps "
              "the aspect ratio.",
          .arguments =
              {pixels_argument("height", "rows of the output", kPreprocessing),
               pixels_argument("width", "columns of the output", kPreprocessing),
               {.name = "interpolation",
                .form = Form::Word,
                .words = kInterpolations,
                .fallback = "bilinear",
                .help = "how the new pixels are computed",
                .since = kPreprocessing,
                .words_of = keras_interpolations},
               flag("crop_to_aspect_ratio", "crop to the aspect ratio of the output first", {2, 9}),
               flag("pad_to_aspect_ratio", "pad to the aspect ratio of the output first", kPads),
               {.name = "fill_mode",
                .form = Form::Word,
                .words = kFillModes,
                .fallback = "constant",
                .help = "what pad_to_aspect_ratio adds",
                .since = kPads},
               {.name = "fill_value",
                .form = Form::Number,
                .fallback = 0,
                .help = "the constant that pad_to_aspect_ratio adds",
                .since = kPads},
               flag("antialias", "widen the kernel when the image gets smaller", kNewestKeras),
               data_format_argument(kKeras3),
               dtype_argument()},
          .parse = parse_resizing};
}

}  // namespace

std::vector<LayerSpec> resizing_layers() {
  return {center_crop(), resizing()};
}

}  // namespace deckle
