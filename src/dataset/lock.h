// SPDX-License-Identifier: Apache-2.0
// lock: allows one run at a time in a folder. Uses flock if the file system has it, else a file
// that only one process can make.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/result.h"
#include "dataset/files.h"

namespace deckle {

/// Held until it is destroyed. If the process dies, the system releases the lock. A file that is
/// used instead of a lock stays.
class FolderLock {
 public:
  /// Locks a file, and makes it if it is missing; a link is not followed. Returns nothing if
  /// another process holds the lock. Fails with Write if it is not known whether that process is
  /// still alive. `no_locks`, for tests: the errno of a file system without locks.
  [[nodiscard]] static Result<std::optional<FolderLock>> take(const std::string& path,
                                                              int no_locks = 0);

  FolderLock(FolderLock&& other) noexcept { *this = std::move(other); }
  FolderLock& operator=(FolderLock&& other) noexcept;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

  /// Why a file is used instead of a lock; "" if there is a lock.
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  FolderLock() = default;
  static Result<std::optional<FolderLock>> take_file(const std::string& path, int error_number);

  File file_;
  std::optional<std::string> held_;  ///< the file that is used instead of a lock
  std::string note_;
};

}  // namespace deckle
