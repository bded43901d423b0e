// SPDX-License-Identifier: Apache-2.0
// tiff: the first page of a TIFF or BigTIFF, or all of them; strips and tiles, contiguous and
// separate planes.
// Shapes  H x W x 1 to 4 in the file's own dtype, or pages x H x W x 1 to 4. Floats of 16 and 24
//         bits become float32; integers of fewer than 8 and of 9 to 15 bits are scaled to uint8 and
//         uint16; indexed: as stored. Palettes become H x W x 3 uint8, CMYK H x W x 3 of its own
//         depth, LogLuv H x W x 3 float32, YCbCr and CIE L*a*b* H x W x 3 uint8
// Fails   Truncated or Damaged with the rows, Unsupported for more than 4 channels and odd samples,
//         Shape if the pages of a volume differ; messages number pages from 1
// Source  TIFF 6.0; libtiff's tiffio.h, and tif_getimage.c for YCbCr and CIE L*a*b*
// Metadata: ICC and XMP. An EXIF directory is neither read nor written: its values are spread over
// the file, and moving them would damage maker notes. Samples of 8, 16 and 32 bits are never
// scaled. Colours are divided by associated alpha: a Tensor has unassociated alpha.
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "codecs/codec.h"
#include "codecs/exif.h"
#include "codecs/reading.h"
#include "codecs/tiff/tiff_deflate.h"
#include "codecs/tiff/tiff_layout.h"
#include "codecs/tiff/tiff_port.h"
#include "codecs/tiff/tiff_samples.h"
#include "codecs/tiff/tiff_writer.h"

