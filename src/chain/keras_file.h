// SPDX-License-Identifier: Apache-2.0
// keras_file: the files that Keras writes: .h5 with weights or a whole model (Keras 1 and 2, and
// the old format of 3), .weights.h5 and .keras (from 2.12 on).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "codecs/hdf5.h"
#include "core/result.h"
#include "layers/weights.h"

namespace deckle {

/// The most numbers that the weights of one layer may have.
inline constexpr std::size_t kMostWeights = std::size_t{1} << 22U;

/// The arrays of a layer, in the order of Keras' get_weights().
struct SavedLayer {
  /// "conv2d_1": the layer's name. In files of Keras 3: its class and a number; for layers of an
  /// inner model "sequential/layers/conv2d_1".
  std::string name;
  std::string called;               ///< its name, if a file of Keras 3 has it; else ""
  std::string kind;                 ///< Keras 3: "conv2d"; else ""
  std::vector<Hdf5Dataset> arrays;  ///< at least one
};

class KerasFile {
 public:
  /// Fails with Unreadable, NotAnImage (not one of these files), Truncated, Damaged, Unsupported.
  [[nodiscard]] static Result<KerasFile> open(const std::string& path);

  /// The layers that have weights, in the order of the model; if the file names them by their
  /// classes, in this order within each class.
  [[nodiscard]] const std::vector<SavedLayer>& layers() const { return layers_; }
  [[nodiscard]] bool by_class() const { return by_class_; }
  /// "theano", whose kernels are reversed, "tensorflow", ..; "" if the file does not say.
  [[nodiscard]] const std::string& backend() const { return backend_; }
  /// Fails with Damaged or TooLarge.
  [[nodiscard]] Result<std::vector<WeightArray>> read(const SavedLayer& layer) const;

  /// The model as JSON for `read_keras_model`, with its version; "" if the file has only weights.
  [[nodiscard]] const std::string& model() const { return model_; }

 private:
  [[nodiscard]] Result<Done> list_layers();
  [[nodiscard]] Result<Done> list_by_name(const std::string& group);
  void list_by_class();
  void set_model(const std::string& json, const std::string& version);

  explicit KerasFile(Hdf5File file) : file_(std::move(file)) {}

  Hdf5File file_;
  std::vector<SavedLayer> layers_;
  bool by_class_ = false;
  std::string backend_;
  std::string model_;
};

/// The names of the layers that have weights, for messages.
[[nodiscard]] std::string names_of(const std::vector<SavedLayer>& layers);

/// A chain file's text.
struct ChainText {
  std::string text;
  std::string weights;  ///< this file, if it is a Keras file with weights; else ""
};

/// Reads a chain file, or the model in a Keras file; from standard input if the path is "-".
[[nodiscard]] Result<ChainText> read_chain_text(const std::string& path);

}  // namespace deckle
