// SPDX-License-Identifier: Apache-2.0
// exif: tag 0x0112 of the first directory of an EXIF block, and tiff:Orientation of XMP.
// Shapes  none: bytes in, 1 to 8 or bytes out
// Fails   never: metadata that cannot be read count as missing
// Source  EXIF 3.0, 4.5 (structure, thumbnails) and 4.6 (tags); TIFF 6.0, section 2 (directories);
//         DCF 2.0, for RelatedImageWidth; XMP specification, part 2, 1.3 (TIFF namespace)
// Each directory is read once, through a fixed list of links: no loop is possible.
#include "codecs/exif.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/reading.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kShort = 3;
constexpr std::uint32_t kLong = 4;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kEntryBytes = 12;
constexpr std::uint32_t kOrientation = 0x0112;

Bytes without_prefix(Bytes block) {
  return text_of(block).starts_with("Exif\0\0"sv) ? block.subspan(6) : block;
}

// The byte order of a block; nothing if the bytes are not a block.
std::optional<bool> is_big_endian(Bytes block) {
  if (text_of(block).starts_with("MM\0\x2a"sv)) return true;
  if (text_of(block).starts_with("II\x2a\0"sv)) return false;
  return std::nullopt;
}

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

// ---- editing

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Sorted; adjacent ranges are joined.
std::vector<Range> merged(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (range.begin == range.end) continue;
    if (out.empty() || range.begin > out.back().end) {
      out.push_back(range);
    } else {
      out.back().end = std::max(out.back().end, range.end);
    }
  }
  return out;
}

// Whether any of the disjoint ranges `sorted` overlaps `range`.
bool overlaps(const std::vector<Range>& sorted, const Range& range) {
  const auto behind =
      std::upper_bound(sorted.begin(), sorted.end(), range.begin,
                       [](std::size_t at, const Range& other) { return at < other.end; });
  return behind != sorted.end() && behind->begin < range.end;
}

struct Entry {
  std::size_t at = 0;  // byte in the block
  std::uint32_t tag = 0;
  std::uint32_t type = 0;
  std::uint32_t count = 0;
};

struct Directory {
  Range range;  // with the link after the entries, if it has one
  std::vector<Entry> entries;
  std::size_t link_at = 0;  // byte
  std::uint32_t next = 0;   // byte of the next directory, 0 for none
};

// Bytes of a value; 0 of an unknown type.
std::size_t size_of_type(std::uint32_t type) {
  constexpr std::array<std::size_t, 14> kSizes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  constexpr std::uint32_t kUtf8 = 129;
  return type < kSizes.size() ? kSizes.at(type) : type == kUtf8 ? 1 : 0;
}

class Editor {
 public:
  Editor(std::vector<std::uint8_t>& block, bool big_endian)
      : block_(block), big_endian_(big_endian) {}

  [[nodiscard]] std::optional<std::uint32_t> read(std::size_t at, std::size_t size) const {
    return Block(block_, big_endian_).read(at, size);
  }

  // Overwrites `size` bytes.
  void write(std::size_t at, std::size_t size, std::uint32_t value) {
    for (std::size_t i = 0; i < size; ++i) {
      block_[at + (big_endian_ ? size - 1 - i : i)] = static_cast<std::uint8_t>(value);
      value >>= 8U;
    }
  }

  // Nothing if the directory is not completely in the block.
  [[nodiscard]] std::optional<Directory> directory(std::size_t at) const {
    const auto count = read(at, 2);
    if (at < kHeaderBytes || !count) return std::nullopt;
    Directory out;
    out.link_at = at + 2 + *count * kEntryBytes;
    if (out.link_at > block_.size()) return std::nullopt;
    for (std::size_t i = 0; i < *count; ++i) {
      const std::size_t entry = at + 2 + i * kEntryBytes;
      out.entries.push_back({entry, *read(entry, 2), *read(entry + 2, 2), *read(entry + 4, 4)});
    }
    const auto next = read(out.link_at, 4);
    out.next = next.value_or(0);
    out.range = {at, next ? out.link_at + 4 : out.link_at};
    return out;
  }

  // The range of the values of an entry, as far as it is in the block.
  [[nodiscard]] Range values(const Entry& entry) const {
    const std::uint64_t size = std::uint64_t{entry.count} * size_of_type(entry.type);
    if (size <= 4) return {entry.at + 8, entry.at + 8 + static_cast<std::size_t>(size)};
    return clipped(*read(entry.at + 8, 4), size);
  }