namespace deckle {
namespace {

// ---- the header

// The offset of the first directory, as in the header.
std::optional<std::uint64_t> directory_at(Bytes file) {
  const std::size_t size = is_big_tiff(file) ? 8 : 4;
  return tiff_number(file, size, size);
}

// The offset of the directory after the one at `at`; 0 for none.
std::optional<std::uint64_t> directory_after(Bytes file, std::uint64_t at) {
  const bool big = is_big_tiff(file);
  const auto entries = tiff_number(file, at, big ? 8 : 2);
  if (!entries || *entries > 0xFFFF) return std::nullopt;
  return tiff_number(file, at + (big ? 8 + 20 * *entries : 2 + 12 * *entries), big ? 8 : 4);
}

Error open_error(const TiffPort& port) {
  const std::optional<std::uint64_t> directory = directory_at(port.file);
  if (!directory) return {ErrorCode::Truncated, "truncated: the file ends within its header"};
  if (*directory >= port.file.size()) {
    return {ErrorCode::Truncated, "truncated: the directory of the picture is at byte " +
                                      std::to_string(*directory) + ", the file has " +
                                      std::to_string(port.file.size())};
  }
  return {ErrorCode::Damaged, "damaged: the directory cannot be read" + because(port)};
}

bool matches(Bytes head) {
  if (head.size() < 4) return false;
  const auto is = [&](std::initializer_list<std::uint8_t> bytes) {
    return std::equal(bytes.begin(), bytes.end(), head.begin());
  };
  return is({'I', 'I', 42, 0}) || is({'M', 'M', 0, 42}) || is({'I', 'I', 43, 0}) ||
         is({'M', 'M', 0, 43});
}

// The bytes of a tag of libtiff's current page; empty if there is none. libtiff owns them.
Bytes bytes_of_tag(TIFF* tiff, std::uint32_t tag) {
  std::uint32_t length = 0;
  const std::uint8_t* data = nullptr;
  if (TIFFGetField(tiff, tag, &length, &data) == 0 || data == nullptr) return {};
  return {data, length};
}

bool has_tag(const TiffPort& port, TIFF* tiff, std::uint32_t tag) {
  return tiff_entry(port.file, TIFFCurrentDirOffset(tiff), tag).has_value();
}

std::vector<std::uint8_t> icc_of(const TiffPort& port, TIFF* tiff) {
  const Bytes icc = bytes_of_tag(tiff, TIFFTAG_ICCPROFILE);
  if (icc.empty() && has_tag(port, tiff, TIFFTAG_ICCPROFILE)) return unreadable_icc();
  return {icc.begin(), icc.end()};
}

Result<ImageInfo> read_info(Bytes file) {
  TiffPort port;
  port.file = file;
  const TiffHandle tiff = open_tiff(port, "r");
  if (tiff == nullptr) return open_error(port);
  Result<TiffLayout> layout = read_tiff_layout(port, tiff.get());
  if (!layout) return layout.error();
  layout->info.icc = icc_of(port, tiff.get());
  return layout->info;
}

// Reads the metadata of the first page. EXIF is a directory with offsets into the file: it cannot
// be copied as a block.
Metadata read_metadata(Bytes file) {
  TiffPort port;
  port.file = file;
  const TiffHandle tiff = open_tiff(port, "r");
  if (tiff == nullptr) return {};
  return {icc_of(port, tiff.get()),
          {},
          xmp_packet(bytes_of_tag(tiff.get(), TIFFTAG_XMLPACKET)),
          has_tag(port, tiff.get(), TIFFTAG_EXIFIFD) || has_tag(port, tiff.get(), TIFFTAG_GPSIFD)};
}

// An error of page `page` of a volume, numbered from 0. The message numbers pages from 1.
Error in_page(std::int64_t page, Error error) {
  error.message = "page " + std::to_string(page + 1) + ": " + error.message;
  return error;
}

// Moves to the next page, which has the number `page`, from 0.
Result<Done> next_page(TiffPort& port, TIFF* tiff, std::int64_t page) {
  port.error[0] = '\0';
  port.guess[0] = '\0';
  const auto at = directory_after(port.file, TIFFCurrentDirOffset(tiff));
  if (TIFFReadDirectory(tiff) != 0) return Done{};
  if (!at || *at >= port.file.size()) {
    return in_page(page, {ErrorCode::Truncated,
                          "truncated: its directory is after the end of the file, which has " +
                              std::to_string(port.file.size()) + " bytes"});
  }
  return in_page(page,
                 {ErrorCode::Damaged, "damaged: its directory cannot be read" + because(port)});
}

// Pages become planes; all must have the same shape and type.
Result<ImageInfo> read_volume_info(Bytes file) {
  TiffPort port;
  port.file = file;
  const TiffHandle tiff = open_tiff(port, "r");
  if (tiff == nullptr) return open_error(port);
  ImageInfo info;
  std::int64_t pages = 0;
  while (true) {
    const Result<TiffLayout> layout = read_tiff_layout(port, tiff.get());
    if (!layout) return in_page(pages, layout.error());
    const ImageInfo& page = layout->info;
    if (pages == 0) {
      info = page;
      info.icc = icc_of(port, tiff.get());
    }
    if (page.shape != info.shape || page.dtype != info.dtype || page.bands != info.bands) {
      const auto described = [](const ImageInfo& i) {
        return to_string(i.shape) + " " + std::string(name_of(i.dtype)) +
               (i.bands ? " (" + to_string(*i.bands) + ")" : "");
      };
      return in_page(pages,
                     {ErrorCode::Shape, described(page) + ", the first page is " + described(info) +
                                            "; all pages of a volume must be alike"});
    }
    if (info.orientation == 1) info.orientation = page.orientation;
    info.lossless = info.lossless && page.lossless;
    ++pages;
    if (TIFFLastDirectory(tiff.get()) != 0) break;
    if (auto next = next_page(port, tiff.get(), pages); !next) return next.error();
  }
  info.shape = Shape{3, {pages, info.shape.rows(), info.shape.cols()}, info.shape.channels};
  return info;
}

// ---- the pixels

// Copies the samples of one plane of a block to their channel.
void place_samples(const std::uint8_t* from, std::uint8_t* to, std::size_t count,
                   std::size_t sample_bytes, std::size_t step) {
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(to, from, sample_bytes);
    from += sample_bytes;
    to += step;
  }
}

// The number of bytes of a strip or tile that are in the file.
std::uint64_t bytes_there(const TiffPort& port, TIFF* tiff, std::uint32_t block) {
  const std::uint64_t offset =
      std::min<std::uint64_t>(TIFFGetStrileOffset(tiff, block), port.file.size());
  return std::min<std::uint64_t>(TIFFGetStrileByteCount(tiff, block), port.file.size() - offset);
}

// For libtiff's current page: the bytes of its samples, and the most that its strips or tiles can
// be decoded to.
Promise promise_of(const TiffPort& port, TIFF* tiff, const TiffLayout& layout) {
  const std::uint32_t blocks = layout.tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  const bool sampled = layout.colour == TiffColour::ByLibtiff;  // YCbCr: a byte a pixel and more
  const std::uint64_t bits = sampled ? 8 : static_cast<std::uint64_t>(layout.stored) * layout.bits;
  const auto row_bytes =
      static_cast<std::uint64_t>(layout.tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff));
  const auto unpacked = [&](std::uint64_t stored) {
    return most_unpacked(coding_of(layout.compression), stored, row_bytes);
  };
  const std::uint64_t least = static_cast<std::uint64_t>(layout.info.shape.pixels()) * bits / 8;
  std::uint64_t there = 0;
  for (std::uint32_t i = 0; i < blocks && unpacked(there) < least; ++i)
    there += bytes_there(port, tiff, i);
  return {least, unpacked(there)};
}

