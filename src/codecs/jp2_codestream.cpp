// SPDX-License-Identifier: Apache-2.0
#include "codecs/jp2_codestream.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <string_view>
#include <vector>

#include "codecs/reading.h"
#include "core/text.h"

namespace deckle {
namespace {

constexpr std::uint64_t kSot = 0xFF90;
constexpr std::uint64_t kEoc = 0xFFD9;

// ---- how tiles are coded

constexpr unsigned kMostLevels = 32;

// How a component is coded; exponents of two.
struct ComponentStyle {
  unsigned levels = 0;
  unsigned block_across = 6;
  unsigned block_down = 6;
  bool raw_bits = false;                                     // some bits are not arithmetic-coded
  std::array<std::uint8_t, kMostLevels + 1> precincts = {};  // of each resolution: down, across
};

struct Style {
  bool start_of_packet = false;
  bool end_of_header = false;
  std::uint64_t layers = 1;
  std::array<ComponentStyle, kMostJp2Components> components{};
};

constexpr std::uint64_t kCod = 0xFF52;
constexpr std::uint64_t kCoc = 0xFF53;
constexpr std::uint64_t kSod = 0xFF93;

// Reads COD and COC, beginning with the number of levels. OpenJPEG refuses missing or invalid
// values.
ComponentStyle component_style(Bytes from, bool with_precincts) {
  ComponentStyle style;
  style.precincts.fill(0xFF);
  if (from.size() < 5) return style;
  style.levels = std::min<unsigned>(from[0], kMostLevels);
  style.block_across = (from[1] & 15U) + 2;
  style.block_down = (from[2] & 15U) + 2;
  style.raw_bits = (from[3] & 0x41U) != 0;
  const std::size_t there = std::min<std::size_t>(from.size() - 5, style.levels + 1);
  if (with_precincts) std::copy_n(from.begin() + 5, there, style.precincts.begin());
  return style;
}

// Reads what follows the length of the marker. As in OpenJPEG, a later marker replaces an earlier
// one.
void read_style(std::uint64_t marker, Bytes segment, Style& style) {
  if (marker == kCod && segment.size() >= 5) {
    style.start_of_packet = (segment[0] & 2U) != 0;
    style.end_of_header = (segment[0] & 4U) != 0;
    style.layers = read_big(segment.data() + 2, 2);
    style.components.fill(component_style(segment.subspan(5), (segment[0] & 1U) != 0));
  }
  if (marker == kCoc && segment.size() >= 2 && segment[0] < kMostJp2Components)
    style.components.at(segment[0]) = component_style(segment.subspan(2), (segment[1] & 1U) != 0);
}

// Whether the segment of an unknown marker contains a marker that OpenJPEG knows. OpenJPEG does not
// skip unknown segments: it reads two bytes at a time until it finds a marker that it knows.
bool hides_markers(std::uint64_t marker, Bytes segment) {
  constexpr std::array kKnown{0x50, 0x51, 0x52, 0x53, 0x55, 0x57, 0x58, 0x59, 0x5C, 0x5D,
                              0x5E, 0x5F, 0x60, 0x61, 0x63, 0x64, 0x74, 0x75, 0x77, 0x78};
  if (std::find(kKnown.begin(), kKnown.end(), static_cast<int>(marker & 0xFFU)) != kKnown.end())
    return false;
  return segment.size() % 2 != 0 || text_of(segment).find('\xFF') != std::string_view::npos;
}

// Counts of one tile. Floating point, because a few bytes can describe more than 64 bits can count.
struct Counts {
  double samples = 0;
  double packets = 0;
  double precincts = 0;  // counted in each band, as OpenJPEG stores them
  double blocks = 0;
  double blocks_of_packet = 0;  // the largest number
};

Counts count_parts(const Jp2Area& tile, const Style& style, std::size_t components) {
  Counts counts;
  for (std::size_t i = 0; i < components; ++i) {
    const ComponentStyle& component = style.components.at(i);
    counts.samples += tile.size();
    for (unsigned r = 0; r <= component.levels; ++r) {
      const Jp2Area picture = tile.halved(component.levels - r);
      if (picture.size() == 0) continue;
      const unsigned in_band = r > 0 ? 1 : 0;  // bands are half as large as their resolution
      const double bands = r > 0 ? 3 : 1;
      const unsigned across = component.precincts.at(r) & 15U;
      const unsigned down = component.precincts.at(r) >> 4U;
      const auto block_side = [&](unsigned block, unsigned precinct) {
        return std::min(block, precinct - std::min(precinct, in_band));
      };
      const unsigned block_across = block_side(component.block_across, across);
      const unsigned block_down = block_side(component.block_down, down);
      const double precincts = picture.cells(across, down).size();
      const double blocks =
          bands * picture.cells(block_across + in_band, block_down + in_band).size();
      const double blocks_of_packet =
          bands * std::exp2(across - std::min(across, in_band) - block_across + down -
                            std::min(down, in_band) - block_down);
      counts.packets += precincts * static_cast<double>(style.layers);
      counts.precincts += precincts * bands;
      counts.blocks += blocks;
      counts.blocks_of_packet =
          std::max(counts.blocks_of_packet, std::min(blocks, blocks_of_packet));
    }
  }
  return counts;
}

std::string whole_number(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.0f", value);
  return text.data();
}

// OpenJPEG takes about 600 bytes for a precinct and 400 for a block, from the header alone.
std::optional<Error> too_many_parts(const Counts& counts) {
  constexpr double kFew = 65536;
  constexpr double kSmallPrecinct = 64;
  constexpr double kSmallBlock = 32;
  if (counts.precincts > kFew && counts.samples / counts.precincts < kSmallPrecinct) {
    return unsupported_jp2("with a tile in " + whole_number(counts.precincts) +
                           " precincts of fewer than 8 x 8 samples");
  }
  if (counts.blocks > kFew && counts.samples / counts.blocks < kSmallBlock) {
    return unsupported_jp2("with a tile in " + whole_number(counts.blocks) +
                           " code-blocks of fewer than 4 x 8 samples");
  }
  return std::nullopt;
}

// ---- tiles

struct Tile {
  std::uint32_t parts = 0;  // number of parts in the file
  std::uint64_t said = 0;   // number of parts in the headers; 0 if no header has it
};

std::optional<Error> missing_tile(const std::vector<Tile>& tiles) {
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const Tile& tile = tiles[i];
    if (tile.parts > 0 && tile.parts >= tile.said) continue;
    return Error{ErrorCode::Truncated,
                 "truncated: " + std::string(tile.parts > 0 ? "a part of tile " : "tile ") +
                     std::to_string(i + 1) + " of " + std::to_string(tiles.size()) + " is missing"};
  }
  return std::nullopt;
}

// Reads the tile-parts one after the other.
class TileWalk {
 public:
  TileWalk(Bytes file, Bytes codestream, const Jp2Tiling& tiling)
      : file_(file), code_(codestream), tiling_(tiling), tiles_(tiling.count()) {}

