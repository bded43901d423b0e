// SPDX-License-Identifier: Apache-2.0
// hdf5: reads datasets of numbers and attributes of texts from HDF5 files. The library is in a
// plug-in, libdeckle_hdf5.so, that runs in a helper process for each open file: it is not trusted
// with unknown files. A file may be used by one thread at a time. The thread that opened it must
// outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/helper/helper_process.h"
#include "core/bytes.h"
#include "core/result.h"

namespace deckle {

/// Whether the file has the signature of HDF5.
[[nodiscard]] bool is_hdf5(Bytes head);

struct Hdf5Dataset {
  std::string path;  ///< "layers/conv2d/vars/0"
  std::vector<std::int64_t> shape;
};

/// An attribute of texts.
struct Hdf5Texts {
  std::string path;  ///< of the object; "" for the root
  std::string name;
  std::vector<std::string> texts;
};

class Hdf5File {
 public:
  /// A file that `is_hdf5`, by its path or in memory. Unreadable, Truncated, Damaged; Unsupported
  /// if the plug-in cannot be used, and for files that refer to others: by links, external
  /// storage or virtual datasets.
  [[nodiscard]] static Result<Hdf5File> open(const std::string& path);
  [[nodiscard]] static Result<Hdf5File> open(Bytes file);

  /// All datasets, in the order of their paths.
  [[nodiscard]] const std::vector<Hdf5Dataset>& datasets() const { return datasets_; }
  [[nodiscard]] const std::vector<Hdf5Texts>& attributes() const { return attributes_; }
  /// Null if there is no such attribute.
  [[nodiscard]] const std::vector<std::string>* texts(std::string_view path,
                                                      std::string_view name) const;

  /// The numbers of a dataset, in C order, as float32. Damaged if the file is too small for that
  /// many; Unsupported for filters other than gzip, shuffle and fletcher32.
  [[nodiscard]] Result<std::vector<float>> read(const Hdf5Dataset& dataset) const;

 private:
  [[nodiscard]] static Result<Hdf5File> open_in_helper(File file, std::optional<Bytes> memory,
                                                       std::uint64_t file_bytes);

  std::shared_ptr<HelperProcess> process_;
  std::uint64_t file_bytes_ = 0;
  std::vector<Hdf5Dataset> datasets_;
  std::vector<Hdf5Texts> attributes_;
};

}  // namespace deckle