// For all pages of a volume together.
Promise promise(Bytes file, const ImageInfo& info) {
  TiffPort port;
  port.file = file;
  const TiffHandle tiff = open_tiff(port, "r");
  const std::int64_t pages = info.shape.rank == 3 ? info.shape[0] : 1;
  Promise all;
  for (std::int64_t page = 0; page < pages; ++page) {
    if (tiff == nullptr || (page > 0 && !next_page(port, tiff.get(), page))) return {};
    const Result<TiffLayout> layout = read_tiff_layout(port, tiff.get());
    if (!layout) return {};
    const Promise one = promise_of(port, tiff.get(), *layout);
    all.least += one.least;
    if (pages == 1) return one;
    all.available += std::min(one.available, one.least);
  }
  return all;
}

// The first damage of the picture data.
Error block_error(const TiffPort& port, TIFF* tiff, std::uint32_t block, std::int64_t first_row,
                  std::int64_t last_row, std::int64_t rows) {
  const std::uint64_t offset = TIFFGetStrileOffset(tiff, block);
  const std::uint64_t count = TIFFGetStrileByteCount(tiff, block);
  const std::string where = "rows " + std::to_string(first_row) + " to " +
                            std::to_string(last_row) + " of " + std::to_string(rows);
  if (offset > port.file.size() || count > port.file.size() - offset) {
    return {ErrorCode::Truncated, "truncated: the data of " + where + " ends at byte " +
                                      std::to_string(offset + count) + ", the file has " +
                                      std::to_string(port.file.size())};
  }
  return {ErrorCode::Damaged, "damaged: corrupt data in " + where + because(port)};
}

// The units in which a page is read: strips, rows of tiles (also called strips here), or single
// rows of a very large strip.
struct Strips {
  std::int64_t rows = 0;  // in a strip; the last one may have fewer
  std::int64_t tile_cols = 0;
  std::size_t planes = 1;
  tmsize_t size = 0;      // bytes of a strip of the file, or of a tile
  tmsize_t stride = 0;    // bytes of one of its rows
  std::size_t width = 0;  // samples of a pixel that are stored together
  bool by_rows = false;
  bool direct = false;  // the bytes are the unpacked samples
};

Result<Strips> strips_of(const TiffPort& port, TIFF* tiff, const TiffLayout& layout) {
  constexpr tmsize_t kMostBlockBytes = tmsize_t{1} << 30;
  Strips strips;
  const auto stored = static_cast<std::size_t>(layout.stored);
  strips.width = layout.separate ? 1 : stored;
  strips.planes = layout.separate ? stored : 1;
  strips.rows = std::min<std::int64_t>(
      tiff_field<std::uint32_t>(tiff, layout.tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP,
                                0xFFFFFFFF),
      layout.info.shape.rows());
  strips.tile_cols = layout.info.shape.cols();
  if (layout.tiled) {
    strips.rows = tiff_field<std::uint32_t>(tiff, TIFFTAG_TILELENGTH, 0);
    strips.tile_cols = tiff_field<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0);
  }
  strips.size = layout.tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  strips.stride = layout.tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
  const std::int64_t row_bits =
      strips.tile_cols * static_cast<std::int64_t>(strips.width) * std::int64_t{layout.bits};
  if (strips.rows < 1 || strips.tile_cols < 1 || strips.size < 1 ||
      strips.stride < (row_bits + 7) / 8) {
    return Error{ErrorCode::Damaged,
                 "damaged: the strips or tiles have no valid size" + because(port)};
  }
  strips.direct = !layout.tiled && strips.planes == 1 && layout.packing == TiffPacking::Whole &&
                  counts_its_rows(layout.compression) && strips.stride * 8 == row_bits;
  if (!strips.direct && strips.size > kMostBlockBytes) {
    return Error{ErrorCode::TooLarge,
                 "a strip or tile of " + std::to_string(strips.size) + " bytes is not read"};
  }
  return strips;
}

