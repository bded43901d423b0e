// SPDX-License-Identifier: Apache-2.0
// TIFF files of kinds that deckle does not write.
#pragma once

#include <tiffio.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "support/pictures.h"

namespace deckle::test {

/// `fill` sets tags and writes data.
inline File tiff_file(const char* mode, const std::function<void(TIFF*)>& fill) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("deckle_tiff_test_" + std::to_string(getpid()));
  TIFF* file = TIFFOpen(path.c_str(), mode);
  fill(file);
  TIFFClose(file);
  File bytes = load(path);
  std::filesystem::remove(path);
  return bytes;
}

inline void describe(TIFF* file, const Tensor& t, int photometric,
                     int planar = PLANARCONFIG_CONTIG) {
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(t.shape.cols()));
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(t.shape.rows()));
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(t.shape.channels));
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, static_cast<int>(8 * size_of(t.dtype)));
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, photometric);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, planar);
}

/// The samples of one plane.
inline File plane(const Tensor& t, std::size_t channel) {
  File out;
  const std::size_t size = size_of(t.dtype);
  for (std::size_t i = channel * size; i < t.byte_count(); i += t.pixel_bytes()) {
    out.insert(out.end(), t.data.data() + i, t.data.data() + i + size);
  }
  return out;
}

}  // namespace deckle::test
