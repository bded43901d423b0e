// SPDX-License-Identifier: Apache-2.0
// input_bytes: reads the bytes of one input, a file or an array in an .npz file.
// Fails   Unreadable, NotAnImage; Changed if the input changed while it was read; TooLarge
#pragma once

#include <optional>
#include <string>

#include "batch/archive.h"
#include "batch/memory.h"
#include "codecs/codec.h"
#include "core/bytes.h"
#include "core/digest.h"
#include "core/result.h"
#include "dataset/files.h"

namespace deckle {

class InputBytes {
 public:
  /// `buffer` is kept by the thread from image to image.
  explicit InputBytes(Buffer& buffer) : buffer_(buffer) {}
  InputBytes(const InputBytes&) = delete;
  InputBytes& operator=(const InputBytes&) = delete;
  ~InputBytes() { watch_mapped({}); }

  /// Reads the file into memory, or maps it if it takes more than an eighth of the memory limit.
  /// Returns its codec. The rest of a large file is read only if its first bytes are those of an
  /// image.
  [[nodiscard]] Result<const Codec*> load(const std::string& path, const DecodeOptions& options,
                                          const MemoryLimit& memory);

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  /// Nothing if loading failed before the digest was known.
  [[nodiscard]] const std::optional<Sha256>& sha256() const { return sha256_; }
  /// Made by without_recent_time; empty until loading succeeds.
  [[nodiscard]] const FileStamp& stamp() const { return stamp_; }

  /// Fails with Changed if a mapped file changed after it was loaded.
  [[nodiscard]] Result<Done> check_unchanged() const;

 private:
  Result<const Codec*> load_array(const ArchiveMember& member, const DecodeOptions& options);

  Buffer& buffer_;
  File file_;
  FileStamp as_opened_;
  FileStamp stamp_;
  std::optional<MappedFile> mapped_;
  Bytes bytes_;  ///< in buffer_ or mapped
  std::optional<Sha256> sha256_;
};

}  // namespace deckle
