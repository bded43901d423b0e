// SPDX-License-Identifier: Apache-2.0
// packed: numbers and texts one after the other, for the answers of plug-ins. The reader trusts
// nothing: a hostile file may control the process that answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace deckle {

class Packer {
 public:
  void number(std::uint64_t value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    packed_.append(bytes, sizeof value);
  }
  void text(std::string_view value) {
    number(value.size());
    packed_ += value;
  }
  [[nodiscard]] const std::string& packed() const { return packed_; }

 private:
  std::string packed_;
};

/// Reads from the front. If too few bytes are left, `broken` is true and all further reads are
/// empty.
class Unpacker {
 public:
  explicit Unpacker(std::string_view packed) : rest_(packed) {}
  [[nodiscard]] bool broken() const { return broken_; }
  /// Whether all bytes were read.
  [[nodiscard]] bool at_end() const { return broken_ || rest_.empty(); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    const std::string_view bytes = take(sizeof value);
    if (!broken_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view text() { return take(number()); }

 private:
  std::string_view take(std::uint64_t count) {
    broken_ = broken_ || count > rest_.size();
    if (broken_) return {};
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace deckle
