// SPDX-License-Identifier: Apache-2.0
// bmp: BMP of every common kind: palettes, run-length coding, 16, 24 and 32 bits.
// Shapes  H x W x 1, 3 or 4 uint8; samples of other sizes (5-bit, 10-bit) are scaled to 255
// Fails   Truncated with rows, Damaged, Unsupported for rare variants
// Source  BITMAPCOREHEADER, BITMAPINFOHEADER to BITMAPV5HEADER (Windows GDI); writes the bytes of
//         OpenCV 4.6, except alpha
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "codecs/codec.h"
#include "codecs/ratios.h"
#include "codecs/reading.h"
#include "codecs/write_picture.h"

namespace deckle {
namespace {

struct Bmp {
  ImageInfo info;
  std::uint64_t offset = 0;  // of the samples
  std::uint64_t bits = 0;    // of a pixel
  std::uint64_t compression = 0;
  std::uint64_t pitch = 0;  // bytes of a row of the file
  bool top_down = false;
  std::array<std::array<std::uint8_t, 3>, 256> palette{};  // R, G, B; black if not in the file
  std::size_t colours = 0;                                 // of the palette
  std::array<std::uint32_t, 4> masks{};  // R, G, B, alpha of 16- and 32-bit pixels
};

constexpr std::uint64_t kBmpRle8 = 1;
constexpr std::uint64_t kBmpRle4 = 2;
constexpr std::uint32_t kBmpBitfields = 3;
constexpr std::size_t kBmpFileHeader = 14;

bool matches_bmp(Bytes head) {
  if (head.size() < 18 || head[0] != 'B' || head[1] != 'M') return false;
  const std::uint64_t size = read_little(head.data() + kBmpFileHeader, 4);
  return size == 12 || (size >= 40 && size <= 124);
}

Result<Bmp> read_bmp_header(Bytes file) {
  constexpr std::size_t kMasksAt = kBmpFileHeader + 40;
  Bmp bmp;
  bmp.info.format = Format::Bmp;
  bmp.info.lossless = true;
  const std::uint8_t* const p = file.data();
  const std::uint64_t header = read_little(p + kBmpFileHeader, 4);
  if (file.size() < kBmpFileHeader + header) return header_ends();
  const bool old = header == 12;  // OS/2 1.x, BITMAPCOREHEADER
  std::uint64_t colours = 0;
  std::int64_t cols = 0;
  std::int64_t rows = 0;
  bmp.offset = read_little(p + 10, 4);
  if (old) {
    cols = static_cast<std::int64_t>(read_little(p + 18, 2));
    rows = static_cast<std::int64_t>(read_little(p + 20, 2));
    bmp.bits = read_little(p + 24, 2);
  } else {
    cols = static_cast<std::int32_t>(read_little(p + 18, 4));
    rows = static_cast<std::int32_t>(read_little(p + 22, 4));
    bmp.bits = read_little(p + 28, 2);
    bmp.compression = read_little(p + 30, 4);
    colours = read_little(p + 46, 4);
  }
  bmp.top_down = rows < 0;
  rows = std::abs(rows);
  if (bmp.offset < kBmpFileHeader + header) {
    return bad_header("samples at byte " + std::to_string(bmp.offset) + ", within the header");
  }
  if (cols < 1 || rows < 1)
    return bad_header(std::to_string(rows) + " x " + std::to_string(cols) + " pixels");

  const bool raw = bmp.compression == 0;
  const bool masked = bmp.compression == kBmpBitfields && (bmp.bits == 16 || bmp.bits == 32);
  const bool run_length = (bmp.compression == kBmpRle8 && bmp.bits == 8) ||
                          (bmp.compression == kBmpRle4 && bmp.bits == 4);
  const bool known = bmp.bits == 1 || bmp.bits == 4 || bmp.bits == 8 || bmp.bits == 16 ||
                     bmp.bits == 24 || bmp.bits == 32;
  if (!known || (!raw && !masked && !run_length)) {
    return Error{ErrorCode::Unsupported, "BMP with " + std::to_string(bmp.bits) +
                                             " bits per pixel and compression " +
                                             std::to_string(bmp.compression) + " is not read"};
  }

  std::int64_t channels = 3;
  if (bmp.bits <= 8) {
    const std::size_t most = std::size_t{1} << bmp.bits;
    if (colours > 256) return bad_header("a palette of " + std::to_string(colours) + " colours");
    const std::size_t used = colours == 0 ? most : static_cast<std::size_t>(colours);
    const std::size_t entry = old ? 3 : 4;  // B, G, R, and an unused byte except in the oldest kind
    const std::size_t at = kBmpFileHeader + static_cast<std::size_t>(header);
    if (file.size() - at < used * entry) return header_ends();
    channels = 1;
    bmp.colours = std::min(used, most);
    for (std::size_t i = 0; i < bmp.colours; ++i) {
      const std::uint8_t* const bgr = p + at + i * entry;
      bmp.palette.at(i) = {bgr[2], bgr[1], bgr[0]};
      if (bgr[0] != bgr[1] || bgr[0] != bgr[2]) channels = 3;
      bmp.info.palette.push_back(colour_of_bytes(bgr[2], bgr[1], bgr[0]));
    }
    if (is_grey_ramp(bmp.info.palette)) bmp.info.palette.clear();
  } else if (masked) {
    // the masks follow a BITMAPINFOHEADER; newer headers contain them, at the same offset, and the
    // mask of alpha
    if (file.size() < kMasksAt + 12) return header_ends();
    for (std::size_t i = 0; i < 3; ++i) {
      bmp.masks.at(i) = static_cast<std::uint32_t>(read_little(p + kMasksAt + 4 * i, 4));
    }
    if (header >= 56) bmp.masks[3] = static_cast<std::uint32_t>(read_little(p + kMasksAt + 12, 4));
    for (const std::uint32_t mask : bmp.masks) {
      const std::uint32_t run =
          mask == 0 ? 0 : mask >> static_cast<unsigned>(std::countr_zero(mask));
      if ((run & (run + 1)) != 0) return bad_header("a colour mask with gaps");
    }
    if (bmp.masks[3] != 0) channels = 4;
  } else if (bmp.bits == 16) {
    bmp.masks = {0x7C00, 0x03E0, 0x001F, 0};
  } else if (bmp.bits == 32) {
    bmp.masks = {0xFF0000, 0x00FF00, 0x0000FF, 0};  // the fourth byte is unused, usually 0
  }
  bmp.info.shape = Shape::image(rows, cols, channels);
  bmp.pitch = (static_cast<std::uint64_t>(cols) * bmp.bits + 31) / 32 * 4;
  return bmp;
}

// The profile that a BITMAPV5HEADER points to in this file; empty if there is none, or if it is
// truncated.
std::vector<std::uint8_t> icc_of_bmp(Bytes file) {
  constexpr std::size_t kBmpV5Header = 124;
  constexpr std::uint64_t kEmbedded = 0x4D424544;  // "MBED"
  const std::uint8_t* const header = file.data() + kBmpFileHeader;
  if (file.size() < kBmpFileHeader + kBmpV5Header || read_little(header, 4) != kBmpV5Header ||
      read_little(header + 56, 4) != kEmbedded)
    return {};
  const Bytes from_header = file.subspan(kBmpFileHeader);
  const auto at = static_cast<std::size_t>(read_little(header + 112, 4));
  const auto size = static_cast<std::size_t>(read_little(header + 116, 4));
  if (at > from_header.size() || size > from_header.size() - at) return unreadable_icc();
  const Bytes icc = from_header.subspan(at, size);
  return {icc.begin(), icc.end()};
}

Metadata read_bmp_metadata(Bytes file) {
  return {icc_of_bmp(file), {}, {}};
}

Result<ImageInfo> bmp_info(Bytes file) {
  Result<Bmp> bmp = read_bmp_header(file);
  if (!bmp) return bmp.error();
  bmp->info.icc = icc_of_bmp(file);
  return bmp->info;
}

bool has_runs(const Bmp& bmp) {
  return bmp.compression == kBmpRle8 || bmp.compression == kBmpRle4;
}

// Writes a pixel: its index if indices are requested, else its colour. A colour has one channel if
// the palette is grey, else three. Returns the next byte.
std::uint8_t* put_entry(const Bmp& bmp, std::size_t index, std::uint8_t* to) {
  if (bmp.info.indexed) {
    *to = static_cast<std::uint8_t>(index);
    return to + 1;
  }
  return std::copy_n(bmp.palette.at(index).data(), bmp.info.shape.channels, to);
}

void unpack_masked(const Bmp& bmp, const std::uint8_t* from, std::uint8_t* to) {
  const auto channels = static_cast<std::size_t>(bmp.info.shape.channels);
  const auto bytes = static_cast<std::size_t>(bmp.bits / 8);
  for (std::int64_t c = 0; c < bmp.info.shape.cols(); ++c, from += bytes) {
    const auto pixel = static_cast<std::uint32_t>(read_little(from, bytes));
    for (std::size_t i = 0; i < channels; ++i) {
      const std::uint32_t mask = bmp.masks.at(i);
      if (mask == 0) {
        *to++ = 0;
        continue;
      }
      const auto shift = static_cast<unsigned>(std::countr_zero(mask));
      const std::uint64_t most = mask >> shift;
      *to++ = static_cast<std::uint8_t>(
          (((pixel & mask) >> shift) * std::uint64_t{255} + most / 2) / most);
    }
  }
}

// Unpacks one row that is not run-length coded. Returns its highest palette index; 0 if there is no
// palette.
std::size_t unpack_row(const Bmp& bmp, const std::uint8_t* from, std::uint8_t* to) {
  std::size_t highest = 0;
  const auto cols = static_cast<std::size_t>(bmp.info.shape.cols());
  const auto bits = static_cast<std::size_t>(bmp.bits);
  if (bits == 16 || bits == 32) {
    unpack_masked(bmp, from, to);
  } else if (bits == 24) {
    for (std::size_t i = 0; i < 3 * cols; i += 3) {
      to[i] = from[i + 2];
      to[i + 1] = from[i + 1];
      to[i + 2] = from[i];
    }
  } else {
    for (std::size_t c = 0; c < cols; ++c) {
      const std::size_t shift = 8 - bits - c * bits % 8;
      const std::size_t index = from[c * bits / 8] >> shift & ((1U << bits) - 1);
      highest = std::max(highest, index);
      to = put_entry(bmp, index, to);
    }
  }
  return highest;
}

// The row of the picture that is row `r` of the file. Usually the lowest row comes first.
std::int64_t row_of(const Bmp& bmp, std::size_t r) {
  const auto row = static_cast<std::int64_t>(r);
  return bmp.top_down ? row : bmp.info.shape.rows() - 1 - row;
}

std::uint8_t* row_at(const Bmp& bmp, std::size_t r, Tensor& out) {
  return out.row(row_of(bmp, r));
}

// Sets `uncoloured` if row `r` has an index without a colour; `highest` is its highest index.
// Windows does not define such a pixel. The BMP Suite calls such a file bad, ImageMagick reports an
// error; other programs make it black.
void check_colours(const Bmp& bmp, std::size_t r, std::size_t highest,
                   std::optional<Error>& uncoloured) {
  if (bmp.colours == 0 || highest < bmp.colours || uncoloured) return;
  uncoloured = without_colour(static_cast<std::size_t>(row_of(bmp, r)), bmp.info.shape.rows(),
                              highest, bmp.colours);
}

// A run of one index, or a list of indices.
struct Run {
  std::size_t row = 0;  // in the order of the file
  std::size_t col = 0;
  std::size_t length = 0;
  std::size_t code = 0;                // for a run: an index, or two of 4 bits
  const std::uint8_t* list = nullptr;  // for a list: its first byte
};

// The end of the run-length data.
struct RunsEnd {
  std::optional<Error> wrong;
  std::uint64_t pixels = 0;  // before the end
};

// Run-length data: a count and an index (or two indices of 4 bits, which alternate), or 0 and
//   0  the row ends
//   1  the picture ends
//   2  a jump; the numbers of columns and rows follow
//   n  n indices follow, padded to 16 bits.
// The data are complete when every pixel is set, with or without code 1. Some writers also encode
// the padding of a row: up to the multiple of 32 bits that a row without run lengths has.
template <typename Take>
RunsEnd walk_runs(Bytes data, const Bmp& bmp, Take&& take) {
  const auto rows = static_cast<std::size_t>(bmp.info.shape.rows());
  const auto cols = static_cast<std::size_t>(bmp.info.shape.cols());
  const std::size_t padded = static_cast<std::size_t>(bmp.pitch * 8 / bmp.bits);
  std::size_t at = 0;
  std::size_t row = 0;
  std::size_t col = 0;
  const auto here = [&](std::optional<Error> wrong) {
    return RunsEnd{std::move(wrong),
                   std::uint64_t{std::min(row, rows)} * cols + std::min(col, cols)};
  };
  const auto ends = [&] {
    return here(Error{ErrorCode::Truncated, "truncated: the run-length data has no end"});
  };
  const auto misfit = [&] {
    return here(Error{ErrorCode::Damaged, "damaged: the run lengths do not fit the rows"});
  };
  while (row + 1 < rows || (row + 1 == rows && col < cols)) {
    if (data.size() - at < 2) return ends();
    const std::size_t count = data[at];
    const std::size_t code = data[at + 1];
    at += 2;
    if (count == 0 && code == 0) {
      ++row;
      col = 0;
      continue;
    }
    if (count == 0 && code == 1) return here(std::nullopt);
    if (count == 0 && code == 2) {
      if (data.size() - at < 2) return ends();
      if (col + data[at] > padded || row + data[at + 1] >= rows) return misfit();
      col += data[at];
      row += data[at + 1];
      at += 2;
      continue;
    }
    const bool run = count != 0;
    const std::size_t length = run ? count : code;
    if (length > padded - col) return misfit();
    const std::size_t stored = run ? 0 : (length * bmp.bits + 15) / 16 * 2;
    if (data.size() - at < stored) return ends();
    take(Run{row, col, length, code, run ? nullptr : data.data() + at});
    at += stored;
    col += length;
  }
  return here(std::nullopt);
}

// Pixels that a jump leaves out have the index 0. Encoded padding is not part of the picture.
std::optional<Error> read_runs(Bytes data, const Bmp& bmp, Tensor& out,
                               std::optional<Error>& uncoloured) {
  const auto cols = static_cast<std::size_t>(out.shape.cols());
  std::uint8_t* to = out.data.data();
  const std::int64_t pixels = out.shape.pixels();
  for (std::int64_t i = 0; i < pixels; ++i)
    to = put_entry(bmp, 0, to);
  RunsEnd end = walk_runs(data, bmp, [&](const Run& run) {
    const std::size_t first = std::min(run.col, cols);
    const std::size_t seen = std::min(run.length, cols - first);
    to = row_at(bmp, run.row, out) + first * out.pixel_bytes();
    std::size_t highest = 0;
    for (std::size_t i = 0; i < seen; ++i) {
      std::size_t index = run.list == nullptr ? run.code : run.list[bmp.bits == 8 ? i : i / 2];
      if (bmp.bits == 4) index = i % 2 == 0 ? index >> 4U : index & 15U;
      highest = std::max(highest, index);
      to = put_entry(bmp, index, to);
    }
    check_colours(bmp, run.row, highest, uncoloured);
  });
  return std::move(end.wrong);
}

// Run lengths are counted without writing a pixel. A few bytes may be a picture of any size,
// because a jump may leave out nearly all pixels.
Promise bmp_promise(Bytes file, const ImageInfo& info) {
  const Result<Bmp> bmp = read_bmp_header(file);
  if (!bmp) return {};
  const Bytes data =
      file.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(bmp->offset, file.size())));
  if (!has_runs(*bmp))
    return {bmp->pitch * static_cast<std::uint64_t>(info.shape.rows()), data.size()};
  const RunsEnd end = walk_runs(data, *bmp, [](const Run&) {});
  return {static_cast<std::uint64_t>(info.shape.pixels()),
          end.wrong ? end.pixels : most_unpacked(Coding::Unlimited, data.size())};
}

