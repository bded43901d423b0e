// SPDX-License-Identifier: Apache-2.0
// chain_file: reads the files of weights that a chain names, then parses the chain.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "chain/chain.h"

namespace deckle {

/// parse_chain for a text whose layers may name files of weights. Relative names start at `folder`;
/// empty: the current folder. `weights` is the path of a Keras file with the weights of all layers,
/// and replaces the file that the text names. With Purpose::Shapes, weights that cannot be read are
/// only a note if the layer has filters and kernel_size.
[[nodiscard]] std::variant<Chain, Mistakes> read_chain(std::string_view text,
                                                       bool channels_first = false,
                                                       const std::string& folder = "",
                                                       const std::string& weights = "",
                                                       Purpose purpose = Purpose::Run);

}  // namespace deckle
