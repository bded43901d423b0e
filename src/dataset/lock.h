// SPDX-License-Identifier: Apache-2.0
// lock: one run at a time in a folder. flock where the file system has it, else a file that only
// one process can make.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/result.h"
#include "dataset/files.h"

namespace deckle {

/// Held until it is destroyed. Where the process dies, the system releases the lock, but a file
/// that takes its place stays.
class FolderLock {
 public:
  /// Locks a file, which is made where it is missing; a link is not followed. Gives nothing where
  /// another process holds the lock. Fails with Write where it cannot be known whether the process
  /// that holds it is still alive. `no_locks`, for tests: the errno of a file system without locks.
  [[nodiscard]] static Result<std::optional<FolderLock>> take(const std::string& path,
                                                              int no_locks = 0);

  FolderLock(FolderLock&& other) noexcept { *this = std::move(other); }
  FolderLock& operator=(FolderLock&& other) noexcept;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

  /// Why there is a file instead of a lock; "" where there is a lock.
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  FolderLock() = default;
  static Result<std::optional<FolderLock>> take_file(const std::string& path, int error_number);

  File file_;
  std::optional<std::string> held_;  ///< the file that is used instead of a lock
  std::string note_;
};

}  // namespace deckle
