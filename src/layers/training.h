// SPDX-License-Identifier: Apache-2.0
// training: arguments that only training uses. They change no output, but their values are checked,
// because a wrong value is a mistake in the chain.
// Source  Keras 1.2 to 3.15: initializers, regularizers, constraints, Layer.__init__
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace deckle {

/// Why Keras would refuse this value of an argument that deckle ignores ("init",
/// "kernel_regularizer", "trainable", ..). Nothing if Keras accepts it, and for other arguments.
[[nodiscard]] std::optional<std::string> wrong_in_training(std::string_view argument,
                                                           const Json& value);

}  // namespace deckle
