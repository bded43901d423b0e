// SPDX-License-Identifier: Apache-2.0
// out_tree: the folder that a run writes into. Its files are reached by relative paths. A link
// below it is never followed, because it may lead anywhere.
// Fails   Write; with ELOOP if a folder in the path is a link
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "dataset/files.h"

namespace deckle {

class OutTree {
 public:
  /// Makes the folder if it is missing. The folder itself may be a link.
  [[nodiscard]] static Result<OutTree> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }

  /// Opens a folder in the tree; "" is the tree itself. With `make`, a missing folder is made.
  [[nodiscard]] Result<File> folder(std::string_view relative, bool make = false) const;

  /// Unfinished files in a workshop in the tree. Safe to call from several threads.
  [[nodiscard]] Result<PendingFile> write(Bytes data) const;
  [[nodiscard]] Result<std::unique_ptr<PendingWriter>> writer() const;

  /// Whether a file or folder with this name exists.
  [[nodiscard]] bool has(const std::string& relative) const;
  /// Opens a regular file for reading.
  [[nodiscard]] Result<File> open_file(const std::string& relative, FileStamp* stamp) const;
  [[nodiscard]] Result<Done> remove(const std::string& relative) const;
  /// Deletes this folder and its parent folders, as far as they are empty.
  void remove_empty(std::string_view relative) const;

  /// Writes everything in the tree's file system to the disk.
  [[nodiscard]] Result<Done> sync() const;

 private:
  [[nodiscard]] Result<std::shared_ptr<const Workshop>> workshop() const;

  struct Shared {
    std::mutex mutex;
    std::shared_ptr<const Workshop> workshop;  ///< made for the first file
  };

  std::string path_;
  File folder_;
  std::unique_ptr<Shared> shared_ = std::make_unique<Shared>();
};

}  // namespace deckle
