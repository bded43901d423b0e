// SPDX-License-Identifier: Apache-2.0
// schema: the keys of a chain file, for editors, checkers and the reference pages.
#pragma once

#include "core/json.h"

namespace deckle {

/// JSON Schema (draft 2020-12) of the chain file, made from the registry of layers.
[[nodiscard]] Json chain_schema();

}  // namespace deckle
