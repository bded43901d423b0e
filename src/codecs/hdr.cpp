// SPDX-License-Identifier: Apache-2.0
// hdr: Radiance HDR, 32-bit_rle_rgbe.
// Shapes  H x W x 3 float32
// Fails   Truncated and Damaged with rows, Unsupported for XYZE and other orders of rows
// Source  Radiance's "filefmts"
// OpenCV is not used: 4.6 writes a temporary file (measured).
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "codecs/codec.h"
#include "codecs/ratios.h"
#include "codecs/reading.h"

namespace deckle {
namespace {

struct Hdr {
  ImageInfo info;
  std::size_t offset = 0;
};

bool matches_hdr(Bytes head) {
  const std::string_view text = text_of(head);
  return text.starts_with("#?RADIANCE") || text.starts_with("#?RGBE");
}

// The next line, without its end; nothing if the file ends first.
std::optional<std::string_view> next_line(std::string_view text, std::size_t& at) {
  const std::size_t end = text.find('\n', at);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(at, end - at);
  if (line.ends_with('\r')) line.remove_suffix(1);
  at = end + 1;
  return line;
}

// Reads "-Y 480" and the like.
std::optional<std::int64_t> take_size(std::string_view& line, std::string_view axis) {
  if (!line.starts_with(axis)) return std::nullopt;
  line.remove_prefix(axis.size());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return value;
}

Result<Hdr> read_hdr_header(Bytes file) {
  const std::string_view text = text_of(file);
  Hdr hdr;
  hdr.info.format = Format::Hdr;
  hdr.info.dtype = DType::Float32;
  hdr.info.lossless = true;
  for (;;) {
    const std::optional<std::string_view> line = next_line(text, hdr.offset);
    if (!line) return header_ends();
    if (line->empty()) break;
    if (line->starts_with("FORMAT=") && *line != "FORMAT=32-bit_rle_rgbe") {
      return Error{ErrorCode::Unsupported, "Radiance HDR is read as 32-bit_rle_rgbe only"};
    }
  }
  std::optional<std::string_view> line = next_line(text, hdr.offset);
  if (!line) return header_ends();
  const std::optional<std::int64_t> rows = take_size(*line, "-Y ");
  const std::optional<std::int64_t> cols = rows ? take_size(*line, " +X ") : std::nullopt;
  if (!rows || !cols) {
    return Error{ErrorCode::Unsupported,
                 "Radiance HDR is read with rows from the top and columns from the left"};
  }
  hdr.info.shape = Shape::image(*rows, *cols, 3);
  return hdr;
}

Result<ImageInfo> hdr_info(Bytes file) {
  Result<Hdr> hdr = read_hdr_header(file);
  if (!hdr) return hdr.error();
  return hdr->info;
}

enum class RowState { Good, Ends, Bad };

bool may_have_runs(std::size_t cols) {
  return cols >= 8 && cols <= 32767;
}

// Reads one row as R, G, B, exponent. A row is stored plane by plane as runs, or pixel by pixel.
RowState read_hdr_row(Bytes file, std::size_t& at, std::size_t cols, std::uint8_t* rgbe) {
  const auto left = [&] { return file.size() - at; };
  if (left() < 4) return RowState::Ends;
  const std::uint8_t* const head = file.data() + at;
  const bool runs = may_have_runs(cols) && head[0] == 2 && head[1] == 2 && (head[2] & 0x80U) == 0;
  if (!runs) {
    if (left() < 4 * cols) return RowState::Ends;
    std::memcpy(rgbe, head, 4 * cols);
    at += 4 * cols;
    for (std::size_t c = 0; c < cols;
         ++c) {  // in the oldest kind of file, 1, 1, 1, n repeats a pixel
      if (rgbe[4 * c] == 1 && rgbe[4 * c + 1] == 1 && rgbe[4 * c + 2] == 1) return RowState::Bad;
    }
    return RowState::Good;
  }
  if (read_big(head + 2, 2) != cols) return RowState::Bad;
  at += 4;
  for (std::size_t plane = 0; plane < 4; ++plane) {
    for (std::size_t c = 0; c < cols;) {
      if (left() < 2) return RowState::Ends;
      const std::size_t code = file[at++];
      const bool run = code > 128;
      const std::size_t count = run ? code - 128 : code;
      if (count == 0 || count > cols - c) return RowState::Bad;
      if (left() < (run ? 1 : count)) return RowState::Ends;
      for (std::size_t i = 0; i < count; ++i, ++c)
        rgbe[4 * c + plane] = file[run ? at : at + i];
      at += run ? 1 : count;
    }
  }
  return RowState::Good;
}

Promise hdr_promise(Bytes file, const ImageInfo& info) {
  const Result<Hdr> hdr = read_hdr_header(file);
  if (!hdr) return {};
  const bool runs = may_have_runs(static_cast<std::size_t>(info.shape.cols()));
  return {4 * static_cast<std::uint64_t>(info.shape.pixels()),
          most_unpacked(runs ? Coding::Radiance : Coding::None, file.size() - hdr->offset)};
}

Result<Damage> decode_hdr(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<Hdr> hdr = read_hdr_header(file);
  if (!hdr) return hdr.error();
  const std::int64_t rows = info.shape.rows();
  const auto cols = static_cast<std::size_t>(info.shape.cols());
  thread_local Buffer rgbe;
  rgbe.resize(4 * cols);
  out.reset(info.shape, info.dtype);
  std::size_t at = hdr->offset;
  for (std::int64_t r = 0; r < rows; ++r) {
    const RowState state = read_hdr_row(file, at, cols, rgbe.data());
    if (state != RowState::Good) {
      zero_rows(out, static_cast<std::size_t>(r), static_cast<std::size_t>(rows));
      return outcome(state == RowState::Ends
                         ? ends_at_row(static_cast<std::size_t>(r), rows)
                         : Error{ErrorCode::Damaged, "damaged: row " + std::to_string(r) + " of " +
                                                         std::to_string(rows) +
                                                         " is not a row of run lengths"},
                     options);
    }
    std::uint8_t* const to = out.row(r);
    for (std::size_t c = 0; c < cols; ++c) {
      const std::uint8_t* const pixel = rgbe.data() + 4 * c;
      const float scale = pixel[3] == 0 ? 0.0F : std::ldexp(1.0F, pixel[3] - (128 + 8));
      for (std::size_t i = 0; i < 3; ++i) {
        const float value = static_cast<float>(pixel[i]) * scale;
        std::memcpy(to + (3 * c + i) * sizeof value, &value, sizeof value);
      }
    }
  }
  return Damage{};
}

}  // namespace

Codec hdr_codec() {
  return {.format = Format::Hdr,
          .extensions = {"hdr", "pic"},
          .matches = matches_hdr,
          .read_info = hdr_info,
          .decode = decode_hdr,
          .promise = hdr_promise,
          .version = by_deckle};
}

}  // namespace deckle
