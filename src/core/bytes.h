// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>

namespace deckle {

using Bytes = std::span<const std::uint8_t>;

[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Memory that grows. It is not cleared when it grows, and not given back when it shrinks. A thread
/// keeps one for each purpose and uses it for all its images.
class Buffer {
 public:
  Buffer() = default;

  /// Makes room for `size` bytes. The old contents are lost if it has to grow.
  void resize(std::size_t size) {
    if (size > capacity_) {
      data_.reset();  // first, to never hold both blocks at the same time
      data_ = allocate(size);
      capacity_ = size;
    }
    size_ = size;
  }

  /// Appends; the old contents stay.
  void append(Bytes more);

  void clear() { size_ = 0; }
  /// Gives the memory back if it is more than `keep` bytes.
  void shrink(std::size_t keep) {
    if (capacity_ > keep) *this = Buffer{};
  }

  [[nodiscard]] std::uint8_t* data() { return data_.get(); }
  [[nodiscard]] const std::uint8_t* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Bytes bytes() const { return {data_.get(), size_}; }

 private:
  // Aligned like the widest vectors. A vector that crosses a cache line takes twice as long.
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(std::uint8_t* data) const { ::operator delete(data, kAlignment); }
  };
  using Block = std::unique_ptr<std::uint8_t[], Free>;
  static Block allocate(std::size_t size) {
    return Block(static_cast<std::uint8_t*>(::operator new(size, kAlignment)));
  }

  Block data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// A file that is mapped into memory, which this thread reads from front to back. Empty: no file.
void watch_mapped(Bytes file);
/// Says that bytes before `p` will not be read soon. In a watched file, their memory is returned to
/// the system, piece by piece. If they are needed later, they are read from the disk again. In
/// other memory this does nothing.
void release_mapped_before(const std::uint8_t* p);

}  // namespace deckle
