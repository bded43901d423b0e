// SPDX-License-Identifier: Apache-2.0
// training: arguments that only training uses. They change no output; their values are checked all
// the same, because a wrong one is a mistake in the chain.
// Source  Keras 1.2 to 3.15: initializers, regularizers, constraints, Layer.__init__
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace deckle {

/// Why Keras would not take the value of an argument that deckle forgets ("init",
/// "kernel_regularizer", "trainable", ..); nothing where it would, and for other arguments.
[[nodiscard]] std::optional<std::string> wrong_in_training(std::string_view argument,
                                                           const Json& value);

}  // namespace deckle