Result<Damage> decode_bmp(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                          Tensor& out) {
  Result<Bmp> header = read_bmp_header(file);
  if (!header) return header.error();
  header->info.indexed = info.indexed;
  const Bmp& bmp = *header;
  if (bmp.offset >= file.size()) {
    return Error{ErrorCode::Truncated, "truncated: the picture data begins at byte " +
                                           std::to_string(bmp.offset) + ", the file has " +
                                           std::to_string(file.size())};
  }
  const Bytes data = file.subspan(static_cast<std::size_t>(bmp.offset));

  if (has_runs(bmp)) {
    out.reset(info.shape, info.dtype);
    std::optional<Error> uncoloured;
    std::optional<Error> wrong = read_runs(data, bmp, out, uncoloured);
    if (wrong && wrong->code == ErrorCode::Damaged) return *wrong;
    return outcome(wrong ? std::move(wrong) : std::move(uncoloured), options);
  }

  const auto rows = static_cast<std::size_t>(info.shape.rows());
  // The padding of the last row is not a pixel.
  const std::uint64_t row_bytes =
      (static_cast<std::uint64_t>(info.shape.cols()) * bmp.bits + 7) / 8;
  std::optional<Error> wrong;
  std::optional<Error> uncoloured;
  if (data.size() < bmp.pitch * (rows - 1) + row_bytes) {
    wrong = ends_at_row(data.size() / bmp.pitch, info.shape.rows());
    if (!bmp.top_down) wrong->message += ", counted from the bottom";
    if (!options.accept_truncated) return *wrong;
  }
  out.reset(info.shape, info.dtype);
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t at = std::min<std::size_t>(bmp.pitch * r, data.size());
    const Bytes row = data.subspan(at, std::min<std::size_t>(row_bytes, data.size() - at));
    if (row.size() == row_bytes) {
      check_colours(bmp, r, unpack_row(bmp, row.data(), row_at(bmp, r, out)), uncoloured);
    } else {  // missing bytes count as zero
      std::vector<std::uint8_t> filled(static_cast<std::size_t>(row_bytes));
      if (bmp.bits <= 8 || bmp.bits == 24) std::copy(row.begin(), row.end(), filled.begin());
      check_colours(bmp, r, unpack_row(bmp, filled.data(), row_at(bmp, r, out)), uncoloured);
    }
  }
  return outcome(wrong ? std::move(wrong) : std::move(uncoloured), options);
}