  // What is missing or damaged, as far as this can be found without decoding.
  std::optional<Error> find_wrong() {
    std::uint64_t at = 2;
    while (at + 4 <= code_.size()) {
      const std::uint64_t marker = number(at, 2);
      if (marker == kEoc) return at_end();
      if (marker != kSot) {
        if (hides_markers(marker, segment(at))) {
          std::array<char, 8> digits{};
          std::snprintf(digits.data(), digits.size(), "%04X", static_cast<unsigned>(marker));
          return unsupported_jp2(std::string("with a marker ") + digits.data() +
                                 ", which OpenJPEG reads wrongly,");
        }
        read_style(marker, segment(at), style_);
        at += 2 + number(at + 2, 2);
        continue;
      }
      if (at + 12 > code_.size()) return cut(at + 12);
      std::uint64_t part = number(at + 6, 4);
      const bool last = part == 0;  // this part ends at the end marker
      if (last) {
        if (number(code_.size() - 2, 2) != kEoc) return no_end();
        part = code_.size() - 2 - at;
      }
      if ((part < 14 && !last) || at + part > code_.size()) return cut(at + part);
      if (auto wrong = read_part(at, part)) return wrong;
      if (last) return at_end();
      at += part;
    }
    if (at + 2 == code_.size() && number(at, 2) == kEoc) return at_end();
    return no_end();
  }

