// SPDX-License-Identifier: Apache-2.0
#include "batch/input_bytes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "batch/memory_estimate.h"
#include "codecs/formats.h"
#include "codecs/npz.h"

namespace deckle {
namespace {

Error changed() {
  return {ErrorCode::Changed, "the file changed while it was read; run again when it is finished"};
}

}  // namespace

Result<const Codec*> InputBytes::load(const std::string& path, const DecodeOptions& options,
                                      const MemoryLimit& memory) {
  constexpr std::uint64_t kMappedShare = 8;  // of the memory limit
  FileStamp& before = as_opened_;
  auto file = open_to_read(path, &before);
  if (!file) {
    if (const auto member = archive_member(path)) return load_array(*member, options);
    return file.error();
  }
  // Most files are read with one system call. The rest of a large file is read only if it is a
  // picture.
  constexpr std::uint64_t kFirst = std::uint64_t{1} << 18U;
  const std::uint64_t first = before.size <= kFirst ? before.size : kHeadBytes;
  if (auto head = read_head(*file, static_cast<std::size_t>(first), buffer_); !head)
    return head.error();
  auto codec = recognise_input(
      buffer_.bytes().first(std::min<std::size_t>(buffer_.size(), kHeadBytes)), path);
  if (!codec) return codec;
  if (memory.strict && before.size > memory.bytes && !(*codec)->rows)
    return over_memory_limit(before.size, memory, no_row_reader(**codec));
  bytes_ = buffer_.bytes();
  if (before.size > memory.bytes / kMappedShare && (*codec)->rows) {
    mapped_.emplace(*file);
    if (mapped_->bytes().size() != before.size) mapped_.reset();  // it cannot be mapped, or it grew
  }
  if (mapped_) {
    bytes_ = mapped_->bytes();
    watch_mapped(bytes_);
  } else if (buffer_.size() != before.size) {
    if (auto all = read_all(*file, before.size, buffer_); !all) return all.error();
  }
  if (mapped_) {
    const auto digest = sha256_of(*file, before.size, buffer_);
    if (!digest) return digest.error();
    sha256_ = *digest;
  } else {
    bytes_ = buffer_.bytes();
    sha256_ = deckle::sha256(bytes_);
  }
  if (stamp_of(*file) != before) return changed();
  file_ = *std::move(file);
  stamp_ = without_recent_time(before);
  return codec;
}

Result<const Codec*> InputBytes::load_array(const ArchiveMember& member,
                                            const DecodeOptions& options) {
  const auto before = stamp_of(member.archive);
  if (auto read =
          read_npz(member.archive, member.array, buffer_, kMostNpzBytes, check_array(options));
      !read)
    return read.error();
  if (!before || stamp_of(member.archive) != before) {
    return Error{ErrorCode::Changed,
                 "the archive changed while it was read; run again when it is finished"};
  }
  stamp_ = without_recent_time(*before);
  bytes_ = buffer_.bytes();
  sha256_ = deckle::sha256(bytes_);
  return recognise(bytes_);
}

Result<Done> InputBytes::check_unchanged() const {
  if (mapped_ && stamp_of(file_) != as_opened_) return changed();
  return Done{};
}

}  // namespace deckle