  // The values of an entry, if they are whole numbers; else none.
  [[nodiscard]] std::vector<std::uint32_t> numbers(const Entry& entry) const {
    std::vector<std::uint32_t> out;
    if (entry.type != kShort && entry.type != kLong) return out;
    const std::size_t size = size_of_type(entry.type);
    const Range range = values(entry);
    for (std::size_t at = range.begin; range.end - at >= size; at += size)
      out.push_back(*read(at, size));
    return out;
  }

  [[nodiscard]] Range clipped(std::uint64_t at, std::uint64_t size) const {
    const std::uint64_t begin = std::min<std::uint64_t>(at, block_.size());
    return {static_cast<std::size_t>(begin),
            static_cast<std::size_t>(std::min<std::uint64_t>(at + size, block_.size()))};
  }

  // Sets an entry to a single whole number, stored in the entry itself.
  void set(const Entry& entry, std::uint32_t type, std::uint32_t value) {
    write(entry.at + 2, 2, type);
    write(entry.at + 4, 4, 1);
    write(entry.at + 8, 4, 0);
    write(entry.at + 8, size_of_type(type), value);
  }

  // Sets all entries with this tag to a size. A SHORT stays a SHORT if the size fits.
  void set_size(const Directory& directory, std::uint32_t tag, std::int64_t size) {
    for (const Entry& entry : directory.entries) {
      if (entry.tag != tag) continue;
      const bool fits = size <= std::numeric_limits<std::uint16_t>::max();
      set(entry, entry.type == kShort && fits ? kShort : kLong, static_cast<std::uint32_t>(size));
    }
  }

  // The directory that a tag of `from` points to; nothing if the tag is missing or 0.
  [[nodiscard]] std::optional<std::size_t> pointed_to(const Directory& from,
                                                      std::uint32_t tag) const {
    for (const Entry& entry : from.entries) {
      if (entry.tag != tag) continue;
      const std::uint32_t at = *read(entry.at + 8, 4);
      return at != 0 ? std::optional<std::size_t>(at) : std::nullopt;
    }
    return std::nullopt;
  }

 private:
  std::vector<std::uint8_t>& block_;
  bool big_endian_;
};

void add_ranges(const Editor& editor, const Directory& directory, std::vector<Range>& ranges) {
  ranges.push_back(directory.range);
  for (const Entry& entry : directory.entries)
    ranges.push_back(editor.values(entry));
}

// The thumbnail of a directory: JPEG data, or strips.
void add_thumbnail(const Editor& editor, const Directory& directory, std::vector<Range>& ranges) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 2> kPlaceAndSize{
      {{0x0201, 0x0202}, {0x0111, 0x0117}}};
  for (const auto& [place, size] : kPlaceAndSize) {
    std::vector<std::uint32_t> places;
    std::vector<std::uint32_t> sizes;
    for (const Entry& entry : directory.entries) {
      if (entry.tag == place && places.empty()) places = editor.numbers(entry);
      if (entry.tag == size && sizes.empty()) sizes = editor.numbers(entry);
    }
    for (std::size_t i = 0; i < std::min(places.size(), sizes.size()); ++i)
      ranges.push_back(editor.clipped(places[i], sizes[i]));
  }
}

// Clears the ranges that do not overlap `kept`, and removes zeros from the end of the block.
void drop(std::vector<Range> ranges, const std::vector<Range>& kept,
          std::vector<std::uint8_t>& block) {
  std::erase_if(ranges, [&](const Range& range) { return overlaps(kept, range); });
  const std::vector<Range> dropped = merged(std::move(ranges));
  if (dropped.empty()) return;
  for (const Range& range : dropped) {
    std::fill(block.begin() + static_cast<std::ptrdiff_t>(range.begin),
              block.begin() + static_cast<std::ptrdiff_t>(range.end), std::uint8_t{0});
  }
  const std::size_t least = std::max(dropped.front().begin, kept.back().end);
  std::size_t end = block.size();
  while (end > least && block[end - 1] == 0)  // this also removes the padding after a thumbnail
    --end;
  block.resize(end);
}

// ---- XMP

