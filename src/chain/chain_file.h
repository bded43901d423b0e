// SPDX-License-Identifier: Apache-2.0
// chain_file: reads the files of weights that a chain names, then parses the chain.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "chain/chain.h"

namespace deckle {

/// parse_chain of a text whose layers may name files of weights. Relative names are looked for in
/// `folder`; empty: the current one. `weights`, a path, is a file of Keras with the weights of all
/// layers, instead of the one that the text names. With Purpose::Shapes, weights that cannot be
/// read are a note where the layer says its filters and kernel_size.
[[nodiscard]] std::variant<Chain, Mistakes> read_chain(std::string_view text,
                                                       bool channels_first = false,
                                                       const std::string& folder = "",
                                                       const std::string& weights = "",
                                                       Purpose purpose = Purpose::Run);

}  // namespace deckle
