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

/// Growable memory that is not cleared when it grows and is not given back when it shrinks: a
/// thread keeps one for each purpose and uses it for image after image.
class Buffer {
 public:
  Buffer() = default;

  /// Makes room for `size` bytes; the old contents are lost where it has to grow.
  void resize(std::size_t size) {
    if (size > capacity_) {
      data_.reset();  // first, to never hold both blocks at the same time
      data_ = allocate(size);
      capacity_ = size;
    }
    size_ = size;
  }

  /// Appends, keeping what is there.
  void append(Bytes more);

  void clear() { size_ = 0; }
  /// Gives the memory back, where it is more than `keep` bytes.
  void shrink(std::size_t keep) {
    if (capacity_ > keep) *this = Buffer{};
  }

  [[nodiscard]] std::uint8_t* data() { return data_.get(); }
  [[nodiscard]] const std::uint8_t* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Bytes bytes() const { return {data_.get(), size_}; }

 private:
  // As wide as the widest vectors, which take twice as long where they lie across two lines.
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

/// A file that is mapped into memory and read from front to back by this thread; nothing: none.
void watch_mapped(Bytes file);
/// Says that bytes before `p` will not be read soon. In a watched file their memory is returned to
/// the system, piece by piece; they are read from the disk again if they are needed after all.
/// Elsewhere this does nothing.
void release_mapped_before(const std::uint8_t* p);

}  // namespace deckle