// Whether two blocks have the same samples: `rows` rows of `bits` bits.
bool same_samples(const std::uint8_t* a, const std::uint8_t* b, std::int64_t rows, tmsize_t stride,
                  std::size_t bits) {
  for (std::int64_t r = 0; r < rows; ++r, a += stride, b += stride) {
    if (std::memcmp(a, b, bits / 8) != 0) return false;
    const unsigned behind = 8 - static_cast<unsigned>(bits % 8);
    if (behind < 8 && (a[bits / 8] ^ b[bits / 8]) >> behind != 0) return false;
  }
  return true;
}

// For a strip or tile with `high` rows of the picture.
tmsize_t wanted_bytes(const TiffLayout& layout, const Strips& strips, std::int64_t high) {
  return layout.tiled ? strips.size : strips.stride * high;
}

// Unpacks a strip or tile of deflate without libtiff. Nothing if only libtiff can unpack it.
std::optional<Deflated> unpack_block(const TiffPort& port, TIFF* tiff, const TiffLayout& layout,
                                     const Strips& strips, std::uint32_t number, std::uint8_t* to,
                                     std::size_t size) {
  const bool differences = layout.predictor == PREDICTOR_HORIZONTAL;
  const bool known = layout.predictor == PREDICTOR_NONE ||
                     (differences && (layout.bits == 8 || layout.bits == 16 || layout.bits == 32));
  const std::uint64_t there = bytes_there(port, tiff, number);
  if (!is_deflate(layout.compression) || !layout.in_order || !known || there == 0 ||
      there != TIFFGetStrileByteCount(tiff, number))
    return std::nullopt;
  const Bytes packed = port.file.subspan(
      static_cast<std::size_t>(TIFFGetStrileOffset(tiff, number)), static_cast<std::size_t>(there));
  const Deflated unpacked = unpack_deflate(packed, to, size);
  if (unpacked == Deflated::Whole && differences) {
    undo_differences(to, size, static_cast<std::size_t>(strips.stride), layout.bits / 8,
                     strips.width);
  }
  return unpacked;
}

// Reads the strip or tile `number` to `to`: its first `high` rows, with `wide` pixels of the
// picture each. Returns whether all were decoded. A decoder that does not count its output is run
// twice, over memory with different contents: bytes that it does not write differ.
bool read_block(TiffPort& port, TIFF* tiff, const TiffLayout& layout, const Strips& strips,
                std::uint32_t number, std::int64_t high, std::int64_t wide, std::uint8_t* to) {
  const tmsize_t wanted = wanted_bytes(layout, strips, high);
  const auto decode = [&](std::uint8_t* into) {
    const tmsize_t got = layout.tiled ? TIFFReadEncodedTile(tiff, number, into, wanted)
                                      : TIFFReadEncodedStrip(tiff, number, into, wanted);
    return got >= wanted && port.error[0] == '\0';
  };
  const auto unpacked =
      unpack_block(port, tiff, layout, strips, number, to, static_cast<std::size_t>(wanted));
  if (unpacked == Deflated::Whole) return true;
  if (counts_its_rows(layout.compression)) {
    const bool whole = decode(to);
    if (!whole || unpacked != Deflated::Wrong) return whole;
    // libtiff does not read zlib's data after the last row.
    std::snprintf(port.error.data(), port.error.size(), "the checksum is wrong or missing");
    return false;
  }
  constexpr int kOther = 0xFF;
  thread_local Buffer again;
  again.resize(static_cast<std::size_t>(wanted));
  std::memset(to, 0, again.size());
  std::memset(again.data(), kOther, again.size());
  if (!decode(to) || !decode(again.data())) return false;
  const std::size_t bits = static_cast<std::size_t>(wide) * strips.width * layout.bits;
  return same_samples(to, again.data(), high, strips.stride, bits);
}

