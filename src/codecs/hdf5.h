// SPDX-License-Identifier: Apache-2.0
// hdf5: datasets of numbers and attributes of texts out of files of HDF5. The library is in a
// plug-in, libdeckle_hdf5.so, that is opened for the first such file: linked in, it would cost
// every command 3 ms. It is not made for threads: one thread at a time may use this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/hdf5_plugin.h"
#include "codecs/plugin.h"
#include "core/bytes.h"
#include "core/result.h"

namespace deckle {

inline constexpr Plugin kHdf5Plugin{"libdeckle_hdf5.so", "deckle_hdf5_interface", kHdf5Interface,
                                    "deckle-hdf5"};

/// Whether the file begins as files of HDF5 do.
[[nodiscard]] bool is_hdf5(Bytes head);

struct Hdf5Dataset {
  std::string path;  ///< "layers/conv2d/vars/0"
  std::vector<std::int64_t> shape;
};

/// An attribute of texts.
struct Hdf5Texts {
  std::string path;  ///< of what has it; "" for the root
  std::string name;
  std::vector<std::string> texts;
};

class Hdf5File {
 public:
  /// A file that `is_hdf5`, by its path or in memory. Truncated, Damaged; Unsupported where the
  /// plug-in cannot be opened.
  [[nodiscard]] static Result<Hdf5File> open(const std::string& path);
  [[nodiscard]] static Result<Hdf5File> open(Bytes file);

  /// All of them, in the order of their paths.
  [[nodiscard]] const std::vector<Hdf5Dataset>& datasets() const { return datasets_; }
  [[nodiscard]] const std::vector<Hdf5Texts>& attributes() const { return attributes_; }
  /// Null where there is no such attribute.
  [[nodiscard]] const std::vector<std::string>* texts(std::string_view path,
                                                      std::string_view name) const;

  /// The numbers of a dataset, in C order, as float32.
  [[nodiscard]] Result<std::vector<float>> read(const Hdf5Dataset& dataset) const;

 private:
  [[nodiscard]] static Result<Hdf5File> open_either(const char* path, Bytes file);

  std::shared_ptr<DeckleHdf5File> file_;
  std::vector<Hdf5Dataset> datasets_;
  std::vector<Hdf5Texts> attributes_;
};

}  // namespace deckle
