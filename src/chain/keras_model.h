// SPDX-License-Identifier: Apache-2.0
// keras_model: reads a Keras Sequential, as model.to_json() writes it, as the layers of a chain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chain/chain.h"
#include "core/dtype.h"
#include "core/json.h"
#include "layers/arguments.h"

namespace deckle {

/// A Sequential without the arguments of its layers. The list of layers stays in its place in the
/// user's text, because mistakes in it need their position.
struct KerasModel {
  std::string name;
  KerasVersion keras;
  const Json* layers = nullptr;  ///< a list; null if there is none, which was recorded as a mistake
  std::string layers_at;         ///< the pointer to it
  bool of_tfjs = false;          ///< written by TensorFlow.js itself
  std::string note;              ///< a note for the user about its version; usually ""
  /// The shape of its inputs without the batch axis, in the order of the text; nothing if an axis
  /// is open. Empty if the model does not give it.
  OpenShape input_shape;
  std::string input_shape_at;
  DType input_dtype = DType::Float32;
};

/// Whether this is a Keras model of any kind, and not a chain.
[[nodiscard]] bool is_keras_model(const Json& root);

/// Reads a Sequential of Keras 1, 2 or 3, alone or in a model.json of TensorFlow.js. Records
/// mistakes; the parser of the layers finds those in the layers' arguments.
[[nodiscard]] KerasModel read_keras_model(const Json& root, std::vector<Mistake>& mistakes);

/// Whether an entry of a model's layers only describes the input.
[[nodiscard]] bool is_input_layer(std::string_view class_name);
/// Whether the layer changes its input only in training, as Dropout does.
[[nodiscard]] bool acts_in_training_only(std::string_view class_name);
/// Whether the entry is an inner model.
[[nodiscard]] bool is_nested_model(std::string_view class_name);

}  // namespace deckle