Result<Done> check_bmp(const Shape& shape, DType dtype) {
  return check_format_limits({"bmp", {DType::UInt8}, {1, 3, 4}, 1 << 20}, shape, dtype);
}

constexpr std::size_t kMostColours = 256;

// Grey and indices with a palette, colour with 24 bits. Alpha needs a BITMAPV4HEADER: without the
// mask in it, readers ignore the fourth byte.
Result<Done> encode_bmp(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  if (const Result<Done> can = check_bmp(pixels.shape, pixels.dtype); !can) return can.error();
  constexpr std::uint32_t kSrgb = 0x73524742;  // "sRGB"
  const auto channels = static_cast<std::size_t>(pixels.shape.channels);
  const auto rows = static_cast<std::size_t>(pixels.shape.rows());
  const std::size_t header = channels == 4 ? 108 : 40;
  const std::size_t offset = kBmpFileHeader + header + (channels == 1 ? 4 * kMostColours : 0);
  const std::size_t pitch = (pixels.row_bytes() + 3) / 4 * 4;
  const std::size_t size = offset + pitch * rows;
  if (size > std::size_t{std::numeric_limits<std::int32_t>::max()}) {
    return Error{ErrorCode::TooLarge, "bmp holds at most 2 GB"};
  }
  out.resize(size);
  std::memset(out.data(), 0, size);
  const auto put = [&](std::size_t at, std::size_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
      out.data()[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  };
  put(0, 0x4D42, 2);
  put(2, size, 4);
  put(10, offset, 4);
  put(14, header, 4);
  put(18, static_cast<std::size_t>(pixels.shape.cols()), 4);
  put(22, rows, 4);
  put(26, 1, 2);
  put(28, 8 * channels, 2);
  for (std::size_t i = 0; channels == 1 && i < kMostColours; ++i) {
    const std::size_t at = kBmpFileHeader + header + 4 * i;
    if (options.palette.empty()) put(at, 0x010101 * i, 4);
    for (std::size_t c = 0; c < 3 && i < options.palette.size(); ++c)
      put(at + c, options.palette[i].at(2 - c) >> 8U, 1);
  }
  if (channels == 1) put(46, options.palette.size(), 4);  // colours in the palette; 0: all
  if (channels == 4) {
    put(30, kBmpBitfields, 4);
    put(34, pitch * rows, 4);
    put(54, 0x00FF0000, 4);
    put(58, 0x0000FF00, 4);
    put(62, 0x000000FF, 4);
    put(66, 0xFF000000, 4);
    put(70, kSrgb, 4);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const std::uint8_t* const from = pixels.row(static_cast<std::int64_t>(rows - 1 - r));
    std::uint8_t* const to = out.data() + offset + pitch * r;
    std::memcpy(to, from, pixels.row_bytes());
    for (std::size_t i = 0; channels >= 3 && i < pixels.row_bytes(); i += channels)
      std::swap(to[i], to[i + 2]);
  }
  return Done{};
}

}  // namespace

Codec bmp_codec() {
  return {.format = Format::Bmp,
          .extensions = {"bmp", "dib"},
          .matches = matches_bmp,
          .read_info = bmp_info,
          .decode = decode_bmp,
          .promise = bmp_promise,
          .read_metadata = read_bmp_metadata,
          .version = by_deckle,
          .encoder = Encoder{.check = check_bmp, .encode = encode_bmp}};
}

}  // namespace deckle
