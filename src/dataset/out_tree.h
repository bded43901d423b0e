// SPDX-License-Identifier: Apache-2.0
// out_tree: the folder that a run writes into. What lies in it is reached by relative paths, and a
// link below it is never followed: it may lead anywhere.
// Fails   Write; with ELOOP where a folder on the way is a link
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
  /// Makes the folder where it is missing; it may itself be a link.
  [[nodiscard]] static Result<OutTree> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }

  /// A folder in it, open; "" is the tree's own. `make`: where it is missing, it is made.
  [[nodiscard]] Result<File> folder(std::string_view relative, bool make = false) const;

  /// Files that are not finished, in a workshop in the tree. Safe to call from several threads.
  [[nodiscard]] Result<PendingFile> write(Bytes data) const;
  [[nodiscard]] Result<std::unique_ptr<PendingWriter>> writer() const;

  /// Whether anything has this name.
  [[nodiscard]] bool has(const std::string& relative) const;
  /// A regular file, to be read.
  [[nodiscard]] Result<File> open_file(const std::string& relative, FileStamp* stamp) const;
  [[nodiscard]] Result<Done> remove(const std::string& relative) const;
  /// Deletes this folder and those above it, as far as they are empty.
  void remove_empty(std::string_view folder) const;

  /// All that was written into its file system is on the disk when this returns.
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
