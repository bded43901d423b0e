// SPDX-License-Identifier: Apache-2.0
// jp2: JPEG 2000, as a JP2 file or a bare codestream.
// Shapes  H x W x 1, 3 or 4; uint8 or uint16, samples of 9 to 15 bits scaled to 65535
// Fails   Truncated with bytes, Damaged, Unsupported for rare variants and where OpenCV's plug-in
//         is not there
// Source  ISO/IEC 15444-1, A and I
// Headers are read here: imdecode has no call for them. Samples go through cv::imdecode.
#include "codecs/jp2.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "codecs/opencv.h"
#include "codecs/reading.h"

namespace deckle {
namespace {

using namespace std::string_view_literals;

struct Jp2 {
  ImageInfo info;
  Bytes codestream;
  std::uint32_t bits = 8;     // of a sample
  std::optional<Error> ends;  // the file ends within the codestream
};

constexpr std::uint64_t kSoc = 0xFF4F;
constexpr std::uint64_t kSiz = 0xFF51;
constexpr std::uint64_t kSot = 0xFF90;
constexpr std::uint64_t kEoc = 0xFFD9;

bool matches_jp2(Bytes head) {
  const std::string_view text = text_of(head);
  return text.starts_with("\0\0\0\x0cjP  \r\n\x87\n"sv) || text.starts_with("\xff\x4f\xff\x51"sv);
}

struct Box {
  std::string_view type;
  Bytes inside;  // as far as it is in the file
  bool whole = false;
};

// Takes the first box off `rest`; nothing where there is none.
std::optional<Box> next_box(Bytes& rest) {
  if (rest.size() < 8) return std::nullopt;
  std::uint64_t length = read_big(rest.data(), 4);
  std::size_t header = 8;
  if (length == 1) {
    if (rest.size() < 16) return std::nullopt;
    length = read_big(rest.data() + 8, 8);
    header = 16;
  }
  if (length == 0) length = rest.size();  // the last box: to the end of the file
  if (length < header) return std::nullopt;
  const std::size_t there = static_cast<std::size_t>(std::min<std::uint64_t>(length, rest.size()));
  const Box box{text_of(rest.subspan(4, 4)), rest.subspan(header, there - header),
                length <= rest.size()};
  rest = rest.subspan(there);
  return box;
}

// Walks the tile parts, which all say how long they are.
std::optional<Error> where_it_ends(Bytes codestream) {
  const auto cut = [&](std::uint64_t wanted) {
    return Error{ErrorCode::Truncated, "truncated: a tile ends at byte " + std::to_string(wanted) +
                                           " of the codestream, the file has " +
                                           std::to_string(codestream.size())};
  };
  std::uint64_t at = 2;
  while (at + 4 <= codestream.size()) {
    const std::uint64_t marker = read_big(codestream.data() + at, 2);
    if (marker == kEoc) return std::nullopt;
    const std::uint64_t length = read_big(codestream.data() + at + 2, 2);
    if (marker != kSot) {
      at += 2 + length;
      continue;
    }
    if (at + 12 > codestream.size()) return cut(at + 12);
    const std::uint64_t part = read_big(codestream.data() + at + 6, 4);
    if (part == 0) {  // the last one: to the end marker
      const bool ended = read_big(codestream.data() + codestream.size() - 2, 2) == kEoc;
      if (ended) return std::nullopt;
      return Error{ErrorCode::Truncated, "truncated: the codestream has no end marker"};
    }
    if (part < 14 || at + part > codestream.size()) return cut(at + part);
    at += part;
  }
  if (at + 2 == codestream.size() && read_big(codestream.data() + at, 2) == kEoc)
    return std::nullopt;
  return Error{ErrorCode::Truncated, "truncated: the codestream has no end marker"};
}

Result<Jp2> read_jp2_header(Bytes file) {
  Jp2 jp2;
  jp2.info.format = Format::Jp2;
  jp2.codestream = file;
  bool whole = true;
  if (file[0] == 0) {
    jp2.codestream = {};
    Bytes rest = file;
    while (const std::optional<Box> box = next_box(rest)) {
      if (box->type == "jp2h") {
        Bytes inner = box->inside;
        while (const std::optional<Box> part = next_box(inner)) {
          if (part->type == "pclr") {
            return Error{ErrorCode::Unsupported, "JPEG 2000 with a palette is not read"};
          }
        }
      }
      if (box->type == "jp2c") {
        jp2.codestream = box->inside;
        whole = box->whole;
        break;
      }
    }
  }
  const Bytes code = jp2.codestream;
  constexpr std::size_t kComponentsAt = 42;
  if (code.size() < kComponentsAt) return header_ends();
  const std::uint8_t* const p = code.data();
  if (read_big(p, 2) != kSoc || read_big(p + 2, 2) != kSiz) return bad_header("no SIZ marker");
  const auto cols = static_cast<std::int64_t>(read_big(p + 8, 4)) -
                    static_cast<std::int64_t>(read_big(p + 16, 4));
  const auto rows = static_cast<std::int64_t>(read_big(p + 12, 4)) -
                    static_cast<std::int64_t>(read_big(p + 20, 4));
  const std::size_t components = static_cast<std::size_t>(read_big(p + 40, 2));
  if (components != 1 && components != 3 && components != 4) {
    return Error{ErrorCode::Unsupported, "JPEG 2000 with " + std::to_string(components) +
                                             " components is not read, only 1, 3 and 4"};
  }
  if (code.size() < kComponentsAt + 3 * components) return header_ends();
  for (std::size_t i = 0; i < components; ++i) {
    const std::uint8_t* const c = p + kComponentsAt + 3 * i;
    const unsigned bits = (c[0] & 0x7FU) + 1;
    if ((c[0] & 0x80U) != 0)
      return Error{ErrorCode::Unsupported, "JPEG 2000 with signed samples is not read"};
    if (c[1] != 1 || c[2] != 1) {
      return Error{ErrorCode::Unsupported, "JPEG 2000 with subsampled components is not read"};
    }
    if (bits < 8 || bits > 16 || (i > 0 && bits != jp2.bits)) {
      return Error{ErrorCode::Unsupported,
                   "JPEG 2000 is read with 8 to 16 bits in all components, this has " +
                       std::to_string(bits)};
    }
    jp2.bits = bits;
  }
  jp2.info.shape = Shape::image(rows, cols, static_cast<std::int64_t>(components));
  jp2.info.dtype = jp2.bits > 8 ? DType::UInt16 : DType::UInt8;
  jp2.ends = where_it_ends(code);
  if (!whole && !jp2.ends)
    jp2.ends = Error{ErrorCode::Truncated, "truncated: the last box is cut off"};
  return jp2;
}

Result<ImageInfo> jp2_info(Bytes file) {
  Result<Jp2> jp2 = read_jp2_header(file);
  if (!jp2) return jp2.error();
  return jp2->info;
}

// A part of the data would be a blurred picture, which nobody can tell from a whole one: never
// accepted.
Result<Damage> decode_jp2(Bytes file, const ImageInfo& info, const DecodeOptions& /*options*/,
                          Tensor& out) {
  const Result<Jp2> jp2 = read_jp2_header(file);
  if (!jp2) return jp2.error();
  if (jp2->ends) return *jp2->ends;
  if (Result<Done> done = decode_by_opencv(file, info, out); !done) return done.error();
  if (info.dtype == DType::UInt16) scale_samples<std::uint16_t>(out, (1U << jp2->bits) - 1);
  return Damage{};
}

}  // namespace

Codec jp2_codec() {
  return {.format = Format::Jp2,
          .name = "jp2",
          .extensions = {"jp2", "j2k", "jpc", "j2c"},
          .matches = matches_jp2,
          .read_info = jp2_info,
          .decode = decode_jp2,
          .can_encode = nullptr,
          .encode = nullptr,
          .version = opencv_version};
}

}  // namespace deckle
