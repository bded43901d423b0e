// SPDX-License-Identifier: Apache-2.0
// random_crop: keeps a height x width window at a random place; an image that is too small is
// resized to it. Shapes  rows x cols x channels -> height x width x channels; float32 unless dtype
// says otherwise Fails   Shape where the image is too small and if_smaller is "error"; Depth where
// dtype is too narrow Source  Keras 2.9's RandomCrop for when it crops and when it resizes
// (smart_resize, in float32 as there);
//         tf.image.stateless_random_crop for where
#include "layers/random_crop.h"

#include <algorithm>
#include <array>
#include <limits>

#include "layers/arguments.h"
#include "layers/common.h"

namespace deckle {
namespace {

constexpr std::string_view kName = "RandomCrop";

enum class IfSmaller : std::size_t { Resize, Error, Skip, Pad };
constexpr std::array<std::string_view, 4> kIfSmaller{"resize", "error", "skip", "pad"};

struct RandomCrop {
  std::int64_t height;
  std::int64_t width;
  IfSmaller if_smaller;
  bool training;
  DType dtype;

  [[nodiscard]] bool fits_into(const Shape& in) const {
    return in.rows() >= height && in.cols() >= width;
  }
  [[nodiscard]] std::string size() const {
    return std::to_string(height) + " x " + std::to_string(width);
  }
};

Error too_small(const RandomCrop& crop, const Shape& in) {
  return shape_error(kName, "the image is " + std::to_string(in.rows()) + " x " +
                                std::to_string(in.cols()) + " here, smaller than the crop of " +
                                crop.size() + "; \"if_smaller\" may be resize, skip or pad");
}

Result<Shape> output_shape(const RandomCrop& crop, const Shape& in) {
  if (crop.training && crop.if_smaller == IfSmaller::Error && !crop.fits_into(in))
    return too_small(crop, in);
  return Shape::image(crop.height, crop.width, in.channels);
}

// smart_resize's window: the largest centred one of the target's aspect ratio. Keras 2.9 divides in
// float32.
Window smart_window(const RandomCrop& crop, const Shape& in) {
  const auto side = [](std::int64_t other, std::int64_t want, std::int64_t want_other,
                       std::int64_t have) {
    const float quotient = static_cast<float>(other * want) / static_cast<float>(want_other);
    // Keras 2.9 can reach 0 here and fails; Keras 3 keeps one pixel.
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(quotient), 1, have);
  };
  const std::int64_t rows = side(in.cols(), crop.height, crop.width, in.rows());
  const std::int64_t cols = side(in.rows(), crop.width, crop.height, in.cols());
  const std::int64_t top = (in.rows() - rows) / 2;
  const std::int64_t left = (in.cols() - cols) / 2;
  return {2, {Interval{top, top + rows}, Interval{left, left + cols}}};
}

// What "pad" makes of an image: zeros around it, the odd one at the end, until the window fits.
std::array<Pair, 2> padding(const RandomCrop& crop, const Shape& in) {
  const auto around = [](std::int64_t have, std::int64_t want) {
    const std::int64_t missing = std::max<std::int64_t>(want - have, 0);
    return Pair{missing / 2, missing - missing / 2};
  };
  return {around(in.rows(), crop.height), around(in.cols(), crop.width)};
}

Result<Choice> choose(const RandomCrop& crop, const Shape& in, SeedPair seed) {
  Choice choice;
  Shape room = in;
  if (!crop.training) {
    choice.resized = smart_window(crop, in);
    return choice;
  }
  if (!crop.fits_into(in)) {
    switch (crop.if_smaller) {
      case IfSmaller::Resize:
        choice.resized = smart_window(crop, in);
        return choice;
      case IfSmaller::Error:
        return too_small(crop, in);
      case IfSmaller::Skip:
        choice.skip = "smaller than the crop of " + crop.size();
        return choice;
      case IfSmaller::Pad:
        room = Shape::image(std::max(in.rows(), crop.height), std::max(in.cols(), crop.width),
                            in.channels);
        break;
    }
  }
  const std::array<std::int64_t, 3> shape{room.rows(), room.cols(), room.channels};
  const std::array<std::int64_t, 3> size{crop.height, crop.width, room.channels};
  const auto offset = stateless_random_crop(shape, size, seed);
  choice.seed = seed;
  choice.offset = {offset[0], offset[1]};
  return choice;
}

Result<Done> edit(const RandomCrop& crop, Draft& draft, const Choice& choice) {
  const DType given = draft.dtype();
  if (!info(given).is_float && !info(crop.dtype).is_float && given != crop.dtype) {
    return Error{ErrorCode::Depth, std::string(kName) + ": dtype " +
                                       std::string(name_of(crop.dtype)) + " would change " +
                                       std::string(name_of(given)) +
                                       " pixels; leave it out, or give a float type"};
  }
  draft.cast(crop.dtype);
  const Shape in = draft.shape();
  const auto outside = [](std::int64_t begin, std::int64_t length, std::int64_t room) {
    return begin < 0 || length < 1 || begin > room - length;
  };
  if (choice.resized) {
    const Window& window = *choice.resized;
    if (outside(window[0].begin, window[0].length(), in.rows()) ||
        outside(window[1].begin, window[1].length(), in.cols())) {
      return shape_error(kName, "the recorded window does not lie in the image");
    }
    for (int a = 0; a < 2; ++a)
      draft.axis(a).keep(window[a].begin, window[a].length());
    // At the same size the bilinear formula gives every pixel back.
    if (window[0].length() != crop.height || window[1].length() != crop.width) {
      draft.resize(crop.height, crop.width);
      draft.cast(crop.dtype);
    }
    return Done{};
  }
  const auto around = padding(crop, in);
  for (int a = 0; a < 2; ++a) {
    const auto axis = static_cast<std::size_t>(a);
    const std::int64_t length = a == 0 ? crop.height : crop.width;
    draft.axis(a).pad(around.at(axis)[0], around.at(axis)[1]);
    if (choice.offset.size() != 2 || outside(choice.offset[axis], length, draft.axis(a).length())) {
      return shape_error(kName, "the recorded offset does not lie in the image");
    }
    draft.axis(a).keep(choice.offset[axis], length);
  }
  return Done{};
}

Json seed_json(const std::optional<SeedPair>& seed) {
  if (!seed) return nullptr;
  return seed->b == 0 ? Json(seed->a) : Json::array({seed->a, seed->b});
}

std::optional<Layer> parse(Arguments& arguments) {
  RandomCrop crop{};
  crop.height = arguments.pixels("height", 1);
  crop.width = arguments.pixels("width", 1);
  crop.if_smaller = static_cast<IfSmaller>(arguments.choice("if_smaller", kIfSmaller, 0));
  crop.training = arguments.boolean("training", true);
  crop.dtype = arguments.dtype("dtype", DType::Float32);
  const Json data_format = parse_data_format(arguments);
  const std::optional<SeedPair> seed = arguments.seed("seed");
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.seed = seed;
  layer.config = {{"height", crop.height},
                  {"width", crop.width},
                  {"seed", seed_json(seed)},
                  {"if_smaller", kIfSmaller.at(static_cast<std::size_t>(crop.if_smaller))},
                  {"training", crop.training},
                  {"dtype", name_of(crop.dtype)},
                  {"data_format", data_format}};
  layer.output_shape = [=](const Shape& in) { return output_shape(crop, in); };
  layer.choose = [=](const Shape& in, SeedPair pair) { return choose(crop, in, pair); };
  layer.edit = [=](Draft& draft, const Choice& choice) { return edit(crop, draft, choice); };
  return layer;
}

}  // namespace