// The position, at or after `from`, of the first valid value (1 to 8) of tiff:Orientation; npos if
// there is none.
std::size_t find_xmp_orientation(std::string_view packet, std::size_t from) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = packet.find(kName, from); at != std::string_view::npos;
       at = packet.find(kName, at)) {
    at += kName.size();
    // ="6", = '6' or >6<
    const std::size_t value = packet.find_first_not_of(" \t\r\n=\"'>", at);
    if (value == at || value == std::string_view::npos || value + 1 >= packet.size()) continue;
    const char digit = packet[value];
    const char behind = packet[value + 1];
    if (digit >= '1' && digit <= '8' && (behind < '0' || behind > '9')) return value;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<int> exif_orientation(Bytes block) {
  block = without_prefix(block);
  const auto big_endian = is_big_endian(block);
  if (!big_endian) return std::nullopt;

  const Block ints(block, *big_endian);
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
  const std::size_t at = find_xmp_orientation(packet, 0);
  if (at == std::string_view::npos) return std::nullopt;
  return packet[at] - '0';
}

std::vector<std::uint8_t> exif_block(Bytes stored) {
  stored = without_prefix(stored);
  return {stored.begin(), stored.end()};
}

std::string xmp_packet(Bytes stored) {
  const std::string_view text = text_of(stored);
  return std::string(text.substr(0, text.find_last_not_of('\0') + 1));
}

std::vector<std::uint8_t> upright_exif(std::vector<std::uint8_t> block, bool turned,
                                       std::int64_t rows, std::int64_t cols) {
  constexpr std::uint32_t kImageWidth = 0x0100;
  constexpr std::uint32_t kImageLength = 0x0101;
  constexpr std::uint32_t kExif = 0x8769;
  constexpr std::uint32_t kGps = 0x8825;
  constexpr std::uint32_t kPixelXDimension = 0xA002;
  constexpr std::uint32_t kPixelYDimension = 0xA003;
  constexpr std::uint32_t kInterop = 0xA005;
  constexpr std::uint32_t kRelatedImageWidth = 0x1001;
  constexpr std::uint32_t kRelatedImageLength = 0x1002;

  const auto big_endian = is_big_endian(block);
  if (!big_endian || block.size() < kHeaderBytes) return {};
  Editor editor(block, *big_endian);
  const auto first = editor.directory(*editor.read(4, 4));
  if (!first) return {};

  // Checked before any change: an edited directory must not overlap another.
  std::vector<Range> directories{{0, kHeaderBytes}, first->range};
  std::optional<Directory> exif;
  if (const auto at = editor.pointed_to(*first, kExif)) {
    exif = editor.directory(*at);
    if (!exif || overlaps(merged(directories), exif->range)) return {};
    directories.push_back(exif->range);
  }
  std::vector<Range> kept = directories;
  add_ranges(editor, *first, kept);
  if (exif) add_ranges(editor, *exif, kept);
  const auto other = [&](const Directory& from, std::uint32_t tag) {
    std::optional<Directory> found;
    if (const auto at = editor.pointed_to(from, tag)) found = editor.directory(*at);
    if (found && overlaps(merged(directories), found->range)) found.reset();
    if (found) {
      directories.push_back(found->range);
      add_ranges(editor, *found, kept);
    }
    return found;
  };
  static_cast<void>(other(*first, kGps));
  const auto interop = exif ? other(*exif, kInterop) : std::nullopt;
  kept = merged(std::move(kept));

  std::vector<Range> dropped;
  const auto second = first->next != 0 ? editor.directory(first->next) : std::nullopt;
  if (second && !overlaps(kept, second->range)) {
    add_ranges(editor, *second, dropped);
    add_thumbnail(editor, *second, dropped);
  }
  if (first->next != 0) editor.write(first->link_at, 4, 0);

  for (const Entry& entry : first->entries) {
    if (entry.tag == kOrientation && turned) editor.set(entry, kShort, 1);
  }
  editor.set_size(*first, kImageWidth, cols);
  editor.set_size(*first, kImageLength, rows);
  if (exif) {
    editor.set_size(*exif, kPixelXDimension, cols);
    editor.set_size(*exif, kPixelYDimension, rows);
  }
  if (interop) {
    editor.set_size(*interop, kRelatedImageWidth, cols);
    editor.set_size(*interop, kRelatedImageLength, rows);
  }
  drop(std::move(dropped), kept, block);
  return block;
}

std::string upright_xmp(std::string packet) {
  for (std::size_t at = find_xmp_orientation(packet, 0); at != std::string::npos;
       at = find_xmp_orientation(packet, at))
    packet[at] = '1';
  return packet;
}

}  // namespace deckle
