// SPDX-License-Identifier: Apache-2.0
#include "codecs/png_chunks.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include "codecs/exif.h"
#include "codecs/reading.h"

namespace deckle {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view kXmpKeyword = "XML:com.adobe.xmp";

// Whether a chunk of this type is critical (PNG, 5.4) and not defined in the specification.
bool is_unknown_critical(std::string_view type) {
  constexpr std::array<std::string_view, 4> kKnown{"IHDR", "PLTE", "IDAT", "IEND"};
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return std::all_of(type.begin(), type.end(), letter) && type[0] <= 'Z' &&
         std::find(kKnown.begin(), kKnown.end(), type) == kKnown.end();
}

// Unpacks a zlib stream; nothing if it is damaged or gives more than 16 MB.
std::string inflated(Bytes deflated) {
  constexpr std::size_t kMost = std::size_t{16} << 20U;
  constexpr std::size_t kPiece = std::size_t{64} << 10U;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  stream.next_in = const_cast<Bytef*>(deflated.data());  // NOLINT: zlib does not write to it
  stream.avail_in = static_cast<uInt>(deflated.size());
  std::string text;
  int state = Z_OK;
  while (state == Z_OK && text.size() <= kMost) {
    const std::size_t before = text.size();
    text.resize(before + kPiece);
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
    stream.avail_out = static_cast<uInt>(kPiece);
    state = inflate(&stream, Z_NO_FLUSH);
    text.resize(before + kPiece - stream.avail_out);
  }
  inflateEnd(&stream);
  return state == Z_STREAM_END ? text : "";
}

// Takes the text before the first zero byte, and removes both from `data`. Nothing if there is no
// zero.
std::optional<std::string_view> take_text(Bytes& data) {
  const std::string_view all = text_of(data);
  const std::size_t end = all.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  data = data.subspan(end + 1);
  return all.substr(0, end);
}

// The text of a chunk, after its keyword; empty if it cannot be read.
std::string text_behind_keyword(char type, Bytes data) {
  if (type == 't') return std::string(text_of(data));
  if (type == 'z') return data.empty() || data[0] != 0 ? "" : inflated(data.subspan(1));
  if (data.size() < 2) return "";
  const bool deflated = data[0] == 1;
  if (data[0] > 1 || (deflated && data[1] != 0)) return "";
  data = data.subspan(2);
  if (!take_text(data) || !take_text(data)) return "";  // language tag, translated keyword
  return deflated ? inflated(data) : std::string(text_of(data));
}

// The bytes of a profile in ImageMagick's form: a line with its name, a line with its length, and
// hexadecimal bytes. Empty for other forms.
std::string raw_profile(std::string_view text) {
  const auto skip_line = [&] {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  };
  if (text.size() < 2 || text[0] != '\n') return "";
  text.remove_prefix(1);
  skip_line();
  if (text.empty()) return "";
  skip_line();
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    const std::size_t digit = std::string_view("0123456789abcdef0123456789ABCDEF").find(c);
    if (c == '\n' || c == '\0') continue;
    if (digit == std::string_view::npos) return "";
    const int value = static_cast<int>(digit % 16);
    if (high >= 0) bytes += static_cast<char>(high * 16 + value);
    high = high >= 0 ? -1 : value;
  }
  return bytes;
}

// The metadata in a text chunk: EXIF, XMP or none.
struct Profile {
  std::vector<std::uint8_t> exif;
  std::string xmp;
};

Profile profile_of(const PngChunks::Text& text) {
  constexpr std::string_view kXmpOfApp1 = "http://ns.adobe.com/xap/1.0/\0"sv;
  Bytes data = text.data;
  const auto keyword = take_text(data);
  if (!keyword) return {};
  if (*keyword == kXmpKeyword)
    return {{}, xmp_packet(as_bytes(text_behind_keyword(text.type, data)))};
  if (*keyword != "Raw profile type exif" && *keyword != "Raw profile type APP1" &&
      *keyword != "Raw profile type xmp")
    return {};
  const std::string bytes = raw_profile(text_behind_keyword(text.type, data));
  std::string_view profile = bytes;
  if (profile.starts_with("Exif"sv) || profile.starts_with("II"sv) || profile.starts_with("MM"sv))
    return {exif_block(as_bytes(profile)), {}};
  if (profile.starts_with(kXmpOfApp1)) profile.remove_prefix(kXmpOfApp1.size());
  return {{}, xmp_packet(as_bytes(profile))};
}

}  // namespace

bool is_intact_chunk(const std::uint8_t* data, std::size_t length) {
  return libdeflate_crc32(0, data - 4, length + 4) == read_big(data + length, 4);
}

