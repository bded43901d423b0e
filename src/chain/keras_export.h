// SPDX-License-Identifier: Apache-2.0
// keras_export: writes a chain's layers as a Keras model.
// Fails   with all Mistakes, each with its pointer into the chain's text
// Source  Keras 1.2 to 3.15: get_config of the layers and of Sequential
#pragma once

#include <variant>
#include <vector>

#include "chain/chain.h"
#include "core/json.h"
#include "layers/arguments.h"
#include "layers/keras_version.h"

namespace deckle {

/// The Sequential that this version of Keras writes and reads: the chain's layers, and the shape of
/// its inputs if the chain has one. A model has no place for the other keys (seed, copies, output,
/// ..). It is a mistake if that Keras cannot do what the chain does. The layers' ArgumentSpecs
/// declare which arguments that Keras has.
[[nodiscard]] std::variant<Json, std::vector<Mistake>> to_keras(const Chain& chain,
                                                                KerasVersion keras);

}  // namespace deckle
