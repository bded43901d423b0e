// SPDX-License-Identifier: Apache-2.0
// resizing: pictures of a size, whatever size they had: stretched, or cropped or padded to the
//         aspect ratio first; CenterCrop, which resizes only what is too small.
// Shapes  rows x cols x channels -> height x width x channels; float32 unless dtype says otherwise
//         (Resizing from Keras 3.6 on: integers stay integers)
// Fails   Depth where `fill_value` is not a value of the samples
// Source  Keras 2.9 and 3: Resizing, CenterCrop, image.smart_resize
#include "layers/resizing.h"

#include <algorithm>
#include <array>

#include "layers/common.h"

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
    // Keras 3's arithmetic: an odd pixel that is missing is not put anywhere.
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
  resizing.size = {arguments.pixels("height", 1), arguments.pixels("width", 1)};
  resizing.how.interpolation =
      static_cast<Interpolation>(arguments.choice("interpolation", kInterpolations, 1));
  resizing.how.antialias = arguments.boolean("antialias", false);
  resizing.crop = arguments.boolean("crop_to_aspect_ratio", false);
  resizing.pad = arguments.boolean("pad_to_aspect_ratio", false);
  arguments.choice("fill_mode", kFillModes, 0);
  const auto fill_value = arguments.numbers("fill_value", {0.0});
  if (fill_value.size() != 1) arguments.mistake("fill_value", "\"fill_value\" is one number");
  resizing.fill_value = fill_value[0];
  if (resizing.crop && resizing.pad) {
    arguments.mistake("pad_to_aspect_ratio",
                      "crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other");
  }
  const Json data_format = parse_data_format(arguments);
  resizing.dtype = parse_dtype(arguments);
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
  const Size size{arguments.pixels("height", 1), arguments.pixels("width", 1)};
  const Json data_format = parse_data_format(arguments);
  const DType dtype = arguments.dtype("dtype", DType::Float32);
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
  // Up to 3.5 Keras answers what it computes with.
  const bool back = !info(given).is_float && keras >= KerasVersion{3, 6};
  const Shape in = builder.shape();
  if (how.interpolation == Interpolation::Nearest) {
    builder.axis(0).pick(nearest_indices(in.rows(), rows));
    builder.axis(1).pick(nearest_indices(in.cols(), cols));
    if (!back) builder.cast(dtype);
    return;
  }
  // At the same size those that go through the pixels give them back; the others blur.
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

LayerSpec resizing_spec() {
  const Json flag{{"type", "boolean"}};
  return {"Resizing",
          2,
          "resize to height x width",
          "rows x cols x c  ->  height x width x c",
          R"({"class_name": "Resizing", "config": {"height": 256, "width": 256}})",
          "As in Keras; keeping the aspect ratio is for crop_to_aspect_ratio, or "
          "pad_to_aspect_ratio (Keras 3).",
          {pixels_argument("height"),
           pixels_argument("width"),
           interpolation_argument("bilinear"),
           {"crop_to_aspect_ratio", "true | false", "false", flag},
           {"pad_to_aspect_ratio", "true | false", "false", flag},
           {"fill_mode", "constant", "constant", {{"enum", Json::array({"constant"})}}},
           {"fill_value", "number", "0", {{"type", "number"}}},
           {"antialias", "true | false", "false", flag},
           data_format_argument(),
           dtype_argument()},
          parse_resizing};
}

LayerSpec center_crop_spec() {
  return {"CenterCrop",
          2,
          "keep the height x width window in the middle",
          "rows x cols x c  ->  height x width x c",
          R"({"class_name": "CenterCrop", "config": {"height": 224, "width": 224}})",
          "As in Keras; an image that is too small is resized, in its largest centred part of that "
          "aspect ratio.",
          {pixels_argument("height"), pixels_argument("width"), data_format_argument(),
           any_dtype_argument()},
          parse_center_crop};
}

}  // namespace deckle
