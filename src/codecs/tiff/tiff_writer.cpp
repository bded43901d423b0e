// SPDX-License-Identifier: Apache-2.0
#include "codecs/tiff/tiff_writer.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <limits>
#include <vector>

#include "codecs/sample.h"
#include "codecs/tiff/tiff_layout.h"
#include "codecs/tiff/tiff_port.h"
#include "codecs/write_picture.h"

namespace deckle {
namespace {

// A colour map has an entry for every value that a sample may have.
void set_palette(TIFF* tiff, const std::vector<Colour>& palette, std::size_t bits) {
  std::array<std::vector<std::uint16_t>, 3> map;
  for (std::size_t c = 0; c < map.size(); ++c) {
    map.at(c).resize(std::size_t{1} << bits);
    for (std::size_t i = 0; i < palette.size(); ++i)
      map.at(c).at(i) = palette[i].at(c);
  }
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_PALETTE);
  TIFFSetField(tiff, TIFFTAG_COLORMAP, map[0].data(), map[1].data(), map[2].data());
}

// If this fails, libtiff has reported the reason.
void set_bytes(TIFF* tiff, std::uint32_t tag, Bytes data) {
  if (!data.empty()) TIFFSetField(tiff, tag, static_cast<std::uint32_t>(data.size()), data.data());
}

void describe_page(TIFF* tiff, const RowSource& pixels, const EncodeOptions& options) {
  constexpr std::size_t kStripBytes = std::size_t{256} << 10U;
  const DTypeInfo& type = info(pixels.dtype);
  const bool is_signed =
      pixels.dtype == DType::Int8 || pixels.dtype == DType::Int16 || pixels.dtype == DType::Int32;
  const auto channels = pixels.shape.channels;
  const std::int64_t rows = pixels.shape[pixels.shape.rank - 2];
  const std::int64_t cols = pixels.shape[pixels.shape.rank - 1];
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(cols));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(rows));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, static_cast<int>(type.bytes * 8));
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(channels));
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT,
               type.is_float ? SAMPLEFORMAT_IEEEFP
               : is_signed   ? SAMPLEFORMAT_INT
                             : SAMPLEFORMAT_UINT);
  const Bands bands = options.bands.value_or(usual_bands(channels));
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
               bands.colours == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  if (!bands.others.empty()) {
    std::vector<std::uint16_t> extras;
    for (const Extra extra : bands.others)
      extras.push_back(static_cast<std::uint16_t>(extra));
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(extras.size()), extras.data());
  }
  if (!options.palette.empty()) set_palette(tiff, options.palette, type.bytes * 8);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP,
               static_cast<std::uint32_t>(std::clamp<std::size_t>(
                   kStripBytes / pixels.row_bytes(), 1, static_cast<std::size_t>(rows))));

  const int level = std::clamp(options.compression.value_or(-1), -1, 9);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION,
               level < 0    ? COMPRESSION_LZW
               : level == 0 ? COMPRESSION_NONE
                            : COMPRESSION_ADOBE_DEFLATE);
  if (level > 0) TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, level);
  if (level != 0 && options.palette.empty()) {
    TIFFSetField(tiff, TIFFTAG_PREDICTOR,
                 type.is_float ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
  }
}

}  // namespace

Result<Done> check_tiff(const Shape& shape, DType dtype) {
  return check_format_limits({"tiff",
                              {DType::UInt8, DType::Int8, DType::UInt16, DType::Int16,
                               DType::UInt32, DType::Int32, DType::Float32, DType::Float64},
                              {1, 2, 3, 4},
                              std::numeric_limits<std::int32_t>::max(),
                              true},
                             shape, dtype);
}