// Reads the strip at row `top` of the page, of one plane, to `out`: unpacked samples, as stored.
// Row `first` of `out` is the first of the page. Returns the damage; with `keep_reading` it also
// reads the rest, and leaves samples unwritten that cannot be read.
std::optional<Error> read_strip(TiffPort& port, TIFF* tiff, const TiffLayout& layout,
                                const Strips& strips, std::size_t plane, std::int64_t top,
                                bool keep_reading, Tensor& out, std::int64_t first) {
  thread_local Buffer block;  // reused for the next picture
  thread_local Buffer line;
  const std::int64_t rows = layout.info.shape.rows();
  const std::int64_t cols = layout.info.shape.cols();
  const std::size_t sample_bytes = size_of(out.dtype);
  const std::int64_t high = std::min(strips.rows, rows - top);
  const auto sample = static_cast<std::uint16_t>(plane);
  std::optional<Error> wrong;
  for (std::int64_t left = 0; left < cols; left += strips.tile_cols) {
    const std::int64_t wide = std::min(strips.tile_cols, cols - left);
    const auto y = static_cast<std::uint32_t>(top);
    const std::uint32_t number =
        layout.tiled ? TIFFComputeTile(tiff, static_cast<std::uint32_t>(left), y, 0, sample)
                     : TIFFComputeStrip(tiff, y, sample);
    // Checked before memory is allocated: a tile may be far larger than its picture.
    const std::uint64_t there = bytes_there(port, tiff, number);
    const auto wanted = static_cast<std::uint64_t>(wanted_bytes(layout, strips, high));
    const std::uint64_t most = most_unpacked(coding_of(layout.compression), there,
                                             static_cast<std::uint64_t>(strips.stride));
    if (!strips.by_rows && most < wanted) {
      if (!wrong) wrong = block_error(port, tiff, number, top, top + high - 1, rows);
      if (wrong->code == ErrorCode::Damaged && port.error[0] == '\0') {
        wrong = Error{ErrorCode::Truncated,
                      "truncated: the data of rows " + std::to_string(top) + " to " +
                          std::to_string(top + high - 1) + " of " + std::to_string(rows) + " are " +
                          std::to_string(there) + " bytes, which cannot be the " +
                          std::to_string(wanted) + " of a strip or tile"};
      }
      if (!keep_reading) return wrong;
      continue;
    }
    if (!strips.direct) {
      block.resize(static_cast<std::size_t>(strips.by_rows ? strips.stride : strips.size));
      if (keep_reading) std::memset(block.data(), 0, block.size());
    }
    std::uint8_t* const to = strips.direct ? out.row(first + top) : block.data();
    const bool whole = strips.by_rows
                           ? TIFFReadScanline(tiff, to, y, sample) >= 0 && port.error[0] == '\0'
                           : read_block(port, tiff, layout, strips, number, high, wide, to);
    if (!whole && !wrong) {
      wrong = block_error(port, tiff, number, top, top + high - 1, rows);
      if (!keep_reading) return wrong;
    }
    if (const std::uint64_t at = TIFFGetStrileOffset(tiff, number); at < port.file.size())
      release_mapped_before(port.file.data() + at);
    if (strips.direct) continue;
    const auto count = static_cast<std::size_t>(wide);
    for (std::int64_t r = 0; r < high; ++r) {
      const std::uint8_t* const from = to + r * strips.stride;
      std::uint8_t* const into =
          out.row(first + top + r) + static_cast<std::size_t>(left) * out.pixel_bytes();
      if (strips.planes == 1) {
        unpack_samples(layout, from, into, count * strips.width);
      } else {
        line.resize(count * sample_bytes);
        unpack_samples(layout, from, line.data(), count);
        place_samples(line.data(), into + plane * sample_bytes, count, sample_bytes,
                      out.pixel_bytes());
      }
    }
  }
  return wrong;
}

// Sets the shape of `stored`: unpacked samples, not yet converted.
void reset_stored(const TiffLayout& layout, std::int64_t rows, Tensor& stored) {
  stored.reset(Shape::image(rows, layout.info.shape.cols(), layout.stored), layout.sample);
}

void clear(Tensor& samples, std::int64_t first, std::int64_t rows) {
  std::memset(samples.row(first), 0, static_cast<std::size_t>(rows) * samples.row_bytes());
}

