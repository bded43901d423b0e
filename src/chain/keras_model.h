// SPDX-License-Identifier: Apache-2.0
// keras_model: a Keras Sequential as model.to_json() writes it, read as a chain's layers.
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

/// What a Sequential says besides its layers. The list of layers stays where it is in the user's
/// text, so that mistakes in it are found there.
struct KerasModel {
  std::string name;
  KerasVersion keras;
  const Json* layers = nullptr;  ///< a list; null where there is none, which was noted
  std::string layers_at;         ///< the pointer to it
  bool of_tfjs = false;          ///< written by TensorFlow.js itself
  std::string note;              ///< what the reader should be told of its version; mostly ""
  /// The shape of its inputs without the batch axis, in the order of the text; nothing where an
  /// axis is open. Empty where it does not say.
  OpenShape input_shape;
  std::string input_shape_at;
  DType input_dtype = DType::Float32;
};

/// Whether this is meant to be a Keras model, of whatever kind, and not a chain.
[[nodiscard]] bool is_keras_model(const Json& root);

/// Reads a Sequential of Keras 1, 2 or 3, by itself or within TensorFlow.js' model.json. Mistakes
/// are noted; those of the layers' own arguments are found by the parser of the layers.
[[nodiscard]] KerasModel read_keras_model(const Json& root, std::vector<Mistake>& mistakes);

/// Whether an entry of a model's layers only says what comes in.
[[nodiscard]] bool is_input_layer(std::string_view class_name);
/// Whether it changes its input in training only, as Dropout does.
[[nodiscard]] bool acts_in_training_only(std::string_view class_name);
/// Whether it is a model within the model.
[[nodiscard]] bool is_nested_model(std::string_view class_name);

}  // namespace deckle
