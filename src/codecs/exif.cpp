// SPDX-License-Identifier: Apache-2.0
// exif: finds tag 0x0112 in the first directory of an EXIF block.
// Shapes  none: bytes in, 1 to 8 out
// Fails   never: metadata that cannot be read does not spoil a picture, it counts as "upright" (1)
// Source  EXIF 2.32, 4.6.4 (tag Orientation); TIFF 6.0, section 2 (directories)
// Only the first directory is read and no pointer to a next one is followed, so nothing can loop.
#include "codecs/exif.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace deckle {
namespace {

using namespace std::string_view_literals;

class Block {
 public:
  Block(Bytes bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  [[nodiscard]] std::optional<std::uint32_t> read(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8U | bytes_[at + (big_endian_ ? i : size - 1 - i)];
    }
    return value;
  }

 private:
  Bytes bytes_;
  bool big_endian_;
};

bool begins_with(Bytes bytes, std::string_view with) {
  return bytes.size() >= with.size() &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()), with.size()) == with;
}

}  // namespace

int exif_orientation(Bytes block) {
  constexpr std::uint32_t kOrientation = 0x0112;
  constexpr std::uint32_t kShort = 3;
  constexpr std::uint32_t kLong = 4;
  constexpr std::size_t kEntryBytes = 12;

  if (begins_with(block, "Exif\0\0"sv)) block = block.subspan(6);
  const bool big_endian = begins_with(block, "MM\0\x2a"sv);
  if (!big_endian && !begins_with(block, "II\x2a\0"sv)) return 1;

  const Block ints(block, big_endian);
  const std::optional<std::uint32_t> directory = ints.read(4, 4);
  if (!directory) return 1;
  const std::optional<std::uint32_t> entries = ints.read(*directory, 2);
  if (!entries) return 1;
  for (std::size_t i = 0; i < *entries; ++i) {
    const std::size_t at = std::size_t{*directory} + 2 + i * kEntryBytes;
    const std::optional<std::uint32_t> tag = ints.read(at, 2);
    if (!tag) return 1;
    if (*tag != kOrientation) continue;
    const std::optional<std::uint32_t> type = ints.read(at + 2, 2);
    if (type != kShort && type != kLong) return 1;
    const std::optional<std::uint32_t> value = ints.read(at + 8, type == kShort ? 2 : 4);
    return value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
  }
  return 1;
}

}  // namespace deckle