// An Error if strips or tiles are far larger than the data of any of them. Nothing of them could be
// read, and only zeros would be the picture.
std::optional<Error> nothing_there(const TiffPort& port, TIFF* tiff, const TiffLayout& layout,
                                   const Strips& strips) {
  constexpr tmsize_t kLittle = tmsize_t{64} << 20U;
  if (strips.size <= kLittle || strips.direct) return std::nullopt;
  const std::uint32_t blocks = layout.tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  std::uint64_t most = 0;
  for (std::uint32_t i = 0; i < blocks; ++i)
    most = std::max(most, bytes_there(port, tiff, i));
  const auto size = static_cast<std::uint64_t>(strips.size);
  if (most_unpacked(coding_of(layout.compression), most,
                    static_cast<std::uint64_t>(strips.stride)) >= size / 1000)
    return std::nullopt;
  return Error{ErrorCode::Truncated, "truncated: a strip or tile is " + std::to_string(size) +
                                         " bytes, of which the file has " + std::to_string(most) +
                                         " at most: nothing of the picture can be read"};
}

// Reads strips or tiles to `out`, beginning at row `first` of `out`. Returns the damage; missing
// samples are zero.
Result<std::optional<Error>> read_samples(TiffPort& port, TIFF* tiff, const TiffLayout& layout,
                                          const DecodeOptions& options, Tensor& out,
                                          std::int64_t first) {
  const bool keep_reading = options.accept_truncated;
  const auto strips = strips_of(port, tiff, layout);
  if (!strips) return strips.error();
  const std::int64_t rows = layout.info.shape.rows();
  const std::int64_t cols = layout.info.shape.cols();
  if (keep_reading) {
    if (auto nothing = nothing_there(port, tiff, layout, *strips)) return *std::move(nothing);
  }
  const bool plain = layout.colour == TiffColour::Plain;
  thread_local Tensor converted;  // a strip; or the whole picture if the channels are separate
  if (!plain)
    reset_stored(layout, layout.separate ? rows : std::min(strips->rows, rows), converted);
  Tensor& stored = plain ? out : converted;
  std::optional<Error> wrong;
  if (keep_reading && (plain || layout.separate)) clear(stored, plain ? first : 0, rows);
  for (std::size_t plane = 0; plane < strips->planes; ++plane) {
    for (std::int64_t top = 0; top < rows; top += strips->rows) {
      if (is_told(options.stop)) return given_up();
      const std::int64_t high = std::min(strips->rows, rows - top);
      const bool alone = !plain && !layout.separate;
      if (keep_reading && alone) clear(stored, 0, high);
      auto here = read_strip(port, tiff, layout, *strips, plane, top, keep_reading, stored,
                             plain   ? first
                             : alone ? -top
                                     : 0);
      if (here && !keep_reading) return here;
      if (!wrong) wrong = std::move(here);
      if (alone) {
        convert_colours(layout, stored.row(0), out.row(first + top),
                        static_cast<std::size_t>(high * cols));
      }
    }
  }
  if (!plain && layout.separate)
    convert_colours(layout, stored.row(0), out.row(first), static_cast<std::size_t>(rows * cols));
  constexpr std::size_t kKeepBytes = std::size_t{128} << 20U;
  converted.data.shrink(kKeepBytes);
  return wrong;
}

