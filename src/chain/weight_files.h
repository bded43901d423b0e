// SPDX-License-Identifier: Apache-2.0
// weight_files: loads the arrays of files into the chain that names the files.
//
// Afterwards the chain holds every number itself. A manifest is therefore complete: a replay needs
// no file but the images, and another kernel under the same name makes another chain.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "layers/arguments.h"

namespace deckle {

/// Weights that could not be read: their name stays in the chain.
struct UnreadWeights {
  Mistake mistake;
  std::vector<std::string> arguments;  ///< pointers to the arguments of the layers that lack them
};

struct LoadedWeights {
  std::vector<UnreadWeights> unread;
  std::vector<std::string> files;  ///< that were read
};

/// Of a chain, or of a Keras model whose layers were given "weights". Replaces in each layer's
/// "weights" the names of .npy files by their arrays, and the name of an .npz file, or of a file of
/// Keras' (and of a layer in it: "model.h5/conv2d_1"), by the list of its arrays. "weights" beside
/// "config" is moved into it. Then the file that the chain's own "weights" names gives the layers
/// that have none theirs, as Keras' load_weights does; `all`, a path, stands for that. Other names
/// are looked for in `folder`; empty: the current one.
[[nodiscard]] LoadedWeights load_weights(Json& chain, const std::string& folder,
                                         const std::string& all = "");

}  // namespace deckle