 private:
  [[nodiscard]] std::uint64_t number(std::uint64_t at, std::size_t bytes) const {
    return read_big(code_.data() + at, bytes);
  }
  // The segment of the marker at `at`, after its length, as far as it is in the file.
  [[nodiscard]] Bytes segment(std::uint64_t at) const {
    const Bytes rest = code_.subspan(static_cast<std::size_t>(at) + 4);
    const std::uint64_t length = std::max<std::uint64_t>(number(at + 2, 2), 2) - 2;
    return rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(length, rest.size())));
  }
  [[nodiscard]] Error cut(std::uint64_t wanted) const {
    return Error{ErrorCode::Truncated, "truncated: a tile ends at byte " + std::to_string(wanted) +
                                           " of the codestream, the file has " +
                                           std::to_string(code_.size())};
  }
  [[nodiscard]] static Error no_end() {
    return Error{ErrorCode::Truncated, "truncated: the codestream has no end marker"};
  }

  [[nodiscard]] std::optional<Error> at_end() const {
    if (auto missing = missing_tile(tiles_)) return missing;
    // Even an empty packet has one byte, which may be in a header. Without this check, a short file
    // would make OpenJPEG visit millions of missing packets.
    if (packets_ <= static_cast<double>(code_.size())) return std::nullopt;
    return Error{ErrorCode::Truncated, "truncated: the header says " + whole_number(packets_) +
                                           " packets, the codestream has " +
                                           std::to_string(code_.size()) + " bytes"};
  }

  std::optional<Error> read_part(std::uint64_t at, std::uint64_t part) {
    const std::uint64_t index = number(at + 4, 2);
    if (index >= tiles_.size()) {
      return Error{ErrorCode::Damaged, "damaged: a tile-part is for tile " +
                                           std::to_string(index + 1) + ", but there are " +
                                           std::to_string(tiles_.size())};
    }
    Tile& tile = tiles_[index];
    ++tile.parts;
    tile.said = std::max(tile.said, number(at + 11, 1));

    const std::uint64_t end = at + part;
    const auto known = styles_.find(index);
    Style style = known != styles_.end() ? known->second : style_;
    bool changed = false;
    at += 12;
    while (at + 4 <= end && number(at, 2) != kSod) {
      const std::uint64_t marker = number(at, 2);
      if (marker == kCod || marker == kCoc) {
        read_style(marker, segment(at), style);
        changed = true;
      }
      at += 2 + number(at + 2, 2);
    }
    if (changed) styles_.insert_or_assign(index, style);
    const Counts counts = count_parts(tiling_.at(index), style, tiling_.components);
    if (tile.parts == 1) packets_ += counts.packets;
    if (auto wrong = too_many_parts(counts)) return wrong;
    if (at + 2 > end) return std::nullopt;  // OpenJPEG reports it
    return find_damage(
        code_.subspan(static_cast<std::size_t>(at) + 2, static_cast<std::size_t>(end - at) - 2),
        style, counts);
  }

  // In packets, the byte after FF is less than 90: FF and a larger byte are a marker.
  [[nodiscard]] std::optional<Error> find_damage(Bytes packets, const Style& style,
                                                 const Counts& counts) const {
    const std::string_view text = text_of(packets);
    std::size_t at = text.find('\xFF');
    while (at != std::string_view::npos && at + 1 < packets.size()) {
      const std::uint8_t next = packets[at + 1];
      std::size_t length = 1;
      if (next == 0x91 && style.start_of_packet) {
        length = 6;
      } else if (next == 0x92 && style.end_of_header) {
        length = 2;
      } else if (next >= 0x90) {
        return Error{ErrorCode::Damaged, "damaged: a marker within the picture data, at byte " +
                                             std::to_string(packets.data() + at - file_.data()) +
                                             " of the file"};
      }
      at = text.find('\xFF', at + length);
    }
    // Zeros may be empty packets, or code-blocks without data in a packet. Raw bits may have any
    // value.
    const bool raw_bits =
        std::any_of(style.components.begin(),
                    style.components.begin() + static_cast<std::ptrdiff_t>(tiling_.components),
                    [](const ComponentStyle& component) { return component.raw_bits; });
    constexpr double kSector = 512;
    const double most = std::max(kSector, 64 + counts.packets + counts.blocks_of_packet / 2);
    if (raw_bits || most >= static_cast<double>(packets.size())) return std::nullopt;
    const auto run = static_cast<std::size_t>(most);
    // Each run of zeros has one of these bytes.
    for (std::size_t i = run - 1; i < packets.size(); i += run) {
      if (packets[i] != 0) continue;
      const Bytes zeros = zeros_around(packets, i);
      if (zeros.size() >= run) return zeros_amid(file_, zeros);
    }
    return std::nullopt;
  }

  Bytes file_;
  Bytes code_;
  Jp2Tiling tiling_;
  std::vector<Tile> tiles_;
  Style style_;                            // default of all tiles
  std::map<std::uint64_t, Style> styles_;  // of tiles that override it
  double packets_ = 0;
};

}  // namespace

Error unsupported_jp2(const std::string& what) {
  return {ErrorCode::Unsupported, "JPEG 2000 " + what + " is not read"};
}

std::optional<Error> find_wrong_in_tiles(Bytes file, Bytes codestream, const Jp2Tiling& tiling) {
  return TileWalk(file, codestream, tiling).find_wrong();
}

}  // namespace deckle
