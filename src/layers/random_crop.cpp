// SPDX-License-Identifier: Apache-2.0
// random_crop: keeps a height x width window at a random place; an image that is too small is
//         resized to it.
// Shapes  rows x cols x channels -> height x width x channels; float32 unless dtype says otherwise.
//         At inference from Keras 3.8 on: the same shape and dtype
// Fails   Shape if the image is too small and if_smaller is "error"; Depth if dtype is too narrow
// Source  whether it crops or resizes: RandomCrop of Keras 2.9 to 3.15 (smart_resize, in float32
//         before 3.0). The place: tf.image.stateless_random_crop, or with `generator` the draws of
//         2.9's layer or those of tf.image.random_crop
#include "layers/random_crop.h"

#include <algorithm>
#include <array>

#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/registry.h"
#include "layers/resizing.h"
#include "random/stateful.h"

namespace deckle {
namespace {

constexpr std::string_view kName = "RandomCrop";
constexpr KerasVersion kFirstRules{2, 9};  // the first version whose rules deckle knows

enum class IfSmaller : std::size_t { Resize, Error, Skip, Pad };
constexpr std::array<std::string_view, 4> kIfSmaller{"resize", "error", "skip", "pad"};
constexpr std::array<std::string_view, 3> kGenerators{"stateless", "keras", "tensorflow"};

struct RandomCrop {
  std::int64_t height;
  std::int64_t width;
  IfSmaller if_smaller;
  bool training;
  DType dtype;
  Generator generator;
  std::optional<SeedPair> seed;
  KerasVersion keras;
  CropRules rules;