LayerSpec random_crop_spec() {
  const Json seed_number{{"type", "integer"},
                         {"minimum", std::numeric_limits<std::int64_t>::min()},
                         {"maximum", std::numeric_limits<std::int64_t>::max()}};
  const Json two{{"type", "array"}, {"items", seed_number}, {"minItems", 2}, {"maxItems", 2}};
  const Json policy{{"type", "object"}};  // Keras 3's DTypePolicy
  const Json dtypes{{"enum", Json::array({"float32", "float64", "uint8", "int8", "uint16", "int16",
                                          "uint32", "int32"})}};
  return {kName,
          "keep a height x width window at a random place",
          "rows x cols x c  ->  height x width x c",
          R"({"class_name": "RandomCrop", "config": {"height": 224, "width": 224}})",
          "As in Keras 2.9; offsets as tf.image.stateless_random_crop draws them.",
          {{"height", "pixels, >= 1", "required", whole_schema(1)},
           {"width", "pixels, >= 1", "required", whole_schema(1)},
           {"seed",
            "whole number or [a, b]",
            "the chain's",
            {{"anyOf", Json::array({seed_number, two, Json{{"type", "null"}}})}}},
           {"if_smaller",
            "resize | error | skip | pad",
            "resize",
            {{"enum", Json::array({"resize", "error", "skip", "pad"})}}},
           {"training", "true | false (false: always resize)", "true", {{"type", "boolean"}}},
           {"dtype",
            "float32 | float64 | uint8 | ..",
            "float32",
            {{"anyOf", Json::array({dtypes, policy})}}},
           data_format_argument()},
          parse};
}

}  // namespace deckle
