// SPDX-License-Identifier: Apache-2.0
// chain_parser: the JSON of a chain becomes a Chain. Opens no file.
#pragma once

#include <variant>

#include "chain/chain.h"
#include "chain/json_text.h"
#include "chain/weight_files.h"
#include "core/json.h"

namespace deckle {

/// Parses `root`: the value of `json` after load_weights returned `weights`. Positions of mistakes
/// are those in `json`.
[[nodiscard]] std::variant<Chain, Mistakes> parse_chain(const JsonText& json, const Json& root,
                                                        LoadedWeights weights, bool channels_first,
                                                        Purpose purpose);

}  // namespace deckle
