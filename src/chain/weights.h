// SPDX-License-Identifier: Apache-2.0
// weights: puts the arrays of files into the chain that names them.
//
// So a chain is whole in itself once it is read: its manifest holds every number, a replay needs no
// file but the images, and another kernel under the same name is another chain.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "layers/arguments.h"

namespace deckle {

/// The most numbers that the weights of one layer may have.
inline constexpr std::size_t kMostWeights = std::size_t{1} << 22U;

/// Of a chain, or of a Keras model whose layers were given "weights". Replaces in each layer's
/// "weights" the names of .npy files by their arrays, and the name of an .npz file by the list of
/// its arrays, in the order of the archive. "weights" beside "config" is moved into it. Names are
/// looked for in `folder`; empty: the current one. Gives back what could not be read; its name is
/// left where it stands.
[[nodiscard]] std::vector<Mistake> put_weights_in(Json& chain, const std::string& folder);

}  // namespace deckle
