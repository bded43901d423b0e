// SPDX-License-Identifier: Apache-2.0
// weight_files: loads the arrays of files into the chain that names the files.
//
// Afterwards the chain itself contains every number. Therefore a manifest is complete: a replay
// needs only the images, and another kernel under the same name makes another chain.
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
  std::vector<std::string> files;  ///< the files that were read
};

/// For a chain, or for a Keras model to whose layers "weights" were added. In each layer's
/// "weights" the names of .npy files are replaced by their arrays, and the name of an .npz file or
/// a Keras file (also of a layer in it: "model.h5/conv2d_1") by the list of its arrays. "weights"
/// beside "config" is moved into it. Then the layers without weights get them from the file that
/// the chain's key "weights" names, as by Keras' load_weights. `all`, the path of a file, replaces
/// that key. Other names are relative to `folder`; empty: the current folder.
[[nodiscard]] LoadedWeights load_weights(Json& chain, const std::string& folder,
                                         const std::string& all = "");

}  // namespace deckle
