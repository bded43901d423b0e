// SPDX-License-Identifier: Apache-2.0
// pnm: PNM (P1 to P6) and PFM.
// Shapes  H x W x 1 or 3; uint8 or uint16, samples scaled from maxval to 255 or 65535; PFM float32
// Fails   Truncated with rows, Damaged
// Source  netpbm's pnm(5), debevec.org's PFM
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "codecs/codec.h"
#include "codecs/reading.h"
#include "codecs/write_picture.h"

namespace deckle {
namespace {

bool is_space(std::uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(std::uint8_t c) {
  return c >= '0' && c <= '9';
}

// Reads the decimal numbers of a PNM header and of the plain kinds, between white space and
// comments.
class Words {
 public:
  Words(Bytes bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  // Nothing if no number follows.
  std::optional<std::uint32_t> number(std::size_t most_digits = 10) {
    skip_space();
    std::uint64_t value = 0;
    std::size_t digits = 0;
    while (at_ < bytes_.size() && is_digit(bytes_[at_]) && digits < most_digits) {
      value = value * 10 + bytes_[at_++] - '0';
      ++digits;
    }
    if (digits == 0 || value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(value);
  }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }

 private:
  void skip_space() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#') {
        while (at_ < bytes_.size() && bytes_[at_] != '\n' && bytes_[at_] != '\r')
          ++at_;
      } else if (is_space(bytes_[at_])) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Bytes bytes_;
  std::size_t at_;
};

struct Pnm {
  ImageInfo info;
  std::size_t offset = 0;  // of the samples
  std::uint32_t most = 1;  // the sample of full intensity: maxval
  bool bits = false;       // P1 and P4, where 1 is black
  bool plain = false;      // P1 to P3: decimal numbers
};

bool matches_pnm(Bytes head) {
  if (head.size() < 4 || head[0] != 'P' || head[1] < '1' || head[1] > '6' || !is_space(head[2]))
    return false;
  const auto* const next = std::find_if_not(head.data() + 3, head.data() + head.size(), is_space);
  return next == head.data() + head.size() || is_digit(*next) || *next == '#';
}

Result<Pnm> read_pnm_header(Bytes file) {
  Pnm pnm;
  pnm.info.format = Format::Pnm;
  pnm.info.lossless = true;
  const int kind = file[1] - '0';
  pnm.bits = kind == 1 || kind == 4;
  pnm.plain = kind <= 3;
  Words words(file, 2);
  const std::optional<std::uint32_t> cols = words.number();
  const std::optional<std::uint32_t> rows = words.number();
  const std::optional<std::uint32_t> most =
      pnm.bits ? std::optional<std::uint32_t>(1) : words.number();
  if (!cols || !rows || !most) {
    if (words.at_end()) return header_ends();
    return bad_header("expected a number");
  }
  if (*most < 1 || *most > 65535) return bad_header("maxval " + std::to_string(*most));
  pnm.most = *most;
  pnm.offset = words.at();
  if (pnm.offset >= file.size()) return header_ends();
  if (!is_space(file[pnm.offset])) return bad_header("expected white space before the samples");
  ++pnm.offset;  // exactly one: the next byte may be a sample
  pnm.info.shape = Shape::image(*rows, *cols, kind == 3 || kind == 6 ? 3 : 1);
  pnm.info.dtype = *most > 255 ? DType::UInt16 : DType::UInt8;
  if (pnm.info.shape.channels == 1 && *most != 255 && *most != 65535) pnm.info.white = *most;
  return pnm;
}

Result<ImageInfo> pnm_info(Bytes file) {
  Result<Pnm> pnm = read_pnm_header(file);
  if (!pnm) return pnm.error();
  return pnm->info;
}

// Reads decimal numbers, row after row. Returns an error for the first row that cannot be read.
std::optional<Error> read_plain(Bytes file, const Pnm& pnm, Tensor& out) {
  Words words(file, pnm.offset);
  const std::int64_t rows = out.shape.rows();
  const std::size_t row_samples = static_cast<std::size_t>(out.shape.cols() * out.shape.channels);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::uint8_t* to = out.row(r);
    for (std::size_t i = 0; i < row_samples; ++i) {
      const std::optional<std::uint32_t> value = words.number(pnm.bits ? 1 : 10);
      if (!value || *value > pnm.most) {
        zero_rows(out, static_cast<std::size_t>(r), static_cast<std::size_t>(rows));
        if (!value && words.at_end()) return ends_at_row(static_cast<std::size_t>(r), rows);
        return Error{ErrorCode::Damaged,
                     "damaged: row " + std::to_string(r) + " of " + std::to_string(rows) +
                         (value ? " holds " + std::to_string(*value) + ", more than maxval " +
                                      std::to_string(pnm.most)
                                : std::string(" holds something that is not a number"))};
      }
      if (out.dtype == DType::UInt16) {
        const auto sample = static_cast<std::uint16_t>(*value);
        std::memcpy(to, &sample, 2);
        to += 2;
      } else {
        *to++ = static_cast<std::uint8_t>(pnm.bits ? 1 - *value : *value);
      }
    }
  }
  return std::nullopt;
}

// Raw samples, row after row; 16-bit ones are big-endian.
std::optional<Error> read_raw(Bytes file, const Pnm& pnm, Tensor& out) {
  const auto rows = static_cast<std::size_t>(out.shape.rows());
  const auto cols = static_cast<std::size_t>(out.shape.cols());
  const std::size_t stored = pnm.bits ? (cols + 7) / 8 : out.row_bytes();
  const std::size_t whole = std::min(rows, (file.size() - pnm.offset) / stored);
  std::optional<Error> wrong;
  for (std::size_t r = 0; r < whole; ++r) {
    const std::uint8_t* const from = file.data() + pnm.offset + r * stored;
    std::uint8_t* const to = out.row(static_cast<std::int64_t>(r));
    if (pnm.bits) {
      for (std::size_t c = 0; c < cols; ++c)
        to[c] = (from[c / 8] >> (7 - c % 8) & 1) == 0 ? 1 : 0;
      continue;
    }
    std::uint32_t largest = 0;
    if (out.dtype == DType::UInt8) {
      std::memcpy(to, from, stored);
      if (pnm.most < 255) largest = *std::max_element(to, to + stored);
    } else {
      for (std::size_t i = 0; i < stored; i += 2) {
        const auto sample = static_cast<std::uint16_t>(from[i] << 8U | from[i + 1]);
        std::memcpy(to + i, &sample, 2);
        largest = std::max(largest, std::uint32_t{sample});
      }
    }
    if (largest > pnm.most && !wrong) {
      wrong =
          Error{ErrorCode::Damaged, "damaged: row " + std::to_string(r) + " of " +
                                        std::to_string(rows) + " holds " + std::to_string(largest) +
                                        ", more than maxval " + std::to_string(pnm.most)};
    }
  }
  zero_rows(out, whole, rows);
  if (whole < rows && !wrong) wrong = ends_at_row(whole, out.shape.rows());
  return wrong;
}

// Each sample has at least one digit or one bit.
Promise promise_of(Bytes file, const Pnm& pnm) {
  const Shape& shape = pnm.info.shape;
  const auto samples = static_cast<std::uint64_t>(shape.pixels() * shape.channels);
  return {samples / (pnm.bits && !pnm.plain ? 8 : 1), file.size() - pnm.offset};
}

Promise pnm_promise(Bytes file, const ImageInfo& /*info*/) {
  const Result<Pnm> pnm = read_pnm_header(file);
  return pnm ? promise_of(file, *pnm) : Promise{};
}

Result<Damage> decode_pnm(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<Pnm> pnm = read_pnm_header(file);
  if (!pnm) return pnm.error();
  const Promise promise = promise_of(file, *pnm);
  if (promise.available < promise.least && !options.accept_truncated) {
    return Error{ErrorCode::Truncated, "truncated: " + std::to_string(promise.available) +
                                           " bytes of picture data cannot hold " +
                                           to_string(info.shape) + " samples"};
  }
  out.reset(info.shape, info.dtype);
  std::optional<Error> wrong = pnm->plain ? read_plain(file, *pnm, out) : read_raw(file, *pnm, out);
  if (wrong && !options.accept_truncated) return *wrong;
  if (info.indexed) return outcome(std::move(wrong), options);
  if (info.dtype == DType::UInt16) {
    scale_samples<std::uint16_t>(out, pnm->most);
  } else {
    scale_samples<std::uint8_t>(out, pnm->most);
  }
  return outcome(std::move(wrong), options);
}

Result<Done> check_pnm(const Shape& shape, DType dtype) {
  return check_format_limits({"pnm", {DType::UInt8, DType::UInt16}, {1, 3}, kMaxExtent}, shape,
                             dtype);
}

Result<Done> encode_pnm(const Tensor& pixels, const EncodeOptions& /*options*/, Buffer& out) {
  if (const Result<Done> can = check_pnm(pixels.shape, pixels.dtype); !can) return can.error();
  const bool wide = pixels.dtype == DType::UInt16;
  const std::string header = std::string(pixels.shape.channels == 3 ? "P6\n" : "P5\n") +
                             std::to_string(pixels.shape.cols()) + " " +
                             std::to_string(pixels.shape.rows()) + (wide ? "\n65535\n" : "\n255\n");
  const std::size_t bytes = pixels.byte_count();
  out.resize(header.size() + bytes);
  std::memcpy(out.data(), header.data(), header.size());
  std::uint8_t* const to = out.data() + header.size();
  std::memcpy(to, pixels.data.data(), bytes);
  for (std::size_t i = 0; wide && i < bytes; i += 2) {
    std::uint16_t sample = 0;
    std::memcpy(&sample, to + i, 2);
    to[i] = static_cast<std::uint8_t>(sample >> 8U);
    to[i + 1] = static_cast<std::uint8_t>(sample & 0xFFU);
  }
  return Done{};
}

// ---- PFM

struct Pfm {
  ImageInfo info;
  std::size_t offset = 0;
  bool big_endian = false;
};

bool matches_pfm(Bytes head) {
  if (head.size() < 4 || head[0] != 'P' || (head[1] != 'F' && head[1] != 'f') || !is_space(head[2]))
    return false;
  const auto* const next = std::find_if_not(head.data() + 3, head.data() + head.size(), is_space);
  return next == head.data() + head.size() || is_digit(*next);
}

Result<Pfm> read_pfm_header(Bytes file) {
  Pfm pfm;
  pfm.info.format = Format::Pfm;
  pfm.info.dtype = DType::Float32;
  pfm.info.lossless = true;
  Words words(file, 2);
  const std::optional<std::uint32_t> cols = words.number();
  const std::optional<std::uint32_t> rows = words.number();
  if (!cols || !rows) {
    if (words.at_end()) return header_ends();
    return bad_header("expected a number");
  }
  std::size_t at = words.at();
  while (at < file.size() && is_space(file[at]))
    ++at;
  const std::size_t scale_at = at;
  while (at < file.size() && !is_space(file[at]))
    ++at;
  if (at >= file.size()) return header_ends();
  double scale = 0;
  std::string_view word = text_of(file.subspan(scale_at, at - scale_at));
  if (word.starts_with('+')) word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), scale);
  if (error != std::errc{} || end != word.data() + word.size() || scale == 0) {
    return bad_header("expected a scale");
  }
  pfm.big_endian = scale > 0;  // its absolute value, a scale, is not applied
  pfm.offset = at + 1;
  pfm.info.shape = Shape::image(*rows, *cols, file[1] == 'F' ? 3 : 1);
  return pfm;
}