PngChunks png_chunks(Bytes file) {
  constexpr std::size_t kFrame = 12;  // length, type and checksum
  PngChunks chunks;
  std::size_t at = 8;
  while (at < file.size() && file.size() - at >= 8) {
    const std::size_t length = static_cast<std::size_t>(read_big(file.data() + at, 4));
    const auto is = [&](const char* type) {
      return std::memcmp(file.data() + at + 4, type, 4) == 0;
    };
    const std::size_t there = file.size() - at - 8;
    const bool whole = there >= 4 && length <= there - 4;
    if (is("IDAT")) {
      chunks.data_bytes += std::min(length, there);
      chunks.data_whole = whole;
    }
    if (!whole || is("IEND")) break;
    release_mapped_before(file.data() + at);
    const Bytes data = file.subspan(at + 8, length);
    if (is("eXIf") && chunks.exif.empty()) chunks.exif = data;
    if (is("iCCP") && chunks.icc.empty()) chunks.icc = data;
    if (is("tEXt") || is("zTXt") || is("iTXt"))
      chunks.texts.push_back({static_cast<char>(file[at + 4]), data});
    if (chunks.unknown.empty() && chunks.data_bytes == 0 &&
        is_unknown_critical(text_of(file.subspan(at + 4, 4))) &&
        is_intact_chunk(data.data(), length)) {
      chunks.unknown = text_of(file.subspan(at + 4, 4));
    }
    at += length + kFrame;
  }
  return chunks;
}

std::vector<std::uint8_t> icc_of(const PngChunks& chunks) {
  Bytes icc = chunks.icc;  // a name, then the same as in zTXt
  if (icc.empty()) return {};
  if (!is_intact_chunk(icc.data(), icc.size()) || !take_text(icc)) return unreadable_icc();
  const std::string profile = text_behind_keyword('z', icc);
  if (profile.empty()) return unreadable_icc();
  return {profile.begin(), profile.end()};
}

// The order is eXIf, then EXIF in a text chunk, then XMP, as in Pillow, ImageMagick and exiftool.
// eXIf is in the specification only since 2017.
int orientation_of(const PngChunks& chunks) {
  if (const auto exif = exif_orientation(chunks.exif)) return *exif;
  std::optional<int> xmp;
  for (const PngChunks::Text& text : chunks.texts) {
    const Profile profile = profile_of(text);
    if (const auto exif = exif_orientation(profile.exif)) return *exif;
    if (!xmp) xmp = xmp_orientation(profile.xmp);
  }
  return xmp.value_or(1);
}

// In the order of orientation_of.
Metadata read_png_metadata(Bytes file) {
  const PngChunks chunks = png_chunks(file);
  Metadata out{icc_of(chunks), exif_block(chunks.exif), {}};
  for (const PngChunks::Text& text : chunks.texts) {
    Profile profile = profile_of(text);
    if (out.exif.empty()) out.exif = std::move(profile.exif);
    if (out.xmp.empty()) out.xmp = std::move(profile.xmp);
  }
  return out;
}

Result<std::vector<PngChunk>> chunks_of(const Metadata& metadata) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max() / 2;
  const auto& [icc, exif, xmp, more] = metadata;
  if (std::max({icc.size(), exif.size(), xmp.size()}) > kMost) {
    return Error{ErrorCode::TooLarge, "png holds at most " + std::to_string(kMost) +
                                          " bytes of a kind of metadata; leave it out"};
  }
  std::vector<PngChunk> out;
  const auto add = [&](std::string_view type, std::string_view before, Bytes data) {
    PngChunk chunk{type, {before.begin(), before.end()}};
    chunk.data.insert(chunk.data.end(), data.begin(), data.end());
    out.push_back(std::move(chunk));
  };
  if (!icc.empty()) {
    auto size = compressBound(static_cast<uLong>(icc.size()));
    std::vector<std::uint8_t> deflated(size);
    if (compress2(deflated.data(), &size, icc.data(), static_cast<uLong>(icc.size()),
                  Z_BEST_COMPRESSION) != Z_OK)
      throw std::bad_alloc();
    add("iCCP", "icc\0\0"sv, Bytes(deflated).first(size));
  }
  if (!exif.empty()) add("eXIf", "", exif);
  // XMP is not compressed: programs search the bytes of a file for it (XMP part 3, 1.1.5).
  if (!xmp.empty()) add("iTXt", std::string(kXmpKeyword) + "\0\0\0\0\0"s, as_bytes(xmp));
  return out;
}

}  // namespace deckle
