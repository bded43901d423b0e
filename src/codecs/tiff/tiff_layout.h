// SPDX-License-Identifier: Apache-2.0
// tiff_layout: how the samples of a TIFF page are stored, and how they are converted.
// Shapes  H x W x 1 to 4 in the file's own dtype; see tiff.cpp
// Fails   Unsupported with the reason, Damaged if the header does not say what the samples mean
// Source  TIFF 6.0; libtiff's tif_getimage.c and tif_luv.c
#pragma once

#include <tiffio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/codec.h"
#include "codecs/ratios.h"
#include "codecs/tiff/tiff_port.h"

namespace deckle {

/// The conversion from stored samples to those of a Tensor.
enum class TiffColour : std::uint8_t {
  Plain,      ///< no conversion
  Palette,    ///< indices, to R, G, B
  Cmyk,       ///< to R, G, B
  Luminance,  ///< CIE X, Y, Z as floats, to linear R, G, B
  ByLibtiff,  ///< libtiff's own conversion, to 8-bit R, G, B
};

/// How a sample is stored.
enum class TiffPacking : std::uint8_t {
  Whole,  ///< as in memory
  Bits,   ///< unsigned, of fewer bits than its type has, the highest bit first
  Half,   ///< a float of 16 bits
  Three,  ///< a float of 24 bits
};

struct TiffLayout {
  ImageInfo info;
  TiffColour colour = TiffColour::Plain;
  TiffPacking packing = TiffPacking::Whole;
  DType sample = DType::UInt8;  ///< type of an unpacked sample
  std::int64_t stored = 1;      ///< samples of a pixel in the file
  unsigned bits = 8;            ///< of a sample in the file
  unsigned compression = COMPRESSION_NONE;
  unsigned predictor = PREDICTOR_NONE;
  bool in_order = true;   ///< bytes and bits are in the order of memory
  bool separate = false;  ///< each channel has its own plane
  bool tiled = false;
  bool invert = false;                ///< photometric WhiteIsZero
  bool associated = false;            ///< colours are multiplied with the alpha
  bool scaled = true;                 ///< integers of fewer bits than their type fill its range
  std::vector<std::uint8_t> palette;  ///< R, G, B of each index
};

/// Keeps indices, or grey of fewer than 8 bits, as samples: ImageInfo::indexed.
void keep_numbers(TiffLayout& layout);

/// The layout of libtiff's current page; with `indexed`, samples stay as stored. Configures
/// libtiff's decoders: JPEG gives R, G, B; LogLuv gives floats; deflate counts its output.
[[nodiscard]] Result<TiffLayout> read_tiff_layout(const TiffPort& port, TIFF* tiff,
                                                  bool indexed = false);

[[nodiscard]] bool is_deflate(unsigned compression);

/// Whether libtiff's decoder fails if the data of a strip or tile are too short.
[[nodiscard]] bool counts_its_rows(unsigned compression);

/// The Coding of a TIFF compression, for the table of ratios.
[[nodiscard]] Coding coding_of(unsigned compression);

/// The value of a tag; else its default in TIFF; else `otherwise`.
template <typename T>
T tiff_field(TIFF* tiff, std::uint32_t tag, T otherwise) {
  T value = otherwise;
  return TIFFGetFieldDefaulted(tiff, tag, &value) != 0 ? value : otherwise;
}

}  // namespace deckle
