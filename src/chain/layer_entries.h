// SPDX-License-Identifier: Apache-2.0
// layer_entries: the layers in the JSON of a chain or of a Keras model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "layers/arguments.h"

namespace deckle {

/// One layer of the JSON.
struct LayerEntry {
  std::string class_name;
  Json* arguments;                       ///< the object that contains them
  std::string pointer;                   ///< to the arguments in the text
  std::optional<Mistake> weights_twice;  ///< "weights" beside "config" and in it
};

/// The layers of a chain, of Keras' Sequential, of Keras 1's and of TensorFlow.js's. Moves
/// "weights" beside "config" into it. Empty if there is no list of layers.
[[nodiscard]] std::vector<LayerEntry> layer_entries(Json& chain);

}  // namespace deckle