Result<Done> encode_tiff_rows(const RowSource& pixels, const EncodeOptions& options, Sink& out) {
  constexpr std::size_t kMostClassicBytes =
      std::size_t{4'000'000'000} / 2;  // LZW may make it larger
  if (const Result<Done> can = check_tiff(pixels.shape, pixels.dtype); !can) return can.error();
  if (options.bands && options.bands->colours + std::ssize(options.bands->others) !=
                           static_cast<std::ptrdiff_t>(pixels.shape.channels)) {
    return Error{ErrorCode::Usage, "the bands (" + to_string(*options.bands) +
                                       ") are not those of " + to_string(pixels.shape)};
  }
  const std::int64_t pages = pixels.shape.rank == 3 ? pixels.shape[0] : 1;
  const std::int64_t rows = pixels.shape[pixels.shape.rank - 2];
  const std::size_t row_bytes = pixels.row_bytes();
  TiffPort port;
  port.out = &out;
  const Metadata& metadata = options.metadata;
  if (std::max(metadata.icc.size(), metadata.xmp.size()) > kMostClassicBytes)
    return Error{ErrorCode::TooLarge, "tiff holds at most 2 GB of a kind of metadata"};
  const std::size_t bytes = static_cast<std::size_t>(pages) *
                                (static_cast<std::size_t>(rows) * row_bytes + metadata.icc.size()) +
                            metadata.xmp.size();
  const bool big = bytes > kMostClassicBytes;
  TiffHandle tiff = open_tiff(port, big ? "wl8" : "wl");
  bool done = tiff != nullptr;
  thread_local Buffer strip;  // reused for the next picture
  for (std::int64_t page = 0; done && page < pages; ++page) {
    describe_page(tiff.get(), pixels, options);
    // A profile is for one page. An XMP packet is for all pages, and is stored in the first.
    set_bytes(tiff.get(), TIFFTAG_ICCPROFILE, metadata.icc);
    if (page == 0) set_bytes(tiff.get(), TIFFTAG_XMLPACKET, as_bytes(metadata.xmp));
    const auto rows_per_strip =
        static_cast<std::int64_t>(tiff_field<std::uint32_t>(tiff.get(), TIFFTAG_ROWSPERSTRIP, 1));
    strip.resize(static_cast<std::size_t>(rows_per_strip) * row_bytes);
    std::uint32_t number = 0;
    for (std::int64_t top = 0; done && top < rows; top += rows_per_strip) {
      const auto high = static_cast<std::size_t>(std::min(rows_per_strip, rows - top));
      for (std::size_t r = 0; done && r < high; ++r) {
        const std::uint8_t* const row =
            pixels.row(page * rows + top + static_cast<std::int64_t>(r));
        done = row != nullptr;
        if (done) std::memcpy(strip.data() + r * row_bytes, row, row_bytes);
      }
      done = done && TIFFWriteEncodedStrip(tiff.get(), number++, strip.data(),
                                           static_cast<tmsize_t>(high * row_bytes)) >= 0;
    }
    done = done && (page + 1 < pages ? TIFFWriteDirectory(tiff.get()) : TIFFFlush(tiff.get())) != 0;
  }
  tiff.reset();
  if (!done || port.error[0] != '\0') {
    return Error{ErrorCode::Internal, "libtiff cannot encode" + because(port)};
  }
  return Done{};
}

Result<Done> encode_tiff(const Tensor& pixels, const EncodeOptions& options, Buffer& out) {
  return encode_in_memory(encode_tiff_rows, rows_of(pixels), options, out);
}

// libtiff may use libdeflate, which does not report its version.
std::string tiff_version(const EncodeOptions& options) {
  const std::string_view text = TIFFGetVersion();  // "LIBTIFF, Version 4.5.0\nCopyright ..."
  const std::string_view line = text.substr(0, text.find('\n'));
  std::string made_by =
      "libtiff " + std::string(line.substr(line.rfind(' ') + 1)) + ", zlib " + zlibVersion();
  Buffer made;
  if (options.compression.value_or(0) > 0 && encode_tiff(sample_picture(), options, made)) {
    made_by += ", deflate (level " + std::to_string(*options.compression) + ": " +
               short_digest(made.bytes()) + ")";
  }
  return made_by;
}

}  // namespace deckle