Result<ImageInfo> pfm_info(Bytes file) {
  Result<Pfm> pfm = read_pfm_header(file);
  if (!pfm) return pfm.error();
  return pfm->info;
}

Promise pfm_promise(Bytes file, const ImageInfo& info) {
  const Result<Pfm> pfm = read_pfm_header(file);
  if (!pfm) return {};
  return {static_cast<std::uint64_t>(info.shape.pixels() * info.shape.channels) * sizeof(float),
          file.size() - pfm->offset};
}

Result<Damage> decode_pfm(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  const Result<Pfm> pfm = read_pfm_header(file);
  if (!pfm) return pfm.error();
  const auto rows = static_cast<std::size_t>(info.shape.rows());
  const std::size_t row_bytes =
      static_cast<std::size_t>(info.shape.cols() * info.shape.channels) * sizeof(float);
  const std::size_t whole = std::min(rows, (file.size() - pfm->offset) / row_bytes);
  if (whole < rows && !options.accept_truncated) return ends_at_row(whole, info.shape.rows());
  out.reset(info.shape, info.dtype);
  zero_rows(out, 0, rows - whole);
  for (std::size_t r = 0; r < whole; ++r) {  // the bottom row is the first in the file
    const std::uint8_t* const from = file.data() + pfm->offset + r * row_bytes;
    std::uint8_t* const to = out.row(static_cast<std::int64_t>(rows - 1 - r));
    for (std::size_t i = 0; i < row_bytes; i += sizeof(float)) {
      const auto bits = static_cast<std::uint32_t>(pfm->big_endian ? read_big(from + i, 4)
                                                                   : read_little(from + i, 4));
      std::memcpy(to + i, &bits, sizeof bits);
    }
  }
  if (whole < rows) return outcome(ends_at_row(whole, info.shape.rows()), options);
  return Damage{};
}

}  // namespace

Codec pnm_codec() {
  return {.format = Format::Pnm,
          .extensions = {"pnm", "ppm", "pgm", "pbm"},
          .matches = matches_pnm,
          .read_info = pnm_info,
          .decode = decode_pnm,
          .promise = pnm_promise,
          .version = by_deckle,
          .encoder = Encoder{.check = check_pnm, .encode = encode_pnm}};
}

Codec pfm_codec() {
  return {.format = Format::Pfm,
          .extensions = {"pfm"},
          .matches = matches_pfm,
          .read_info = pfm_info,
          .decode = decode_pfm,
          .promise = pfm_promise,
          .version = by_deckle};
}

}  // namespace deckle
