// SPDX-License-Identifier: Apache-2.0
// layer: a configured layer, and the description of a kind of layer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/shape.h"
#include "geometry/window.h"
#include "layers/argument_spec.h"
#include "layers/keras_version.h"
#include "ops/op_builder.h"
#include "random/stateless.h"

namespace deckle {

class Arguments;
struct LayerSpec;

/// What a random layer decided for one image before any pixel was read. The manifest records it,
/// for replays.
struct Choice {
  std::optional<SeedPair> seed;        ///< of the draw, if there was one
  std::vector<std::int64_t> offset;    ///< where the window starts in the layer's input
  std::optional<Window> resized;       ///< or: the part of that image that is resized
  std::string skip;                    ///< or: why this image is skipped
  std::vector<bool> flipped{};         ///< or: for each spatial axis, whether it is flipped
  std::optional<std::int64_t> call{};  ///< number of the draw, if the generator counts them

  bool operator==(const Choice&) const = default;
};

/// The generator of a layer's random numbers.
enum class Generator : std::uint8_t {
  Stateless,  ///< tf.image.stateless_random_*, from a seed pair that is derived for each image
  Keras,      ///< that of the Keras 2.9 layer, call by call
  TensorFlow  ///< tf.image.random_* after tf.random.set_seed, call by call
};

/// The value that Keras would get: a picture, or an array with or without a batch axis.
struct ArrayLayout {
  bool array = false;
  std::optional<std::int64_t> batch;
  bool channels_first = false;
};

/// What a random layer may draw from.
struct Draws {
  SeedPair seed;                            ///< Stateless: of this draw
  std::optional<std::int64_t> global_seed;  ///< the chain's, not derived
  std::int64_t call = 0;                    ///< Keras, TensorFlow: number of earlier draws
  ArrayLayout layout;
};

/// A layer with its arguments: a value that never changes, read by all threads.
struct Layer {
  const LayerSpec* spec = nullptr;
  std::string called;    ///< its class name as the chain spells it: "Deconvolution2D"
  KerasVersion keras{};  ///< whose rules it follows
  Json
      config;  ///< Keras' get_config: every argument, normalised; parsing it gives this layer again

  /// Keras' compute_output_shape; or an Error (Shape) with the reason why the layer cannot take
  /// this image.
  std::function<Result<Shape>(const Shape&)> output_shape;

  /// The shape of its input, if its arguments give one. The chain's input shape is that of its
  /// first layer.
  OpenShape input_shape;
  /// Number of parameters for an input of this shape, as model.summary() counts them. Null:
  /// the layer has none.
  std::function<std::int64_t(const Shape&)> parameters;

  /// Keras' dtype of the layer. Most layers only take float types.
  DType dtype = DType::Float32;
  /// False: arrays of floats are not cast to `dtype` before the layer.
  bool casts_floats = true;
  /// A library computes it, which the manifest names. An array of integers is refused, as in Keras.
  /// A model casts it to floats before.
  bool convolves = false;

  /// The layer's own seed, and the random decision. `choose` is null if nothing is random.
  std::optional<SeedPair> seed;
  Generator generator = Generator::Stateless;
  std::function<Result<Choice>(const Shape&, const Draws&)> choose;

  /// Writes the layer into the plan. Called only if output_shape accepts the builder's shape.
  std::function<Result<Done>(OpBuilder&, const Choice&)> edit;
};

/// A kind of layer: a row of the registry. All documentation of the layer comes from here.
struct LayerSpec {
  std::string_view name{};     ///< Keras' class name, or deckle's own
  int rank = 0;                ///< the number of spatial axes it works on; 0: any number
  std::string_view summary{};  ///< what it does, in a few words
  std::string_view shapes{};   ///< "rows x cols x c  ->  height x width x c"
  std::string_view example{};  ///< an entry of a chain, in JSON
  std::string_view source{};   ///< whose rules it follows
  std::vector<ArgumentSpec> arguments{};
  /// Reads the arguments. Nothing if they are wrong; then `Arguments` has recorded the mistakes.
  std::optional<Layer> (*parse)(Arguments&) = nullptr;
  /// Arguments that only training uses: accepted with any value, without effect.
  std::vector<std::string_view> ignored{};
};

}  // namespace deckle
