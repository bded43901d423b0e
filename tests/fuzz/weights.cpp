// SPDX-License-Identifier: Apache-2.0
// A file of weights, .h5, .keras, .npz or .npy: it is read alone, and as the weights of a chain.
#include <algorithm>
#include <string>

#include "chain/chain_file.h"
#include "chain/keras_file.h"
#include "fuzz/fuzz.h"

namespace deckle::fuzz {

void weights(Bytes input) {
  const PathOf file(input);
  if (const auto opened = KerasFile::open(file.path())) {
    for (const SavedLayer& layer : opened->layers())
      static_cast<void>(opened->read(layer));
    static_cast<void>(opened->model());
  }
  static const std::string kChain = R"({"layers": [{"class_name": "Conv2D", "name": "conv2d",
      "filters": 4, "kernel_size": 3}, {"class_name": "DepthwiseConv2D", "kernel_size": 3}]})";
  static_cast<void>(read_chain(kChain, false, "/nowhere", file.path()));
}

}  // namespace deckle::fuzz