// Uses libtiff's conversion to RGBA. The requested orientation is that of the file: for any other,
// libtiff would turn the picture.
Result<std::optional<Error>> read_converted(TiffPort& port, TIFF* tiff, const TiffLayout& layout,
                                            bool keep_reading, Tensor& out, std::int64_t first) {
  thread_local Buffer raster;
  const auto rows = static_cast<std::uint32_t>(layout.info.shape.rows());
  const auto cols = static_cast<std::uint32_t>(layout.info.shape.cols());
  const std::size_t pixels = std::size_t{rows} * cols;
  raster.resize(pixels * sizeof(std::uint32_t));
  std::memset(raster.data(), 0, raster.size());

  TIFFRGBAImage image{};
  std::array<char, 1024> why{};
  if (TIFFRGBAImageBegin(&image, tiff, keep_reading ? 0 : 1, why.data()) == 0) {
    return Error{ErrorCode::Unsupported,
                 "this kind of TIFF is not read (" + std::string(why.data()) + ")"};
  }
  image.req_orientation = image.orientation;
  // new[] aligns for any plain type
  const bool done =
      TIFFRGBAImageGet(&image, reinterpret_cast<std::uint32_t*>(raster.data()), cols, rows) != 0;
  TIFFRGBAImageEnd(&image);
  std::optional<Error> wrong;
  if (!done || port.error[0] != '\0') {
    wrong = Error{ErrorCode::Damaged, "damaged: the picture data cannot be read" + because(port)};
    const std::uint32_t blocks =
        TIFFIsTiled(tiff) != 0 ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
    for (std::uint32_t i = 0; i < blocks; ++i) {
      const std::uint64_t end = TIFFGetStrileOffset(tiff, i) + TIFFGetStrileByteCount(tiff, i);
      if (end <= port.file.size()) continue;
      wrong = Error{ErrorCode::Truncated,
                    "truncated: the data of strip or tile " + std::to_string(i + 1) + " of " +
                        std::to_string(blocks) + " ends at byte " + std::to_string(end) +
                        ", the file has " + std::to_string(port.file.size())};
      break;
    }
    if (!keep_reading) return wrong;
  }
  for (std::size_t i = 0; i < pixels; ++i) {
    std::uint32_t abgr = 0;
    std::memcpy(&abgr, raster.data() + i * sizeof abgr, sizeof abgr);
    std::uint8_t* const to = out.row(first) + 3 * i;
    to[0] = static_cast<std::uint8_t>(TIFFGetR(abgr));
    to[1] = static_cast<std::uint8_t>(TIFFGetG(abgr));
    to[2] = static_cast<std::uint8_t>(TIFFGetB(abgr));
  }
  return wrong;
}

// Reads libtiff's current page to `out`, beginning at row `first` of `out`. Returns the damage.
Result<std::optional<Error>> read_page(TiffPort& port, TIFF* tiff, const Shape& shape, bool indexed,
                                       const DecodeOptions& options, Tensor& out,
                                       std::int64_t first) {
  const bool keep_reading = options.accept_truncated;
  const Result<TiffLayout> layout = read_tiff_layout(port, tiff, indexed);
  if (!layout) return layout.error();
  if (layout->info.shape != shape || layout->info.dtype != out.dtype)
    return Error{ErrorCode::Changed, "the page is not what the header said"};
  port.error[0] = '\0';
  port.phase = TiffPhase::Strips;
  Result<std::optional<Error>> read =
      layout->colour == TiffColour::ByLibtiff
          ? read_converted(port, tiff, *layout, keep_reading, out, first)
          : read_samples(port, tiff, *layout, options, out, first);
  port.phase = TiffPhase::Header;
  if (!read || (*read && !keep_reading)) return read;

  finish_samples(*layout, out.row(first), static_cast<std::size_t>(shape.pixels()));
  return read;
}

Result<Damage> decode_tiff(Bytes file, const ImageInfo& info, const DecodeOptions& options,
                           Tensor& out) {
  TiffPort port;
  port.file = file;
  const TiffHandle tiff = open_tiff(port, "r");
  if (tiff == nullptr) return open_error(port);
  const bool volume = info.shape.rank == 3;
  const std::int64_t pages = volume ? info.shape[0] : 1;
  const Shape page_shape =
      volume ? Shape::image(info.shape[1], info.shape[2], info.shape.channels) : info.shape;
  out.reset(info.shape, info.dtype);
  Damage damage;
  for (std::int64_t page = 0; page < pages; ++page) {
    if (page > 0) {
      if (auto next = next_page(port, tiff.get(), page); !next) return next.error();
    }
    auto read = read_page(port, tiff.get(), page_shape, info.indexed, options, out,
                          page * page_shape.rows());
    const bool whole = read.has_value();
    std::optional<Error> wrong = whole ? *std::move(read) : std::optional<Error>(read.error());
    if (!wrong) continue;
    if (wrong->code == ErrorCode::Stopped) return *std::move(wrong);
    if (volume) wrong = in_page(page, *std::move(wrong));
    if (!whole || !options.accept_truncated) return *std::move(wrong);
    if (damage.empty()) damage.missing = std::move(wrong->message);
  }
  return damage;
}

// ---- reading row by row

