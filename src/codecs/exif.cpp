// SPDX-License-Identifier: Apache-2.0
// exif: finds tag 0x0112 in the first directory of an EXIF block, and the same in XMP.
// Shapes  none: bytes in, 1 to 8 out
// Fails   never: metadata that cannot be read does not spoil a picture, it counts as none
// Source  EXIF 2.32, 4.6.4 (tag Orientation); TIFF 6.0, section 2 (directories); XMP specification,
//         part 2, 1.3 (TIFF namespace)
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

std::optional<int> exif_orientation(Bytes block) {
  constexpr std::uint32_t kOrientation = 0x0112;
  constexpr std::uint32_t kShort = 3;
  constexpr std::uint32_t kLong = 4;
  constexpr std::size_t kEntryBytes = 12;

  if (begins_with(block, "Exif\0\0"sv)) block = block.subspan(6);
  const bool big_endian = begins_with(block, "MM\0\x2a"sv);
  if (!big_endian && !begins_with(block, "II\x2a\0"sv)) return std::nullopt;

  const Block ints(block, big_endian);
  const std::optional<std::uint32_t> directory = ints.read(4, 4);
  if (!directory) return std::nullopt;
  const std::optional<std::uint32_t> entries = ints.read(*directory, 2);
  if (!entries) return std::nullopt;
  for (std::size_t i = 0; i < *entries; ++i) {
    const std::size_t at = std::size_t{*directory} + 2 + i * kEntryBytes;
    const std::optional<std::uint32_t> tag = ints.read(at, 2);
    if (!tag) return std::nullopt;
    if (*tag != kOrientation) continue;
    const std::optional<std::uint32_t> type = ints.read(at + 2, 2);
    if (type != kShort && type != kLong) return std::nullopt;
    const std::optional<std::uint32_t> value = ints.read(at + 8, type == kShort ? 2 : 4);
    if (!value || *value < 1 || *value > 8) return std::nullopt;
    return static_cast<int>(*value);
  }
  return std::nullopt;
}

std::optional<int> xmp_orientation(std::string_view packet) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = packet.find(kName); at != std::string_view::npos;
       at = packet.find(kName, at)) {
    at += kName.size();
    // ="6", = '6' or >6<
    const std::size_t value = packet.find_first_not_of(" \t\r\n=\"'>", at);
    if (value == at || value == std::string_view::npos || value + 1 >= packet.size()) continue;
    const char digit = packet[value];
    const char behind = packet[value + 1];
    if (digit >= '1' && digit <= '8' && (behind < '0' || behind > '9')) return digit - '0';
  }
  return std::nullopt;
}

}  // namespace deckle