  /// Whether the window's place is drawn; else it is fixed.
  [[nodiscard]] bool draws_in(const Shape& in) const {
    return rules == CropRules::Resizes ? fits_into(in) : in.rows() > height && in.cols() > width;
  }
  [[nodiscard]] bool does_nothing() const { return !training && rules == CropRules::TrainsOnly; }
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

// The window that Keras keeps if it does not draw.
Window fixed_window(const RandomCrop& crop, const Shape& in) {
  Window window = smart_window(in, crop.height, crop.width, crop.keras);
  if (crop.rules == CropRules::Resizes) return window;
  // It begins where smart_resize's window begins, and ends at the image's end at the latest.
  window[0].end = std::min(window[0].begin + crop.height, in.rows());
  window[1].end = std::min(window[1].begin + crop.width, in.cols());
  return window;
}

Result<Shape> output_shape(const RandomCrop& crop, const Shape& in) {
  if (crop.does_nothing()) return in;
  if (crop.training && crop.if_smaller == IfSmaller::Error && !crop.fits_into(in))
    return too_small(crop, in);
  return Shape::image(crop.height, crop.width, in.channels);
}

// "pad": zeros around the image until the window fits; an odd one is at the end.
std::array<Pair, 2> padding(const RandomCrop& crop, const Shape& in) {
  const auto around = [](std::int64_t have, std::int64_t want) {
    const std::int64_t missing = std::max<std::int64_t>(want - have, 0);
    return Pair{missing / 2, missing - missing / 2};
  };
  return {around(in.rows(), crop.height), around(in.cols(), crop.width)};
}

// TensorFlow draws for every axis of its input, in their order.
struct Axes {
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> size;
  std::size_t rows;  ///< the index of the rows; the columns come next
};

Axes axes_of(const RandomCrop& crop, const Shape& room, const ArrayLayout& layout) {
  Axes axes{};
  const auto add = [&](std::int64_t extent, std::int64_t kept) {
    axes.shape.push_back(extent);
    axes.size.push_back(kept);
  };
  if (layout.batch) add(*layout.batch, *layout.batch);
  const bool channels_first = layout.array && layout.channels_first;
  if (channels_first) add(room.channels, room.channels);
  axes.rows = axes.shape.size();
  add(room.rows(), crop.height);
  add(room.cols(), crop.width);
  if (!channels_first) add(room.channels, room.channels);
  return axes;
}

// Draws the offset of a window in `room`, and records the seed or the call.
Choice draw(const RandomCrop& crop, const Shape& room, const Draws& draws) {
  Choice choice;
  if (crop.generator == Generator::Keras) {
    choice.seed = crop.seed ? *crop.seed : SeedPair{draws.global_seed.value_or(0), 0};
    choice.call = draws.call;
    const auto [top, left] = keras_random_crop(room.rows(), room.cols(), crop.height, crop.width,
                                               wide_seed(choice.seed->a), draws.call);
    choice.offset = {top, left};
    return choice;
  }
  const Axes axes = axes_of(crop, room, draws.layout);
  std::vector<std::int64_t> offset;
  if (crop.generator == Generator::TensorFlow) {
    const auto wide = [](auto seed) { return wide_seed(seed); };
    KernelSeeds seeds{};
    std::int64_t call = 0;
    if (crop.seed) {
      const auto global =
          draws.global_seed ? std::optional(wide(*draws.global_seed)) : std::nullopt;
      seeds = kernel_seeds(global, wide(crop.seed->a));
      call = draws.call;
    } else {  // every call draws its own seed
      const WideSeed global = wide(draws.global_seed.value_or(0));
      seeds = kernel_seeds(global, wide(eager_op_seed(global, draws.call)));
    }
    choice.seed = SeedPair{seeds.seed, seeds.seed2};
    choice.call = draws.call;
    offset = stateful_random_crop(axes.shape, axes.size, seeds, call);
  } else {
    choice.seed = draws.seed;
    offset = stateless_random_crop(axes.shape, axes.size, draws.seed);
  }
  choice.offset = {offset[axes.rows], offset[axes.rows + 1]};
  return choice;
}

Result<Choice> choose(const RandomCrop& crop, const Shape& in, const Draws& draws) {
  Choice choice;
  Shape room = in;
  if (!crop.training || (crop.fits_into(in) && !crop.draws_in(in))) {
    choice.resized = fixed_window(crop, in);
    return choice;
  }
  if (!crop.fits_into(in)) {
    switch (crop.if_smaller) {
      case IfSmaller::Resize:
        choice.resized = fixed_window(crop, in);
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
  return draw(crop, room, draws);
}

Result<Done> edit(const RandomCrop& crop, OpBuilder& builder, const Choice& choice) {
  if (crop.does_nothing()) return Done{};
  if (auto fits = check_cast(kName, builder.dtype(), crop.dtype); !fits) return fits;
  builder.cast(crop.dtype);
  const Shape in = builder.shape();
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
      builder.axis(a).keep(window[a].begin, window[a].length());
    // At the same size the bilinear formula gives the same pixels.
    if (window[0].length() != crop.height || window[1].length() != crop.width) {
      builder.resize(crop.height, crop.width);
      builder.cast(crop.dtype);
    }
    return Done{};
  }
  const auto around = padding(crop, in);
  for (int a = 0; a < 2; ++a) {
    const auto axis = static_cast<std::size_t>(a);
    const std::int64_t length = a == 0 ? crop.height : crop.width;
    builder.axis(a).pad(around.at(axis)[0], around.at(axis)[1]);
    if (choice.offset.size() != 2 ||
        outside(choice.offset[axis], length, builder.axis(a).length())) {
      return shape_error(kName, "the recorded offset does not lie in the image");
    }
    builder.axis(a).keep(choice.offset[axis], length);
  }
  return Done{};
}

std::optional<Layer> parse(Arguments& arguments) {
  RandomCrop crop{};
  crop.height = arguments.whole("height").value_or(1);
  crop.width = arguments.whole("width").value_or(1);
  crop.if_smaller = static_cast<IfSmaller>(arguments.choice("if_smaller"));
  crop.training = arguments.boolean("training");
  crop.dtype = arguments.dtype("dtype");
  const Json data_format = arguments.word("data_format");
  crop.seed = arguments.seed("seed");
  crop.generator = static_cast<Generator>(arguments.choice("generator"));
  crop.keras = arguments.keras();
  crop.rules = crop_rules(crop.keras);
  require_keras(arguments, kFirstRules);
  if (crop.generator == Generator::Keras && crop.keras.major > 2) {
    arguments.mistake("generator",
                      "\"keras\" draws as the layer of Keras 2.9 does; the draws of Keras " +
                          to_text(crop.keras) + " depend on its backend");
  }
  if (crop.generator != Generator::Stateless && crop.seed && crop.seed->b != 0) {
    arguments.mistake("seed",
                      "the generator \"" +
                          std::string(kGenerators.at(static_cast<std::size_t>(crop.generator))) +
                          "\" takes one number, not a pair");
  }
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.dtype = crop.dtype;
  layer.seed = crop.seed;
  if (!crop.does_nothing()) layer.generator = crop.generator;
  layer.config = {{"height", crop.height},
                  {"width", crop.width},
                  {"seed", to_json(crop.seed)},
                  {"if_smaller", kIfSmaller.at(static_cast<std::size_t>(crop.if_smaller))},
                  {"training", crop.training},
                  {"generator", kGenerators.at(static_cast<std::size_t>(crop.generator))},
                  {"dtype", name_of(crop.dtype)},
                  {"data_format", data_format}};
  layer.output_shape = [=](const Shape& in) { return output_shape(crop, in); };
  layer.casts_floats = !crop.does_nothing();
  if (!crop.does_nothing())
    layer.choose = [=](const Shape& in, const Draws& draws) { return choose(crop, in, draws); };
  layer.edit = [=](OpBuilder& builder, const Choice& choice) {
    return edit(crop, builder, choice);
  };
  return layer;
}

}  // namespace

CropRules crop_rules(KerasVersion keras) {
  if (keras < kFirstRules) return CropRules::Unknown;
  if (keras < KerasVersion{3, 6}) return CropRules::Resizes;
  return keras < KerasVersion{3, 8} ? CropRules::Centres : CropRules::TrainsOnly;
}

std::vector<LayerSpec> random_crop_layers() {
  return {
      {.name = kName,
       .rank = 2,
       .summary = "keep a height x width window at a random place",
       .shapes = "rows x cols x c  ->  height x width x c",
       .example = R"({"class_name": "RandomCrop", "config": {"height": 224, "width": 224}})",
       .source = "As in the chain's version of Keras, from 2.9 on. If an image is not large "
                 "enough, 2.9 to 3.5 resize the largest window of that aspect ratio; later "
                 "versions keep the window that begins there. Offsets as drawn by "
                 "tf.image.stateless_random_crop, Keras 2.9 or tf.image.random_crop.",
       .arguments = {pixels_argument("height", "rows of the window", kFirstRules),
                     pixels_argument("width", "columns of the window", kFirstRules),
                     seed_argument(kFirstRules),
                     {.name = "if_smaller",
                      .form = Form::Word,
                      .words = kIfSmaller,
                      .fallback = "resize",
                      .help = "what happens to an image that is smaller than the window"},
                     training_argument("false: as at inference, no random window"),
                     {.name = "generator",
                      .form = Form::Word,
                      .words = kGenerators,
                      .fallback = "stateless",
                      .help =
                          "the generator of the random numbers: tf.image.stateless_random_crop, "
                          "Keras 2.9, or tf.image.random_crop"},
                     any_dtype_argument(),
                     data_format_argument(kKeras3)},
       .parse = parse}};
}

}  // namespace deckle