std::string row_streaming_obstacle(Bytes file) {
  TiffPort port;
  port.file = file;
  const TiffHandle tiff = open_tiff(port, "r");
  if (tiff == nullptr) return "";
  const Result<TiffLayout> layout = read_tiff_layout(port, tiff.get());
  if (!layout) return "";
  if (layout->colour == TiffColour::ByLibtiff)
    return "a tiff whose colours libtiff converts (YCbCr without JPEG, CIE L*a*b*)";
  return layout->separate ? "a tiff with channels in separate planes" : "";
}

// The same as decode_tiff, strip by strip.
class TiffRows final : public RowReader {
 public:
  explicit TiffRows(Bytes file) { port_.file = file; }

  Result<Done> start(const ImageInfo& info) {
    constexpr tmsize_t kLargeStrip = tmsize_t{32} << 20U;
    tiff_ = open_tiff(port_, "r");
    if (tiff_ == nullptr) return open_error(port_);
    auto layout = read_tiff_layout(port_, tiff_.get(), info.indexed);
    if (!layout) return layout.error();
    layout_ = *std::move(layout);
    port_.error[0] = '\0';
    cols_ = {0, info.shape.cols()};
    auto strips = strips_of(port_, tiff_.get(), layout_);
    if (!strips) return strips.error();
    strips_ = *strips;
    if (!layout_.tiled && strips_.size > kLargeStrip && counts_its_rows(layout_.compression)) {
      strips_.by_rows = true;
      strips_.rows = 1;
    }
    port_.phase = strips_.by_rows ? TiffPhase::Rows : TiffPhase::Strips;
    const std::int64_t rows = std::min(strips_.rows, info.shape.rows());
    reset_stored(layout_, rows, stored_);
    if (converts())
      pixels_.reset(Shape::image(rows, info.shape.cols(), info.shape.channels), info.dtype);
    return Done{};
  }

  Result<const std::uint8_t*> row(std::int64_t r) override {
    while (next_ <= r) {
      if (auto wrong = read_next()) return *std::move(wrong);
    }
    return strip().row(r - top_);
  }

  Result<Done> finish() override {
    while (next_ < layout_.info.shape.rows()) {
      if (auto wrong = read_next()) return *std::move(wrong);
    }
    return Done{};
  }

 private:
  [[nodiscard]] bool converts() const { return layout_.colour != TiffColour::Plain; }
  [[nodiscard]] Tensor& strip() { return converts() ? pixels_ : stored_; }

  std::optional<Error> read_next() {
    top_ = next_;
    next_ = std::min(top_ + strips_.rows, layout_.info.shape.rows());
    auto wrong = read_strip(port_, tiff_.get(), layout_, strips_, 0, top_, false, stored_, -top_);
    if (wrong) return wrong;
    const auto pixels = static_cast<std::size_t>((next_ - top_) * stored_.shape.cols());
    if (converts()) convert_colours(layout_, stored_.data.data(), pixels_.data.data(), pixels);
    finish_samples(layout_, strip().data.data(), pixels);
    return std::nullopt;
  }

  TiffPort port_;
  TiffHandle tiff_{nullptr, &TIFFClose};
  TiffLayout layout_;
  Strips strips_;
  Tensor stored_;          ///< a strip as stored, unpacked
  Tensor pixels_;          ///< the strip as pixels, if they differ
  std::int64_t top_ = 0;   ///< first row of the strip
  std::int64_t next_ = 0;  ///< the first row after it
};

Result<std::unique_ptr<RowReader>> open_tiff_rows(Bytes file, const ImageInfo& info,
                                                  const DecodeOptions& /*options*/,
                                                  const Window& /*needed*/) {
  auto reader = std::make_unique<TiffRows>(file);
  if (auto started = reader->start(info); !started) return started.error();
  return std::unique_ptr<RowReader>(std::move(reader));
}

}  // namespace

Codec tiff_codec() {
  return {.format = Format::Tiff,
          .extensions = {"tif", "tiff"},
          .matches = matches,
          .read_info = read_info,
          .decode = decode_tiff,
          .promise = promise,
          .read_metadata = read_metadata,
          .version = tiff_version,
          .rows = RowStreaming{.open = open_tiff_rows, .obstacle = row_streaming_obstacle},
          .encoder = Encoder{.check = check_tiff,
                             .encode = encode_tiff,
                             .encode_rows = encode_tiff_rows,
                             .carries = {.icc = true, .xmp = true},
                             .usual_share = 0.8},
          .pages = Pages{.read_volume_info = read_volume_info}};
}

}  // namespace deckle
