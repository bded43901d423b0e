// SPDX-License-Identifier: Apache-2.0
// chain_parser: makes a Chain from JSON. Opens no file.
#pragma once

#include <variant>

#include "chain/chain.h"
#include "chain/json_text.h"
#include "chain/weight_files.h"
#include "core/json.h"

namespace deckle {

/// Parses `root`, which is the value of `json` after load_weights, which returned `weights`.
/// Mistakes have positions in `json`.
[[nodiscard]] std::variant<Chain, Mistakes> parse_chain(const JsonText& json, const Json& root,
                                                        LoadedWeights weights, bool channels_first,
                                                        Purpose purpose);

}  // namespace deckle
