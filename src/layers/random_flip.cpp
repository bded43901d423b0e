// SPDX-License-Identifier: Apache-2.0
// random_flip: flips the image left to right or upside down, or does not change it, at random.
// Shapes  rows x cols x channels -> the same shape, of the layer's dtype
// Source  Keras 2.9 and 3: RandomFlip. The draws:
//         tf.image.stateless_random_flip_left_right(image, seed) and .._up_down(image, seed').
//         They flip if tf.random.stateless_uniform([], seed) < 0.5. seed' is fold_in(seed, 1).
#include <array>

#include "layers/arguments.h"
#include "layers/common.h"
#include "layers/registry.h"

namespace deckle {
namespace {

constexpr std::string_view kName = "RandomFlip";
constexpr std::array<std::string_view, 3> kModes{"horizontal_and_vertical", "horizontal",
                                                 "vertical"};

Choice choose(std::size_t mode, bool training, SeedPair seed) {
  Choice choice;
  const bool across = training && mode != 2 && stateless_uniform(seed) < 0.5F;
  const bool down = training && mode != 1 && stateless_uniform(fold_in(seed, 1)) < 0.5F;
  if (training) choice.seed = seed;
  choice.flipped = {down, across};
  return choice;
}

std::optional<Layer> parse(Arguments& arguments) {
  const std::size_t mode = arguments.choice("mode");
  const auto seed = arguments.seed("seed");
  const bool training = arguments.boolean("training");
  const Json data_format = arguments.word("data_format");
  const DType dtype = arguments.dtype("dtype");
  require_keras(arguments, {2, 4});
  if (!arguments.good()) return std::nullopt;

  Layer layer;
  layer.dtype = dtype;
  layer.seed = seed;
  layer.config = {{"mode", kModes.at(mode)},
                  {"seed", to_json(seed)},
                  {"training", training},
                  {"data_format", data_format},
                  {"dtype", name_of(dtype)}};
  layer.output_shape = [](const Shape& in) -> Result<Shape> { return in; };
  layer.choose = [=](const Shape&, const Draws& draws) -> Result<Choice> {
    return choose(mode, training, draws.seed);
  };
  layer.edit = [=](OpBuilder& builder, const Choice& choice) -> Result<Done> {
    if (choice.flipped.size() != 2) return shape_error(kName, "the recorded flips are not two");
    builder.cast(dtype);
    for (int a = 0; a < 2; ++a) {
      if (choice.flipped[static_cast<std::size_t>(a)]) builder.axis(a).reverse();
    }
    return Done{};
  };
  return layer;
}

}  // namespace

std::vector<LayerSpec> random_flip_layers() {
  return {
      {.name = kName,
       .rank = 2,
       .summary = "flip at random, left to right or upside down",
       .shapes = "rows x cols x c  ->  the same shape",
       .example = R"({"class_name": "RandomFlip", "config": {"mode": "horizontal"}})",
       .source = "As in Keras; drawn as tf.image.stateless_random_flip_left_right and _up_down do.",
       .arguments = {{.name = "mode",
                      .form = Form::Word,
                      .words = kModes,
                      .fallback = kModes[0],
                      .help = "which flips are drawn",
                      .since = kPreprocessing},
                     seed_argument(kPreprocessing),
                     training_argument("false: as at inference, never flip"),
                     data_format_argument(KerasVersion{3, 15}),
                     dtype_argument()},
       .parse = parse}};
}

}  // namespace deckle
